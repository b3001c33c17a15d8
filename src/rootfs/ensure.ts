/** Layers of the store → the root file system of a container, by the storage that works here. */
import type { HostPath, StorePaths } from '../paths.js';
import type { RootSource } from '../plan/root.js';
import { ensureFlat, findFlat } from './flat.js';
import type { Identity } from './identity.js';
import { ensureLayers, findLayers, stackOf } from './layers.js';
import type { UnpackedLayer } from './publish.js';
import type { Storage } from './storage.js';
import type { EnsureOptions, LayerSource } from './unpack.js';

export interface Rootfs {
  source: RootSource;
  /** The topmost first: where the image's files are looked up, and what a container of it holds. */
  layers: HostPath[];
}

/**
 * Only the kernel's overlay gets the layers as they are: what another one would make of their whiteouts, and whether it can make those
 * that depend on their parents, differs from version to version. So for the others all of an image lies in one directory.
 * @param layers from the base upwards; their blobs are in the store
 */
export async function ensureRootfs(
  paths: StorePaths,
  identity: Identity,
  storage: Storage,
  layers: readonly LayerSource[],
  options: EnsureOptions,
): Promise<Rootfs> {
  const unpacked =
    storage.type === 'overlay'
      ? await ensureLayers(paths, identity, layers, options)
      : [await ensureFlat(paths, identity, layers, options)];
  return rootfsOf(identity, storage, unpacked);
}

/** What ensureRootfs would give without any work; undefined when something is not unpacked yet. Takes no lock and makes nothing. */
export async function findRootfs(
  paths: StorePaths,
  identity: Identity,
  storage: Storage,
  layers: readonly LayerSource[],
): Promise<Rootfs | undefined> {
  const unpacked =
    storage.type === 'overlay'
      ? await findLayers(paths, identity, layers)
      : await findFlat(paths, identity, layers).then((flat) => flat && [flat]);
  return unpacked && rootfsOf(identity, storage, unpacked);
}

function rootfsOf({ ids }: Identity, storage: Storage, unpacked: readonly UnpackedLayer[]): Rootfs {
  const layers = stackOf(unpacked);
  if (storage.type === 'copy') return { source: { type: 'copy', path: layers[0] as HostPath }, layers };
  const root = unpacked.findLast((layer) => layer.root !== undefined)?.root;
  // With one id everything is the container root's.
  const owner = root && (root.uid !== 0 || root.gid !== 0) && ids.mode !== 'single' ? { uid: root.uid, gid: root.gid } : undefined;
  return { source: { ...storage, layers, mode: root?.mode ?? 0o755, ...(owner ? { owner } : {}) }, layers };
}
