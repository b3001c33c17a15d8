/** Where `copy` takes an image from and brings it to: with a transport, as skopeo spells them; a bare name is the store's. Pure. */
import { archiveTransport } from './archive.js';
import { otherTransport } from './hint.js';
import { parseReference, type Reference } from './parse.js';
import { refuse } from './refuse.js';

export type Place = Reference | StorePlace;

/** An image of the store; as a source its id serves as well. */
export interface StorePlace {
  transport: 'store';
  name: string;
}

/** @throws TsrunError ERR_TSRUN_REFERENCE_INVALID, for a transport that is another tool's too. Whether a bare name is one, the store says. */
export function parsePlace(text: string): Place {
  const other = otherTransport(text);
  if (other !== undefined) throw refuse(text, other, OTHER_HINT);
  if (archiveTransport(text) !== undefined || /^[a-z][a-z0-9+.-]*:\/\//i.test(text)) return parseReference(text);
  if (text === '') throw refuse(text, 'it is empty', 'name an image, for example: alpine');
  return { transport: 'store', name: text };
}

const OTHER_HINT =
  'use docker://NAME for a registry, oci:DIR, oci-archive:FILE, docker-archive:FILE or dir:DIR for files, and a bare NAME for an image of tsrun’s own store';
