/**
 * Whether a container lives. Its runner holds the lock of its directory; the kernel drops that with the runner's last process. A pid is
 * only believed together with the moment at which its process began.
 */
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { errnoOf } from '../errors.js';
import type { HostPath } from '../paths.js';
import { tryLockDirectory } from '../sys/flock.js';
import { readStatus } from './status.js';

/** A runner makes the directory, locks it and then writes config.json: to try the lock before that could take it from the runner. */
const TO_LOCK_IT_MS = 10_000;

export function isAlive(directory: HostPath): boolean {
  return isHeld(directory) || firstProcess(directory) !== undefined;
}

/** Its runner is there. */
export function isHeld(directory: HostPath): boolean {
  try {
    if (statSync(join(directory, 'config.json'), { throwIfNoEntry: false }) === undefined)
      return Date.now() - statSync(directory).mtimeMs < TO_LOCK_IT_MS;
    // Shared: who else looks at the same moment must not take us for the runner.
    const lock = tryLockDirectory(directory, 'shared');
    lock?.release();
    return lock === undefined;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false;
    throw error;
  }
}

/** The container's first process while it lives, also when its runner and the keeper were killed and its own parent-death signal is cleared. */
export function firstProcess(directory: HostPath): number | undefined {
  const { status, pid, startTime } = readStatus(directory);
  return status === 'running' && pid !== undefined && startTime !== undefined && startOf(pid) === startTime ? Number(pid) : undefined;
}

/** proc(5), /proc/pid/stat field 22; the name in field 2 may hold anything. A zombie has ended. */
function startOf(pid: string): string | undefined {
  try {
    const stat = readFileSync(`/proc/${Number(pid)}/stat`, 'latin1');
    const [state, ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return state === 'Z' || state === 'X' ? undefined : fields[18];
  } catch {
    return undefined;
  }
}
