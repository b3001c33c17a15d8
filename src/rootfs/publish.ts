/**
 * Directories of `<data>/layers/<owners>/`: `diff` and layer.json, present under their name only when whole. One process makes such a
 * directory, under `new-…`; the others wait and find it.
 */
import { chmodSync, renameSync, rmSync } from 'node:fs';
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { storeFailure } from '../content/failure.js';
import { syncDirectory } from '../content/ingest.js';
import { lockStore } from '../content/lock.js';
import { errnoOf, TsrunError } from '../errors.js';
import type { LayerReport, RootMetadata } from '../layer/job.js';
import type { HostPath, StorePaths } from '../paths.js';
import { makeDirectories } from '../sys/directories.js';
import { lockDirectory, tryLock, tryLockDirectory } from '../sys/flock.js';
import { emptyInCage, handOverInCage } from './cage.js';
import { CONFINED, type Identity } from './identity.js';

export interface UnpackedLayer {
  /** The layer's directory for overlay's lowerdir. */
  diff: HostPath;
  /** What the layer itself says of `/`. */
  root?: RootMetadata;
}

export interface Owned {
  paths: StorePaths;
  identity: Identity;
  signal?: AbortSignal | undefined;
}

/** Begins the name of a directory that is not whole yet. */
export const HALF_MADE = 'new-';

/** Called with a directory that holds `diff` and `work`, empty, both the container root's. Undefined: there is nothing to keep. */
export type Fill = (directory: HostPath) => Promise<Pick<LayerReport, 'root'> | undefined>;

/** What is at `to`, made when it is missing. */
export async function ensureDirectory(owned: Owned, to: HostPath, fill: Fill): Promise<{ layer?: UnpackedLayer; alreadyPresent: boolean }> {
  return underLock(owned, to, async () => {
    const present = await readLayer(to);
    if (present) return { layer: present, alreadyPresent: true };
    const layer = await inHalfMade(owned, to, async (directory) => {
      const report = await fill(directory);
      return report && publish(owned.identity, directory, to, report);
    });
    return { ...(layer ? { layer } : {}), alreadyPresent: false };
  });
}

/** The lock's file goes with its use, or locks/ would only grow. */
export async function underLock<Value>({ paths, signal }: Owned, to: HostPath, work: () => Promise<Value>): Promise<Value> {
  const name = lockOf(to);
  using _held = await lockStore(paths, name, 'exclusive', signal);
  try {
    return await work();
  } finally {
    rmSync(join(paths.locks, name), { force: true });
  }
}

/** Gives `work` a fresh directory that is gone afterwards, unless it has been renamed. Under the lock of `to`. */
export async function inHalfMade<Value>({ identity }: Owned, to: HostPath, work: (directory: HostPath) => Promise<Value>): Promise<Value> {
  const directory = halfMade(to);
  await removeLayerDirectory(identity, directory);
  let failed = true;
  try {
    await prepare(identity, directory);
    const value = await work(directory);
    failed = false;
    return value;
  } catch (error) {
    throw storeFailure(error, 'cannot unpack a layer', directory);
  } finally {
    await removeLayerDirectory(identity, directory).catch((error: unknown) => {
      if (!failed) throw error;
    });
  }
}

async function prepare(identity: Identity, directory: HostPath): Promise<void> {
  // The caller opens it by his own uid, the container's root crosses it on its parents' view: what keeps others out is the store's 0700.
  await mkdir(directory);
  chmodSync(directory, 0o711); // whatever the caller's umask is
  const made = ['diff', 'work'].map((name) => join(directory, name) as HostPath);
  for (const path of made) {
    await mkdir(path);
    chmodSync(path, 0o755);
  }
  await handOverInCage(identity, made);
}

