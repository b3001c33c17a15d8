/** Which images go first when there is to be less: those used least recently, as long as no container was made from them. */
import { basename } from 'node:path';
import { listContainers } from '../container/state.js';
import { allBlobs, reachable } from '../content/gc.js';
import { glanceAtLeases } from '../content/lease.js';
import { assertReadable, lastUse } from '../content/refs.js';
import { type CatalogueEntry, readCatalogue } from '../image/catalogue.js';
import type { StoreSession } from '../image/fetch.js';
import { findIdentity } from '../rootfs/identity.js';
import { layerKeys, layersIn } from '../rootfs/prune.js';
import { directoryUsage, fileUsage } from '../rootfs/usage.js';
import { layersOf } from './layers.js';
import { type Unwanted, usedImages } from './prune-images.js';

export interface Limits {
  /** bytes on the disk */
  maxSize?: number;
  /** milliseconds since 1970 */
  before?: number;
}

/** Names that lead to the same images: they go together. */
interface Unit {
  entries: Required<Unwanted>[];
  /** milliseconds since 1970, the latest of its names */
  used: number;
  /** Digests of blobs, keys of layers. */
  needs: Set<string>;
}

/** @returns what is to go, and the bytes that would be left of blobs and unpacked layers */
export async function leastRecentlyUsed(
  session: StoreSession,
  { maxSize = Number.POSITIVE_INFINITY, before = 0 }: Limits,
  signal?: AbortSignal,
): Promise<{ entries: Unwanted[]; left: number }> {
  const { entries, damaged } = await readCatalogue(session.store);
  assertReadable(damaged);
  const inUse = new Set(usedImages(session));
  const isFree = ({ images }: CatalogueEntry) => images.length > 0 && !images.some(({ configDescriptor: { digest } }) => inUse.has(digest));
  const units = await unitsOf(session, entries.filter(isFree));
  const balance = new Balance(
    await sizesIn(session, signal),
    await pinned(
      session,
      entries.filter((entry) => !isFree(entry)),
    ),
    units,
  );
  const gone: Unwanted[] = [];
  for (const unit of units.sort((a, b) => a.used - b.used)) {
    if (unit.used >= before && balance.left <= maxSize) continue;
    balance.remove(unit);
    gone.push(...unit.entries);
  }
  return { entries: gone, left: balance.left };
}

async function unitsOf({ paths, store }: StoreSession, entries: readonly CatalogueEntry[]): Promise<Unit[]> {
  const units = new Map<string, Unit>();
  for (const entry of entries) {
    const key = [...new Set(entry.images.map(({ configDescriptor }) => configDescriptor.digest))].sort().join();
    const unit = units.get(key) ?? { entries: [], used: 0, needs: new Set<string>() };
    units.set(key, unit);
    const used = lastUse(paths, entry.name);
    unit.entries.push({ ...entry, used });
    unit.used = Math.max(unit.used, used);
    for (const need of await needsOf({ paths, store }, entry)) unit.needs.add(need);
  }
  return [...units.values()];
}

async function needsOf({ paths, store }: StoreSession, { target, images }: CatalogueEntry): Promise<string[]> {
  const keys = images.flatMap(({ layers }) =>
    layers.flatMap(({ diffId, chainId }) => [diffId, chainId].flatMap((id) => layerKeys(paths, id))),
  );
  return [...(await reachable(store, target)), ...keys];
}

/** What stays whatever goes: of images in use and damaged ones, of containers, and of who is about to unpack. */
async function pinned(session: StoreSession, kept: readonly CatalogueEntry[]): Promise<Set<string>> {
  const needs = (await Promise.all(kept.map((entry) => needsOf(session, entry)))).flat();
  const leased = [...(await glanceAtLeases(session.paths))];
  const containers = listContainers(session.paths).flatMap((container) => layersOf(container));
  return new Set([...needs, ...leased, ...leased.flatMap((digest) => layerKeys(session.paths, digest)), ...containers]);
}

/** Bytes by digest of a blob and by key of a layer, of all its forms. */
async function sizesIn({ paths }: StoreSession, signal: AbortSignal | undefined): Promise<Map<string, number>> {
  const sizes = new Map<string, number>((await allBlobs(paths)).map((digest) => [digest, fileUsage(paths.blob(digest))]));
  for (const [directory, bytes] of await directoryUsage(layersIn(paths), () => findIdentity(paths, {}, signal), signal)) {
    sizes.set(basename(directory), (sizes.get(basename(directory)) ?? 0) + bytes);
  }
  return sizes;
}

/** How much is left of what somebody needs. */
class Balance {
  readonly #sizes: ReadonlyMap<string, number>;
  readonly #users = new Map<string, number>();
  left = 0;

  constructor(sizes: ReadonlyMap<string, number>, stays: ReadonlySet<string>, units: readonly Unit[]) {
    this.#sizes = sizes;
    for (const needs of [stays, ...units.map((unit) => unit.needs)]) {
      for (const need of needs) {
        const users = this.#users.get(need) ?? 0;
        this.#users.set(need, users + 1);
        if (users === 0) this.left += sizes.get(need) ?? 0;
      }
    }
  }

  remove({ needs }: Unit): void {
    for (const need of needs) {
      const users = (this.#users.get(need) ?? 1) - 1;
      this.#users.set(need, users);
      if (users === 0) this.left -= this.#sizes.get(need) ?? 0;
    }
  }
}
