/**
 * How layers become a root file system on this store: the kernel's overlay, fuse-overlayfs, or a copy for each container. Tried once for
 * each store, kernel and boot, by doing it; TSRUN_STORAGE says it without a trial.
 */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { release } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { writeDurably } from '../content/ingest.js';
import { TsrunError } from '../errors.js';
import type { HostPath } from '../paths.js';
import type { Plan } from '../plan/operations.js';
import { BEGUN, compileFuseProbe, compileOverlayProbe, compileShiftProbe, WORKS } from '../plan/probe.js';
import type { FailureRecord } from '../runtime/record.js';
import { launch } from '../runtime/spawn.js';
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
  const { ids, mappers } = owned.identity;
  const at = (directory: string) => ({ ids, mappers, lower: join(directory, 'work'), written: join(directory, 'diff') });
  const overlay = await attempt(owned, (directory) => compileOverlayProbe(at(directory)));
  if (overlay.works) {
    const shifts = process.getuid?.() === 0 && (await attempt(owned, (directory) => compileShiftProbe(at(directory)))).works;
    return { storage: { type: 'overlay', ...(shifts ? { shifts } : {}) } };
  }
  const hindrance = hindranceOf(overlay.failure);
  const program = findProgram('fuse-overlayfs', env);
  if (program && existsSync('/dev/fuse')) {
    const fuse = await attempt(owned, (directory) => compileFuseProbe({ ...at(directory), program }));
    if (fuse.works) return { storage: { type: 'fuse-overlayfs', program }, hindrance };
  }
  return { storage: { type: 'copy' }, hindrance };
}

/** @throws what keeps any container from starting: no user namespace, no id map */
async function attempt(owned: Owned, plan: (directory: HostPath) => Plan): Promise<{ works: boolean; failure: FailureRecord | undefined }> {
  const to = join(owned.paths.layersOf(owned.identity.ids.owners), 'probe') as HostPath;
  return inHalfMade(owned, to, async (directory) => {
    const launched = launch(plan(directory), ['ignore', 'pipe', 'ignore']);
    let said = '';
    const stdout = launched.process.stdout?.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    const whole = new Promise((resolve) => stdout?.once('close', resolve));
    const failure = await launched.ended.then(
      () => undefined,
      (error: unknown) => ({ error }),
    );
    // What it said may come after its end. A server of files that lingers must not keep us.
    await Promise.race([whole, pause(1000, undefined, { ref: false })]);
    if (failure && !said.includes(BEGUN)) throw failure.error;
    return { works: said.includes(WORKS), failure: await launched.failure };
  });
}