/** layer.json first, then the name: a layer under its key is whole. The program has written the tree to the disk already. */
async function publish(identity: Identity, directory: HostPath, to: HostPath, report: Pick<LayerReport, 'root'>): Promise<UnpackedLayer> {
  const work = join(directory, 'work') as HostPath;
  // Overlay's work directory has mode 000 inside: only the container's root can remove it.
  if ((await readdir(work)).length > 0) await emptyInCage(identity, [work]);
  await rm(work, { recursive: true, force: true });
  const file = await open(join(directory, 'layer.json'), 'wx', 0o600);
  try {
    await file.writeFile(JSON.stringify(report));
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(directory, to);
  await syncDirectory(dirname(to));
  return unpacked(to, report);
}

function unpacked(directory: HostPath, { root }: Pick<LayerReport, 'root'>): UnpackedLayer {
  return { diff: join(directory, 'diff') as HostPath, ...(root ? { root } : {}) };
}

/** Undefined when it is not there. */
export async function readLayer(directory: HostPath): Promise<UnpackedLayer | undefined> {
  try {
    return unpacked(directory, JSON.parse(await readFile(join(directory, 'layer.json'), 'utf8')) as LayerReport);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    if (error instanceof SyntaxError) throw damaged(directory, error);
    throw storeFailure(error, 'cannot read an unpacked layer', directory);
  }
}

function damaged(directory: HostPath, cause: unknown): TsrunError {
  return new TsrunError('ERR_TSRUN_STORE_UNREADABLE', `the unpacked layer ${basename(directory)} is damaged`, {
    subject: directory,
    hint: 'remove what is damaged with: tsrun fsck --repair; the next run unpacks it again',
    cause,
  });
}

/** A layer that has lost its name: still whole, and found by nobody. */
export interface Withdrawn {
  directory: HostPath;
  /** Lets others make a layer of that name. May be called more than once. */
  release(): void;
}

/**
 * Takes a layer's name away, unless it is in use: a run holds the directories of its layers locked from before it starts, who makes one
 * holds its lock. The name goes first, so that what has its name stays whole.
 */
export function withdraw(paths: StorePaths, layer: HostPath): Withdrawn | undefined {
  const release = tryLayerLock(paths, layer);
  if (release === undefined) return undefined;
  const directory = halfMade(layer);
  try {
    if (renameUnused(layer, directory)) return { directory, release };
  } catch (error) {
    release();
    throw storeFailure(error, 'cannot remove an unpacked layer', layer);
  }
  release();
  return undefined;
}

/** The lock of the one who makes it, without waiting. The lock's file goes with its use. @returns what lets go of it, more than once */
function tryLayerLock(paths: StorePaths, layer: HostPath): (() => void) | undefined {
  const path = join(paths.locks, lockOf(layer));
  const held = tryLock(path, 'exclusive');
  let isHeld = held !== undefined;
  return (
    held &&
    (() => {
      if (isHeld) rmSync(path, { force: true });
      isHeld = false;
      held.release();
    })
  );
}

function renameUnused(layer: HostPath, to: HostPath): boolean {
  try {
    using held = tryLockDirectory(layer, 'exclusive');
    if (held !== undefined) renameSync(layer, to);
    return held !== undefined;
  } catch (error) {
    // Another was first; or what a killed process left half-made under that name is to be removed before.
    if (['ENOENT', 'ENOTEMPTY', 'EEXIST'].includes(errnoOf(error) ?? '')) return false;
    throw error;
  }
}

function halfMade(to: HostPath): HostPath {
  return join(dirname(to), `${HALF_MADE}${basename(to)}`) as HostPath;
}

/** The lock of the one who makes it. */
function lockOf(to: HostPath): string {
  return `layer-${basename(dirname(to))}-${basename(to)}`;
}

/** Makes the place for layers, and clears what processes that were killed left half-made. */
export async function openLayers(owned: Owned): Promise<void> {
  const { paths, identity } = owned;
  for (const directory of [paths.layersOf(identity.ids.owners), paths.locks]) {
    try {
      makeDirectories(directory, 0o700);
    } catch (cause) {
      throw storeFailure(cause, 'cannot make the place for layers', directory);
    }
  }
  await clearHalfMade(owned, identity.ids.owners);
}

/** What is locked is being made, or removed, this moment. */
export async function clearHalfMade({ paths, identity }: Owned, owners: string): Promise<void> {
  const layers = paths.layersOf(owners);
  for (const name of await readdir(layers)) {
    if (!name.startsWith(HALF_MADE)) continue;
    const release = tryLayerLock(paths, join(layers, name.slice(HALF_MADE.length)) as HostPath);
    if (release) await removeLayerDirectory(identity, join(layers, name) as HostPath).finally(release);
  }
}

/**
 * Removes a layer's directory, whole or half-made; its files belong to the map's ids. The program that fills it holds it locked: one whose
 * caller was killed may live a moment longer.
 */
export async function removeLayerDirectory(identity: Identity, directory: HostPath): Promise<void> {
  using held = await lockDirectory(directory, 'exclusive');
  if (held === undefined) return;
  const trees: HostPath[] = [];
  for (const name of ['diff', 'work']) {
    const exists = await open(join(directory, name), 'r').then(
      (file) => file.close().then(() => true),
      (error) => errnoOf(error) !== 'ENOENT',
    );
    if (exists) trees.push(join(directory, name) as HostPath);
  }
  // Root removes anybody's: a form may be of ids that are in no map today. Those of `--isolation landlock` are the caller's, and need no namespace.
  const within: Identity = basename(dirname(directory)) === CONFINED ? { ...identity, confined: true } : identity;
  if (within.confined || process.getuid?.() !== 0) await emptyInCage(within, trees);
  await rm(directory, { recursive: true, force: true });
}
