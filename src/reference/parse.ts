/** What a user types as IMAGE → its parts. Pure: nothing is looked up. */
import { archiveTransport, parseArchive } from './archive.js';
import { parseName } from './name.js';
import type { Reference } from './reference.js';
import { refuse } from './refuse.js';

export type { ArchiveReference, Reference, RegistryReference } from './reference.js';

/** Longer than any reference that the grammar allows; keeps hostile input out of the regular expressions. */
const LONGEST = 4096 + 512;

/**
 * Parses `[docker://]name[:tag][@digest]`, `oci:DIR[:ref|@digest]`, `oci-archive:FILE[:ref|@digest]`, `docker-archive:FILE[:ref]` or `dir:DIR`.
 * @throws TsrunError ERR_TSRUN_REFERENCE_INVALID, with a hint that says what to write instead
 */
export function parseReference(text: string): Reference {
  if (text === '') throw refuse(text, 'it is empty', 'name an image, for example: alpine');
  if (text.length > LONGEST) throw refuse(text, `it is longer than ${LONGEST} characters`, 'name an image, for example: alpine');
  const archive = archiveTransport(text);
  if (archive) return parseArchive(archive, text);
  return parseName(text, text.startsWith('docker://') ? text.slice('docker://'.length) : text);
}
