/**
 * `oci:DIR[:ref|@digest]`, `oci-archive:FILE[:ref|@digest]`, `docker-archive:FILE[:ref]`, `dir:DIR`, as skopeo spells them: the path ends at the
 * first colon, but for `dir`, which holds one image alone. `-` in place of a FILE is standard input, or output.
 */
import type { Digest } from '../spec/digest.js';
import type { ArchiveReference, ArchiveTransport } from './reference.js';
import { refuse } from './refuse.js';

const ARCHIVE_TRANSPORTS: readonly ArchiveTransport[] = ['oci', 'oci-archive', 'docker-archive', 'dir'];

/** Wide enough for image-spec's ref.name grammar (annotations.md) and for `registry:port/name:tag@digest`. */
const REF = /^[A-Za-z0-9[][A-Za-z0-9._:@+/[\]-]{0,511}$/;
const WITH_DIGEST = /^([^:]*)@(sha256:[0-9a-f]{64})$/;

/** The transport that a reference begins with, when it is one of files. */
export function archiveTransport(text: string): ArchiveTransport | undefined {
  return ARCHIVE_TRANSPORTS.find((transport) => text.startsWith(`${transport}:`));
}

export function isArchiveTransport(word: string): boolean {
  return (ARCHIVE_TRANSPORTS as readonly string[]).includes(word);
}

export function parseArchive(transport: ArchiveTransport, text: string): ArchiveReference {
  const rest = text.slice(transport.length + 1);
  const isDirectory = transport === 'oci' || transport === 'dir';
  const example = `${transport}:./${isDirectory ? 'layout' : 'image.tar'}`;
  const { path, ref, digest } = partsOf(transport, rest);
  const hint = `name the ${isDirectory ? 'directory' : 'file'}, for example: ${example}`;
  if (path === '') throw refuse(text, `${transport}: names no ${isDirectory ? 'directory' : 'file'}`, hint);
  if (path.includes('\0')) throw refuse(text, 'its path contains a NUL byte', hint);
  if (digest !== undefined) return { transport, path, digest };
  if (ref === undefined) return { transport, path };
  if (!REF.test(ref)) {
    throw refuse(text, `what follows the second colon does not name an image`, `write ${example}:latest, or leave the last part out`);
  }
  return { transport, path, ref };
}

function partsOf(transport: ArchiveTransport, rest: string): { path: string; ref?: string; digest?: Digest } {
  if (transport === 'dir') return { path: rest };
  const [, before, digest] = (transport !== 'docker-archive' && WITH_DIGEST.exec(rest)) || [];
  if (before !== undefined) return { path: before, digest: digest as Digest };
  const colon = rest.indexOf(':');
  return colon === -1 ? { path: rest } : { path: rest.slice(0, colon), ref: rest.slice(colon + 1) };
}
