/** What of an image a source of files has: an archive may hold an index, and a part of what it names. */
import type { Descriptor } from '../spec/image.js';
import { INDEX_DEPTH, MANIFEST_LIMIT } from '../spec/limits.js';
import { INDEX_TYPES, MANIFEST_TYPES } from '../spec/media-types.js';
import type { ImageSource } from './fetch.js';
import { parseIndex } from './parse.js';
import { isAttestation } from './platform.js';
import { verifiedDocument } from './verified.js';

export interface Held {
  indexes: Descriptor[];
  /** in the order of the index; what holds statements about an image, and no image, is left out */
  manifests: Descriptor[];
}

/** Each once. Errors: ERR_TSRUN_MANIFEST_INVALID, ERR_TSRUN_BLOB_DIGEST, ERR_TSRUN_BLOB_SIZE of an index, and the source's. */
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
      const bytes = await verifiedDocument(source.document(descriptor), descriptor, MANIFEST_LIMIT);
      held.indexes.push(descriptor);
      for (const child of parseIndex(bytes, descriptor).manifests) below.push(child);
    }
    level = below;
  }
  return held;
}
