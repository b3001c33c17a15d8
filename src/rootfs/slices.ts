/**
 * Ids for `--userns auto`: no two containers of a store have the same ones. What is set aside is a file, named by the ids; it says whose they
 * are: of a process while a container is being made, of that container from then on.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { storeFailure } from '../content/failure.js';
import { lockStore } from '../content/lock.js';
import type { StorePaths } from '../paths.js';
import type { HostRange } from '../security/id-ranges.js';
import { bootId } from '../sys/boot.js';
import { startOf } from '../sys/processes.js';

/** Whose they are. The second is what the plan of a start writes (src/plan/run.ts). */
type Holder = { boot: string; pid: number; startTime: string } | { container: string };

/**
 * For the container that this process makes, or the helper that it works for.
 * @param choose from what is left, given what others have
 */
export async function setAside(paths: StorePaths, choose: (taken: HostRange[]) => HostRange, signal?: AbortSignal): Promise<HostRange> {
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
    renameSync(made, paths.slice(chosen.start, chosen.size));
    return chosen;
  } catch (error) {
    throw storeFailure(error, 'cannot set ids aside for a container', paths.slices);
  }
}

/** Under the lock. What nobody has any more is forgotten. */
function takenSlices(paths: StorePaths): HostRange[] {
  return readdirSync(paths.slices).flatMap((name) => {
    const [, start, size] = /^(\d+)-(\d+)$/.exec(name) ?? [];
    if (start === undefined || size === undefined) return [];
    if (isHeld(paths, join(paths.slices, name))) return [{ start: Number(start), size: Number(size) }];
    rmSync(join(paths.slices, name), { force: true });
    return [];
  });
}

function isHeld(paths: StorePaths, file: string): boolean {
  const holder = JSON.parse(readFileSync(file, 'utf8')) as Holder;
  if ('container' in holder) return [paths.containers, paths.transient].some((place) => existsSync(join(place, holder.container)));
  return holder.boot === bootId() && startOf(holder.pid) === holder.startTime;
}
