/** A flat root file system: the layers applied one after the other to a plain directory, as a bundle has it. */
import { join } from 'node:path';
import type { RootMetadata } from '../layer/job.js';
import type { HostPath, StorePaths } from '../paths.js';
import type { Identity } from './identity.js';
import { unpackFailure } from './layers.js';
import { ensureDirectory, openLayers, readLayer, type UnpackedLayer } from './publish.js';
import { type EnsureOptions, type LayerSource, unpackLayer } from './unpack.js';

interface Applying extends EnsureOptions {
  /** `directory`, open. */
  opened?: number;
  /** A directory that stays locked while a layer is applied. */
  locked?: HostPath;
  /** Where it will lie when it is whole. */
  home?: HostPath;
  /** The tree is on the disk when it is done. */
  durable?: boolean;
}

/**
 * @param layers from the base upwards; their blobs are in the store
 * @param directory empty, and writable for the container's root; what is left in it after a failure is the caller's to remove
 * @returns what the topmost layer that mentions `/` says of it
 */
export async function applyLayers(
  paths: StorePaths,
  identity: Identity,
  layers: readonly LayerSource[],
  directory: HostPath,
  { locked, home, opened, durable = false, ...options }: Applying,
): Promise<RootMetadata | undefined> {
  let root: RootMetadata | undefined;
  for (const [index, layer] of layers.entries()) {
    const syncTo = durable && index === layers.length - 1;
    const open = opened === undefined ? {} : { opened };
    const how = { directory, ...open, ...(locked ? { locked } : {}), ...(home ? { home } : {}), mode: 'merged', syncTo } as const;
    const result = await unpackLayer(paths, identity, layer, how, options);
    if ('done' in result) root = result.done.root ?? root;
    options.onProgress?.({ type: 'unpacked', digest: layer.descriptor.digest, alreadyPresent: false });
  }
  return root;
}

/** What ensureFlat would give without any work. */
export function findFlat(paths: StorePaths, { ids }: Identity, layers: readonly LayerSource[]): Promise<UnpackedLayer | undefined> {
  return readLayer(paths.flatLayer(ids.owners, layers.at(-1)?.chainId));
}

/** All of an image in one directory: for storage that cannot put layers on top of each other. Kept by the chainID of the topmost one. */
export async function ensureFlat(
  paths: StorePaths,
  identity: Identity,
  layers: readonly LayerSource[],
  options: EnsureOptions,
): Promise<UnpackedLayer> {
  const owned = { paths, identity, signal: options.signal };
  await openLayers(owned);
  const to = paths.flatLayer(identity.ids.owners, layers.at(-1)?.chainId);
  const { layer, alreadyPresent } = await ensureDirectory(owned, to, async (directory) => {
    const applying = { ...options, locked: directory, home: join(to, 'diff') as HostPath, durable: true };
    const root = await applyLayers(paths, identity, layers, join(directory, 'diff') as HostPath, applying).catch((error: unknown) => {
      throw unpackFailure(error, paths, layers, directory);
    });
    return root ? { root } : {};
  });
  if (alreadyPresent)
    for (const { descriptor } of layers) options.onProgress?.({ type: 'unpacked', digest: descriptor.digest, alreadyPresent });
  if (layer) return layer;
  throw new TypeError('a flat root file system was made and is not there');
}
