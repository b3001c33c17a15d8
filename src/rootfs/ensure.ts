/** Layers of the store → the root file system of a container, by the storage that works here. */
import { TsrunError } from '../errors.js';
import type { HostPath, StorePaths } from '../paths.js';
import { hostIdOf } from '../plan/identity.js';
import type { RootSource } from '../plan/root.js';
import type { Shift } from '../plan/stack.js';
import { between } from '../security/id-ranges.js';
import type { IdMapping } from '../security/idmap.js';
import { firstIds, type Ids, insideOf } from '../security/idmap-form.js';
import { ensureFlat, findFlat } from './flat.js';
import { formIdentity, type Identity } from './identity.js';
import { ensureLayers, findLayers, stackOf } from './layers.js';
import type { UnpackedLayer } from './publish.js';
import type { Storage } from './storage.js';
import type { EnsureOptions, LayerSource } from './unpack.js';

export interface Rootfs {
  source: RootSource;
  /** The topmost first: where the image's files are looked up, and what a container of it holds. */
  layers: HostPath[];
  /** Whose they are on disk. */
  owners: string;
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
  const form = formFor(identity, storage);
  const ensureAs = async (owner: Identity) => {
    const unpacked =
      storage.type === 'overlay' ? await ensureLayers(paths, owner, layers, options) : [await ensureFlat(paths, owner, layers, options)];
    return rootfsOf(identity, owner, storage, unpacked);
  };
  try {
    return await ensureAs(form);
  } catch (error) {
    // An id that the map of the form does not hold may have its place in the one that was asked for.
    if (form === identity || !(error instanceof TsrunError) || error.code !== 'ERR_TSRUN_ID_MAP') throw error;
    return ensureAs(identity);
  }
}

/** What ensureRootfs would give without any work; undefined when something is not unpacked yet. Takes no lock and makes nothing. */
export async function findRootfs(
  paths: StorePaths,
  identity: Identity,
  storage: Storage,
  layers: readonly LayerSource[],
): Promise<Rootfs | undefined> {
  const form = formFor(identity, storage);
  for (const owner of form === identity ? [identity] : [form, identity]) {
    const unpacked =
      storage.type === 'overlay'
        ? await findLayers(paths, owner, layers)
        : await findFlat(paths, owner, layers).then((flat) => flat && [flat]);
    if (unpacked) return rootfsOf(identity, owner, storage, unpacked);
  }
  return undefined;
}

/** Who unpacks the layers: they lie as the map itself has them where another form cannot be shown as if they did. */
function formFor(identity: Identity, storage: Storage): Identity {
  const canShow = !identity.ids.shifted || (storage.type === 'overlay' && storage.shifts === true);
  return canShow && identity.ids.form !== undefined ? formIdentity(identity) : identity;
}

function rootfsOf({ ids }: Identity, { ids: form }: Identity, storage: Storage, unpacked: readonly UnpackedLayer[]): Rootfs {
  const layers = stackOf(unpacked);
  const { owners } = form;
  if (storage.type === 'copy') return { source: { type: 'copy', path: layers[0] as HostPath }, layers, owners };
  const root = unpacked.findLast((layer) => layer.root !== undefined)?.root;
  const shift = ids.shifted && form !== ids ? shiftOf(form, ids) : undefined;
  const owner = ids.mode === 'single' ? undefined : shownOwner(root ?? ROOT, shift ? ids : form, ids);
  const kind = storage.type === 'overlay' ? { type: storage.type, ...(shift ? { shift } : {}) } : storage;
  return { source: { ...kind, layers, mode: root?.mode ?? 0o755, ...(owner ? { owner } : {}) }, layers, owners };
}

const ROOT = { uid: 0, gid: 0 };

/** Who the container sees as the owner of what the image gives to `root`; undefined when that is who makes it. */
function shownOwner(root: Ids, form: IdMapping, ids: IdMapping): Ids | undefined {
  const first = firstIds(ids);
  const uid = insideOf(ids.uid, hostIdOf(form.uid, root.uid) ?? -1) ?? first.uid;
  const gid = insideOf(ids.gid, hostIdOf(form.gid, root.gid) ?? -1) ?? first.gid;
  return uid === first.uid && gid === first.gid ? undefined : { uid, gid };
}

/** From the ids that files have on disk to those that the container's map gives to the same owners. */
function shiftOf(form: IdMapping, ids: IdMapping): Shift {
  return { uid: between(form.uid, ids.uid), gid: between(form.gid, ids.gid) };
}
