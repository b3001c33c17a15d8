/**
 * Ids for `--userns auto`: no two containers of a store have the same ones. What is set aside is a file, named by the ids; it says whose they
 * are: of a process while a container is being made, of that container from then on.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { storeFailure } from '../content/failure.js';
import { lockStore } from '../content/lock.js';
import type { HostPath, StorePaths } from '../paths.js';
import type { Slice } from '../security/idmap-form.js';
import { bootId } from '../sys/boot.js';
import { startOf } from '../sys/processes.js';

/** Whose they are. The second is what the plan of a start writes (src/plan/run.ts). */
type Holder = { boot: string; pid: number; startTime: string } | { container: string };

/**
 * For the container that this process makes, or the helper that it works for.
 * @param choose from what is left, given what others have
 */
export async function setAside(paths: StorePaths, choose: (taken: Slice[]) => Slice, signal?: AbortSignal): Promise<Slice> {
  try {
    mkdirSync(paths.slices, { recursive: true, mode: 0o700 });
    mkdirSync(paths.locks, { recursive: true, mode: 0o700 });
    using _held = await lockStore(paths, 'slices', 'exclusive', signal);
    const chosen = choose(takenSlices(paths));
    const maker = process.env['TSRUN_PLAN_FD'] === undefined ? process.pid : process.ppid;
    const holder: Holder = { boot: bootId(), pid: maker, startTime: startOf(maker) ?? '' };
    // Whole or not at all: half a file would stand in everybody's way.
    const made = join(paths.slices, 'new');
    writeFileSync(made, JSON.stringify(holder), { mode: 0o600 });
    renameSync(made, sliceFile(paths, chosen));
    return chosen;
  } catch (error) {
    throw storeFailure(error, 'cannot set ids aside for a container', paths.slices);
  }
}

/** Who has set it aside has no use for it after all. */
export function giveBack(paths: StorePaths, slice: Slice | undefined): void {
  if (slice !== undefined) rmSync(sliceFile(paths, slice), { force: true });
}

export function sliceFile(paths: StorePaths, { start, size, of }: Slice): HostPath {
  return paths.slice(start, size, of);
}

/** Under the lock. What nobody has any more is forgotten. */
function takenSlices(paths: StorePaths): Slice[] {
  return readdirSync(paths.slices).flatMap((name) => {
    const [, start, size, of] = /^(\d+)-(\d+)-(\w+)$/.exec(name) ?? [];
    if (start === undefined || size === undefined || of === undefined) return [];
    if (isHeld(paths, join(paths.slices, name))) return [{ start: Number(start), size: Number(size), of }];
    rmSync(join(paths.slices, name), { force: true });
    return [];
  });
}

/** One that cannot be read is somebody's: nobody gets those ids, and all others are there still. */
function isHeld(paths: StorePaths, file: string): boolean {
  const holder = holderIn(file);
  if (holder === undefined) return true;
  if ('container' in holder) return [paths.containers, paths.transient].some((place) => existsSync(join(place, holder.container)));
  return holder.boot === bootId() && startOf(holder.pid) === holder.startTime;
}

function holderIn(file: string): Holder | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Holder;
  } catch {
    return undefined;
  }
}
