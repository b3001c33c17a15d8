/** How much a layer adds to an image. */
import { errnoOf } from '../errors.js';
import type { StorePaths } from '../paths.js';
import { layerBytes, layerOwners } from './prune.js';
import type { LayerSource } from './unpack.js';
import { unpackedSize } from './unpacked-size.js';

/** Bytes of its files, as they were counted when it was unpacked, whoever owns them; else about so much as its blob says of itself. */
export function layerSize(paths: StorePaths, { descriptor: { digest, size }, diffId, chainId }: LayerSource): number {
  for (const owners of layerOwners(paths)) {
    for (const directory of [paths.diffLayer(owners, diffId), paths.chainLayer(owners, chainId)]) {
      const bytes = layerBytes(directory);
      if (bytes > 0) return bytes;
    }
  }
  try {
    return unpackedSize(paths.blob(digest), size);
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return size; // the blob is not there, or cannot be read
  }
}
