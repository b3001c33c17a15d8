/**
 * Whether a container lives. Its runner holds the lock of its directory, which it took before the directory got its name; the kernel
 * drops that with the runner's last process. A pid is only believed together with the moment at which its process began, in this
 * run of the machine.
 */
import { errnoOf } from '../errors.js';
import type { HostPath } from '../paths.js';
import { bootId } from '../sys/boot.js';
import { tryLockDirectory } from '../sys/flock.js';
import { startOf } from '../sys/processes.js';
import { readStatus } from './status.js';

export function isAlive(directory: HostPath): boolean {
  return isHeld(directory) || firstProcess(directory) !== undefined;
}

/** Its runner is there. */
export function isHeld(directory: HostPath): boolean {
  try {
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
  const { status, pid, startTime, boot } = readStatus(directory);
  if (status !== 'running' || pid === undefined || startTime === undefined || boot !== bootId()) return undefined;
  return startOf(pid) === startTime ? Number(pid) : undefined;
}
