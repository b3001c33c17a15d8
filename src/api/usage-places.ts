/** What containers, volumes, unpacked layers and the rest take. */
import { readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { identityAt, volumeUses } from '../container/remove.js';
import { entriesOf, listContainers } from '../container/state.js';
import type { CatalogueEntry } from '../image/catalogue.js';
import type { StoreSession } from '../image/fetch.js';
import type { HostPath, StorePaths } from '../paths.js';
import { findIdentity, recordedIdentity } from '../rootfs/identity.js';
import { halfMadeIn, layerKeys, layersIn } from '../rootfs/prune.js';
import { directoryUsage, fileUsage } from '../rootfs/usage.js';
import type { Digest } from '../spec/digest.js';
import { isLocked } from '../sys/flock.js';
import { listVolumes } from '../volume/state.js';
import { type ContainerSummary, listed } from './containers.js';
import type { Usage } from './disk-usage.js';
import { layersOf } from './layers.js';

/** `bytes` on the disk. */
export type ContainerUsage = ContainerSummary & { bytes: number };

export async function containerUsage({ paths }: StoreSession, signal?: AbortSignal): Promise<Usage<ContainerUsage>> {
  const all = listContainers(paths);
  const sizes = await directoryUsage(
    all.map(({ directory }) => directory),
    identityAt,
    signal,
  );
  const items = all.map((container) => ({ ...listed(container), bytes: sizes.get(container.directory) ?? 0 }));
  return usageOf(items, ({ status }) => !['stopped', 'created'].includes(status));
}

export interface VolumeUsage {
  name: string;
  bytes: number;
  /** How many containers have it. */
  containers: number;
}

export async function volumeUsage({ paths }: StoreSession, signal?: AbortSignal): Promise<Usage<VolumeUsage>> {
  const volumes = new Map(listVolumes(paths).map((volume) => [volume.directory, volume]));
  const uses = volumeUses(paths);
  const identityOf = (directory: HostPath) => {
    const volume = volumes.get(directory);
    return recordedIdentity(volume?.uidMappings, volume?.gidMappings);
  };
  const sizes = await directoryUsage([...volumes.keys()], identityOf, signal);
  const items = [...volumes.values()].map(({ name, directory }) => ({
    name,
    bytes: sizes.get(directory) ?? 0,
    containers: new Set(uses.flatMap(([volume, container]) => (volume === name ? [container] : []))).size,
  }));
  return usageOf(items, ({ containers }) => containers > 0);
}

export interface LayerUsage {
  /** `diff-…`, `chain-…`, `flat-…` */
  key: string;
  /** The id map that its files belong to. */
  owners: string;
  bytes: number;
  /** Why it would stay: a container, or an image that one was made from. */
  needed: boolean;
}

/** @param kept images that would stay */
export async function layerUsage(
  { paths }: StoreSession,
  kept: readonly CatalogueEntry[],
  leased: ReadonlySet<Digest>,
  signal?: AbortSignal,
): Promise<Usage<LayerUsage>> {
  const layers = kept.flatMap(({ images }) => images.flatMap((image) => image.layers));
  const needed = new Set([
    ...[...layers.flatMap(({ diffId, chainId }) => [diffId, chainId]), ...leased].flatMap((id) => layerKeys(paths, id)),
    ...listContainers(paths).flatMap((container) => layersOf(container)),
  ]);
  const directories = layersIn(paths);
  const sizes = await directoryUsage(directories, () => findIdentity(paths, {}, signal), signal);
  const items = directories.map((directory) => ({
    key: basename(directory),
    owners: basename(dirname(directory)),
    bytes: sizes.get(directory) ?? 0,
    needed: needed.has(basename(directory)),
  }));
  return usageOf(items, (layer) => layer.needed);
}

export interface LeftoverUsage {
  /** Below the store's directory. */
  path: string;
  bytes: number;
  /** Somebody is at it, or it is one of the store's own records. */
  held: boolean;
}

/** The places of the store that have a row of their own, or whose entries are looked at one by one. */
const COUNTED = ['image', 'layers', 'containers', 'transient', 'volumes', 'ingest', 'trash'];

export async function leftoverUsage({ paths }: StoreSession, signal?: AbortSignal): Promise<Usage<LeftoverUsage>> {
  const files = entriesOf(paths.ingest).map((name) => join(paths.ingest, name) as HostPath);
  const trash = entriesOf(paths.trash).map((name) => join(paths.trash, name) as HostPath);
  const halfMade = halfMadeIn(paths);
  const sizes = new Map([
    ...files.map((path) => [path, fileUsage(path)] as const),
    ...(await directoryUsage(trash, identityAt, signal)),
    ...(await directoryUsage(halfMade, () => findIdentity(paths, {}, signal), signal)),
  ]);
  const items = [...files, ...trash, ...halfMade].map((path) => ({
    path: path.slice(paths.base.length + 1),
    bytes: sizes.get(path) ?? 0,
    held: isLocked(path),
  }));
  const records = await recordUsage(paths, signal);
  return usageOf(records === 0 ? items : [...items, { path: 'records', bytes: records, held: true }], ({ held }) => held);
}

/** References, locks, names, events and the like. */
async function recordUsage(paths: StorePaths, signal?: AbortSignal): Promise<number> {
  const entries = entriesOf(paths.base).length === 0 ? [] : readdirSync(paths.base, { withFileTypes: true });
  const own = entries.filter(({ name }) => !COUNTED.includes(name));
  const directories = own.filter((entry) => entry.isDirectory()).map(({ name }) => join(paths.base, name) as HostPath);
  const sizes = await directoryUsage(directories, () => findIdentity(paths, {}, signal), signal);
  const files = own.filter((entry) => !entry.isDirectory()).map(({ name }) => fileUsage(join(paths.base, name)));
  return [...sizes.values(), ...files].reduce((sum, bytes) => sum + bytes, 0);
}

function usageOf<Item extends { bytes: number }>(items: Item[], isActive: (item: Item) => boolean): Usage<Item> {
  const active = items.filter(isActive);
  const sum = (some: readonly Item[]) => some.reduce((total, { bytes }) => total + bytes, 0);
  return { total: items.length, active: active.length, size: sum(items), reclaimable: sum(items) - sum(active), items };
}
