/** Images made in memory, and a registry that serves them as badly as a test wants. */
import type { TestContext } from 'node:test';
import { gzipSync } from 'node:zlib';
import { pullImage } from '../../src/image/pull.js';
import { parseReference, type RegistryReference } from '../../src/reference/parse.js';
import type { RegistryReader } from '../../src/registry/client.js';
import type { Descriptor, Platform } from '../../src/spec/image.js';
import { OCI_CONFIG, OCI_INDEX, OCI_MANIFEST } from '../../src/spec/media-types.js';
import { digest, emptyStore, pieces } from '../content/fixture.js';

export const GZIP_LAYER = 'application/vnd.oci.image.layer.v1.tar+gzip';

export interface TarMember {
  name: string;
  data?: Uint8Array | string;
  type?: string;
  link?: string;
  /** What the header says; default: the truth. */
  size?: number;
}

/** A ustar archive, also one that no tool would write. */
export function tar(members: TarMember[]): Buffer {
  return Buffer.concat([...members.flatMap(memberOf), Buffer.alloc(1024)]);
}

function memberOf({ name, data = '', type = '0', link = '', size }: TarMember): Buffer[] {
  const bytes = Buffer.from(data);
  const header = Buffer.alloc(512);
  header.write(name, 0);
  header.write('0000644\0', 100);
  header.write('0000000\0', 108);
  header.write('0000000\0', 116);
  header.write(`${(size ?? bytes.length).toString(8).padStart(11, '0')}\0`, 124);
  header.write('00000000000\0', 136);
  header.write('        ', 148);
  header.write(type, 156);
  header.write(link, 157);
  header.write('ustar\x0000', 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return [header, bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)];
}

/** Blobs by digest. */
export class Blobs extends Map<string, Buffer> {
  put(mediaType: string, content: Buffer | object): Descriptor {
    const bytes = Buffer.isBuffer(content) ? content : Buffer.from(JSON.stringify(content));
    this.set(digest(bytes), bytes);
    return { mediaType, digest: digest(bytes), size: bytes.length };
  }

  /** An image with one file for each of `texts`, a layer each. */
  image(texts: string[], more: { platform?: Platform; config?: object; created?: string } = {}): Descriptor {
    return this.imageOf(
      texts.map((text, index) => tar([{ name: `file${index}`, data: text }])),
      more,
    );
  }

  /** An image of these layers. */
  imageOf(tars: Buffer[], more: { platform?: Platform; config?: object; created?: string } = {}): Descriptor {
    const { platform = HOST, config = {}, created } = more;
    const rootfs = { type: 'layers', diff_ids: tars.map(digest) };
    return this.put(OCI_MANIFEST, {
      schemaVersion: 2,
      mediaType: OCI_MANIFEST,
      config: this.put(OCI_CONFIG, { ...platform, created, config, rootfs, history: [] }),
      layers: tars.map((bytes) => this.put(GZIP_LAYER, gzipSync(bytes))),
    });
  }

  index(entries: Descriptor[]): Descriptor {
    return this.put(OCI_INDEX, { schemaVersion: 2, mediaType: OCI_INDEX, manifests: entries });
  }

  json(descriptor: Descriptor) {
    return JSON.parse(this.get(descriptor.digest)?.toString() ?? 'null');
  }
}

export const HOST: Platform = { os: 'linux', architecture: process.arch === 'x64' ? 'amd64' : process.arch };

export interface MemoryClient extends RegistryReader {
  /** `tag` or digest of each request, in order */
  asked: string[];
  /** Replaces the body of a blob. */
  bodies: Map<string, (from: number) => AsyncIterable<Uint8Array>>;
}

/** A registry with one repository. */
export function memoryClient(blobs: Blobs, tags: Record<string, Descriptor>): MemoryClient {
  const asked: string[] = [];
  const bodies: MemoryClient['bodies'] = new Map();
  const types = new Map(Object.values(tags).map((descriptor) => [descriptor.digest as string, descriptor.mediaType]));
  return {
    asked,
    bodies,
    async manifest(_ref, by) {
      asked.push(by);
      const at = tags[by]?.digest ?? by;
      const bytes = blobs.get(at) ?? Buffer.from('missing');
      return { descriptor: { mediaType: types.get(at) ?? OCI_MANIFEST, digest: digest(bytes), size: bytes.length }, bytes };
    },
    blob(_ref, descriptor, from = 0) {
      asked.push(descriptor.digest);
      return bodies.get(descriptor.digest)?.(from) ?? pieces(blobs.get(descriptor.digest)?.subarray(from) ?? Buffer.alloc(0), 1000);
    },
  };
}

export function registryReference(text: string): RegistryReference {
  const ref = parseReference(text);
  if (ref.transport !== 'docker') throw new TypeError(`not in a registry: ${text}`);
  return ref;
}

/** A store with these images, by tag of example.com/app. */
export async function stored(t: TestContext, blobs: Blobs, tags: Record<string, Descriptor>) {
  const store = await emptyStore(t);
  const session = { store, paths: store.paths, client: memoryClient(blobs, tags) };
  for (const tag of Object.keys(tags)) await pullImage(session, registryReference(`example.com/app:${tag}`));
  return session;
}
