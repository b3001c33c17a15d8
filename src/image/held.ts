/** What of an image a source of files has: an archive may hold an index, and a part of what it names. */
import { digestOf } from '../content/store.js';
import type { Descriptor } from '../spec/image.js';
import { INDEX_DEPTH } from '../spec/limits.js';
import { INDEX_TYPES, MANIFEST_TYPES } from '../spec/media-types.js';
import type { ImageSource } from './fetch.js';
import { parseIndex } from './parse.js';
import { isAttestation } from './platform.js';

export interface Held {
  indexes: Descriptor[];
  /** in the order of the index; what holds statements about an image, and no image, is left out */
  manifests: Descriptor[];
}

/** Each once. What is damaged counts as not there: whoever needs it is told by the store. Errors: ERR_TSRUN_MANIFEST_INVALID. */
export async function heldBelow(source: ImageSource, top: Descriptor): Promise<Held> {
  const held: Held = { indexes: [], manifests: [] };
  const seen = new Set<string>();
  let level = [top];
  for (let depth = 0; depth <= INDEX_DEPTH && level.length > 0; depth += 1) {
    const below: Descriptor[] = [];
    for (const descriptor of level) {
      if (seen.has(descriptor.digest) || isAttestation(descriptor) || (await source.holds?.(descriptor)) === false) continue;
      seen.add(descriptor.digest);
      if (MANIFEST_TYPES.includes(descriptor.mediaType)) held.manifests.push(descriptor);
      if (!INDEX_TYPES.includes(descriptor.mediaType)) continue;
      const bytes = await undamaged(source, descriptor);
      if (bytes === undefined) continue;
      held.indexes.push(descriptor);
      for (const child of parseIndex(bytes, descriptor).manifests) below.push(child);
    }
    level = below;
  }
  return held;
}

/** Undefined when the bytes are not those of the digest. */
export async function undamaged(source: ImageSource, descriptor: Descriptor): Promise<Uint8Array | undefined> {
  const bytes = await source.document(descriptor);
  return digestOf(bytes) === descriptor.digest ? bytes : undefined;
}
