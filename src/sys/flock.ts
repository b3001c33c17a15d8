/**
 * Locks that the kernel drops with their holder: flock(2) on an open file. Shared by any number of processes or held by one.
 * Two locks taken by one process exclude each other too (they are different open files).
 */
import { closeSync, constants, fstatSync, openSync, statSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { errnoOf, TsrunError } from '../errors.js';
import { libcFunction } from './koffi.js';

export type LockMode = 'shared' | 'exclusive';

export interface Lock {
  /** Open and close-on-exec. A child that is given this descriptor holds the lock as well. */
  readonly fd: number;
  /** May be called more than once. */
  release(): void;
  [Symbol.dispose](): void;
}

const LOCK_SH = 1;
const LOCK_EX = 2;
const LOCK_NB = 4;
const FIRST_PAUSE = 5;
const LONGEST_PAUSE = 50;

const flock = libcFunction('flock', ['int', ['int', 'int']]);

/** Takes the lock, or gives undefined when another holds it. Makes the file (0600) when it is missing; its directory must exist. */
export function tryLock(path: string, mode: LockMode): Lock | undefined {
  return attempt(path, mode, openLockFile);
}

/** The same on a directory, which must exist (else ENOENT). */
export function tryLockDirectory(path: string, mode: LockMode): Lock | undefined {
  return attempt(path, mode, () => openSync(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW));
}

/** Whether somebody holds it for himself, a file or a directory. Nothing is made, and what is not there is held by nobody. */
export function isLocked(path: string): boolean {
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false;
    throw error;
  }
  try {
    return !flockNow(fd, path, 'shared');
  } finally {
    closeSync(fd);
  }
}

/**
 * Waits for the lock. Polls, because a blocking flock would hold the event loop or a thread of its pool.
 * Rejects with ERR_TSRUN_INTERRUPTED once `signal` is aborted.
 */
export function lock(path: string, mode: LockMode, signal?: AbortSignal): Promise<Lock> {
  return patiently(path, () => tryLock(path, mode), signal);
}

/** The same on a directory; undefined when there is none. */
export async function lockDirectory(path: string, mode: LockMode, signal?: AbortSignal): Promise<Lock | undefined> {
  try {
    return await patiently(path, () => tryLockDirectory(path, mode), signal);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

async function patiently(path: string, attempt: () => Lock | undefined, signal: AbortSignal | undefined): Promise<Lock> {
  for (let wait = FIRST_PAUSE; ; wait = Math.min(wait * 1.5, LONGEST_PAUSE)) {
    if (signal?.aborted) throw interrupted(path, signal);
    const taken = attempt();
    if (taken !== undefined) return taken;
    await pause(wait, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
  }
}

function interrupted(path: string, signal: AbortSignal): TsrunError {
  return new TsrunError('ERR_TSRUN_INTERRUPTED', `interrupted while waiting for ${path}`, { subject: path, cause: signal.reason });
}

function attempt(path: string, mode: LockMode, open: (path: string) => number): Lock | undefined {
  for (;;) {
    const fd = open(path);
    let held = false;
    try {
      if (!flockNow(fd, path, mode)) return undefined;
      held = isStillAt(fd, path);
      if (held) return heldLock(fd);
    } finally {
      if (!held) closeSync(fd);
    }
  }
}

function openLockFile(path: string): number {
  const { O_RDWR, O_RDONLY, O_CREAT, O_NOFOLLOW } = constants;
  try {
    return openSync(path, O_RDWR | O_CREAT | O_NOFOLLOW, 0o600);
  } catch (error) {
    // A store that may only be read (another user's, a read-only mount) can be locked all the same if the file is there.
    if (!['EROFS', 'EACCES'].includes(errnoOf(error) ?? '')) throw error;
    try {
      return openSync(path, O_RDONLY | O_NOFOLLOW);
    } catch (second) {
      throw errnoOf(second) === 'ENOENT' ? error : second; // it is missing because it cannot be made
    }
  }
}

function flockNow(fd: number, path: string, mode: LockMode): boolean {
  for (;;) {
    try {
      flock(path, fd, (mode === 'shared' ? LOCK_SH : LOCK_EX) | LOCK_NB);
      return true;
    } catch (error) {
      const code = errnoOf(error);
      if (code === 'EAGAIN') return false;
      if (code !== 'EINTR') throw error;
    }
  }
}

/** Who removes a locked file holds its lock; whoever waited has then locked a file that no one else can find. */
function isStillAt(fd: number, path: string): boolean {
  const mine = fstatSync(fd, { bigint: true });
  const there = statSync(path, { bigint: true, throwIfNoEntry: false });
  return there !== undefined && mine.ino === there.ino && mine.dev === there.dev;
}

function heldLock(fd: number): Lock {
  let open = true;
  // Closing, not LOCK_UN: that would also take the lock from a child that shares the open file.
  const release = () => {
    if (open) closeSync(fd);
    open = false;
  };
  return { fd, release, [Symbol.dispose]: release };
}
