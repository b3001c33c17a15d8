/** A flat root file system: the layers applied one after the other to a plain directory, as a bundle has it. */
import type { HostPath, StorePaths } from '../paths.js';
import type { Identity } from './identity.js';
import { type EnsureOptions, type LayerSource, unpackLayer } from './unpack.js';

/**
 * @param layers from the base upwards; their blobs are in the store
 * @param directory empty, and writable for the container's root; what is left in it after a failure is the caller's to remove
 */
export async function applyLayers(
  paths: StorePaths,
  identity: Identity,
  layers: readonly LayerSource[],
  directory: HostPath,
  options: EnsureOptions,
): Promise<void> {
  for (const layer of layers) {
    await unpackLayer(paths, identity, layer, { directory, mode: 'merged', syncTo: false }, options);
    options.onProgress?.({ type: 'unpacked', digest: layer.descriptor.digest, alreadyPresent: false });
  }
}
