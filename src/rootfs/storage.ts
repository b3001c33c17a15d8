/**
 * How layers become a root file system on this store: the kernel's overlay, fuse-overlayfs, or a copy for each container. Tried once for
 * each store, kernel and boot, by doing it; TSRUN_STORAGE says it without a trial.
 */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { release } from 'node:os';
import { join } from 'node:path';
import { writeDurably } from '../content/ingest.js';
import { TsrunError } from '../errors.js';
import type { HostPath } from '../paths.js';
import type { Plan } from '../plan/operations.js';
import { compileFuseProbe, compileOverlayProbe, compileShiftProbe } from '../plan/probe.js';
import { type Trial, tryPlan } from '../runtime/trial.js';
import { findProgram } from '../security/idmap-read.js';
import { bootId } from '../sys/boot.js';
import { inHalfMade, type Owned, openLayers, underLock } from './publish.js';
import { type Hindrance, hindranceOf, storageNote } from './storage-note.js';

export type Storage =
  /** `shifts`: on layers that an idmapped mount shows as somebody else's, too. */
  { type: 'overlay'; shifts?: boolean } | { type: 'fuse-overlayfs'; program: string } | { type: 'copy' };

const TYPES = ['overlay', 'fuse-overlayfs', 'copy'] as const;

export interface FoundStorage {
  storage: Storage;
  /** Why it is not the overlay; absent when it was asked for. */
  note?: string;
}

/** @throws ERR_TSRUN_USAGE for an unknown TSRUN_STORAGE, ERR_TSRUN_OVERLAY when it names a program that is not there */
export async function findStorage(owned: Owned, env: NodeJS.ProcessEnv): Promise<FoundStorage> {
  const asked = env['TSRUN_STORAGE'];
  if (asked) return { storage: storageNamed(asked, env) };
  const { storage, hindrance } = await tried(owned, env);
  if (storage.type === 'overlay' || hindrance === undefined) return { storage };
  const missing = storage.type === 'copy' && findProgram('fuse-overlayfs', env) === undefined;
  return { storage, note: storageNote(storage.type, hindrance, owned.paths.base, missing) };
}

interface Verdict {
  storage: Storage;
  /** What keeps the overlay from being used. */
  hindrance?: Hindrance;
}

/** Once for a place: what is recorded is taken. */
async function tried(owned: Owned, env: NodeJS.ProcessEnv): Promise<Verdict> {
  const { paths, identity } = owned;
  const file = paths.storage(identity.ids.owners);
  const known = recorded(file, identityOfPlace(paths.base));
  if (known) return known;
  await openLayers(owned);
  return underLock(owned, join(paths.layersOf(identity.ids.owners), 'probe') as HostPath, async () => {
    const place = identityOfPlace(paths.base);
    const found = recorded(file, place) ?? (await tryEach(owned, env));
    await writeDurably(paths, file, `${JSON.stringify({ place, ...found })}\n`);
    return found;
  });
}

function storageNamed(name: string, env: NodeJS.ProcessEnv): Storage {
  if (name === 'overlay' || name === 'copy') return { type: name };
  if (name !== 'fuse-overlayfs')
    throw new TsrunError('ERR_TSRUN_USAGE', `TSRUN_STORAGE is ${JSON.stringify(name)}, which is no storage`, {
      hint: `leave it unset, or name one of ${TYPES.join(', ')}`,
    });
  const program = findProgram('fuse-overlayfs', env);
  if (program) return { type: name, program };
  throw new TsrunError('ERR_TSRUN_OVERLAY', 'TSRUN_STORAGE asks for fuse-overlayfs, which is not installed', {
    hint: 'install the package fuse-overlayfs, or leave TSRUN_STORAGE unset',
  });
}

/** What a verdict holds for: a file system can be mounted elsewhere, a kernel be replaced. */
function identityOfPlace(base: HostPath): string {
  const boot = bootId();
  return `${release()} ${boot} ${statSync(base).dev}`;
}

/** A file that says nothing, or something else, means that it is to be tried again. */
function recorded(file: HostPath, place: string): Verdict | undefined {
  try {
    const { place: of, storage, hindrance } = JSON.parse(readFileSync(file, 'utf8')) as Partial<Verdict> & { place?: string };
    if (of !== place || storage === undefined || !TYPES.includes(storage.type)) return undefined;
    if (storage.type === 'fuse-overlayfs' && !existsSync(storage.program)) return undefined;
    return { storage, ...(hindrance ? { hindrance } : {}) };
  } catch {
    return undefined;
  }
}

async function tryEach(owned: Owned, env: NodeJS.ProcessEnv): Promise<Verdict> {
  const overlay = await tryOverlay(owned);
  if (overlay.works) {
    const shifts = process.getuid?.() === 0 && (await tryShifted(owned)).works;
    return { storage: { type: 'overlay', ...(shifts ? { shifts } : {}) } };
  }
  const hindrance = hindranceOf(overlay.failure);
  const program = findProgram('fuse-overlayfs', env);
  if (program && existsSync('/dev/fuse') && (await tryFuse(owned, program)).works) {
    return { storage: { type: 'fuse-overlayfs', program }, hindrance };
  }
  return { storage: { type: 'copy' }, hindrance };
}

/** Each of the three on its own, whatever was found before. */
export interface StorageTrials {
  overlay: Trial & { hindrance?: Hindrance };
  /** For root: on a layer that an idmapped mount shows. */
  shifted?: Trial;
  /** Where the program is installed. */
  fuse?: Trial;
}

/** Nothing of it is recorded. @throws what keeps any container from starting */
export async function tryStorages(owned: Owned, env: NodeJS.ProcessEnv): Promise<StorageTrials> {
  await openLayers(owned);
  return underLock(owned, join(owned.paths.layersOf(owned.identity.ids.owners), 'probe') as HostPath, async () => {
    const overlay = await tryOverlay(owned);
    const program = findProgram('fuse-overlayfs', env);
    return {
      overlay: overlay.works ? overlay : { ...overlay, hindrance: hindranceOf(overlay.failure) },
      ...(process.getuid?.() === 0 ? { shifted: await tryShifted(owned) } : {}),
      ...(program ? { fuse: await tryFuse(owned, program) } : {}),
    };
  });
}

function placeOf({ identity: { ids, mappers } }: Owned, directory: string) {
  return { ids, mappers, lower: join(directory, 'work'), written: join(directory, 'diff') };
}

/** @throws what keeps any container from starting: no user namespace, no id map */
async function tryOverlay(owned: Owned): Promise<Trial> {
  const trial = await attempt(owned, (directory) => compileOverlayProbe(placeOf(owned, directory)));
  if (trial.error !== undefined && !trial.begun) throw trial.error;
  return trial;
}

function tryShifted(owned: Owned): Promise<Trial> {
  return attempt(owned, (directory) => compileShiftProbe(placeOf(owned, directory)));
}

function tryFuse(owned: Owned, program: string): Promise<Trial> {
  return attempt(owned, (directory) => compileFuseProbe({ ...placeOf(owned, directory), program }));
}

async function attempt(owned: Owned, plan: (directory: HostPath) => Plan): Promise<Trial> {
  const to = join(owned.paths.layersOf(owned.identity.ids.owners), 'probe') as HostPath;
  return inHalfMade(owned, to, (directory) => tryPlan(plan(directory), owned.signal));
}
