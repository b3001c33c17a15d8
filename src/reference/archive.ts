/** `oci:DIR[:ref]`, `oci-archive:FILE[:ref]`, `docker-archive:FILE[:ref]`, as skopeo spells them: the path ends at the first colon. */
import type { ArchiveReference, ArchiveTransport } from './reference.js';
import { refuse } from './refuse.js';

export const ARCHIVE_TRANSPORTS: readonly ArchiveTransport[] = ['oci', 'oci-archive', 'docker-archive'];

/** Wide enough for image-spec's ref.name grammar (annotations.md) and for `registry:port/name:tag@digest`. */
const REF = /^[A-Za-z0-9[][A-Za-z0-9._:@+/[\]-]{0,511}$/;

export function parseArchive(transport: ArchiveTransport, text: string): ArchiveReference {
  const rest = text.slice(transport.length + 1);
  const colon = rest.indexOf(':');
  const path = colon === -1 ? rest : rest.slice(0, colon);
  const what = transport === 'oci' ? 'directory' : 'file';
  const example = `${transport}:./${transport === 'oci' ? 'layout' : 'image.tar'}`;
  if (path === '') throw refuse(text, `${transport}: names no ${what}`, `name the ${what}, for example: ${example}`);
  if (path.includes('\0')) throw refuse(text, 'its path contains a NUL byte', `name the ${what}, for example: ${example}`);
  if (colon === -1) return { transport, path };
  const ref = rest.slice(colon + 1);
  if (!REF.test(ref)) {
    throw refuse(text, `what follows the second colon does not name an image`, `write ${example}:latest, or leave the last part out`);
  }
  return { transport, path, ref };
}
