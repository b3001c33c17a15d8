/** References as values. */
import type { Digest } from '../spec/digest.js';

export type ArchiveTransport = 'oci' | 'oci-archive' | 'docker-archive' | 'dir';

export type Reference = RegistryReference | ArchiveReference;

/** An image in a registry. Neither tag nor digest in the text means `latest`; both are kept, and then the digest decides. */
export interface RegistryReference {
  transport: 'docker';
  /** `host[:port]` as written; `docker.io` stays `docker.io` */
  registry: string;
  /** without the registry: `library/alpine` */
  repository: string;
  tag?: string;
  digest?: Digest;
}

/** An image in an image layout or in an archive file. */
export interface ArchiveReference {
  transport: ArchiveTransport;
  /** as written, relative to the caller's working directory */
  path: string;
  /** which image of several (`org.opencontainers.image.ref.name`, or a repository tag of docker-archive) */
  ref?: string;
  /** which of several by its digest, of an image layout; never with `ref` */
  digest?: Digest;
}
