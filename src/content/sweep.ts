/** What processes left that were killed: half-made files, leases, locks of single blobs and layers. A free lock is the mark of all three. */
import { rmSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { StorePaths } from '../paths.js';
import { tryLock } from '../sys/flock.js';
import { storeFailure } from './failure.js';

/** Locks that end with their use; the others are there for good. */
const PASSING = /^(?:blob|lease|layer)-/;

/** Removes them, and returns how many. What a living process holds is left alone. */
export async function sweepLeftovers(paths: StorePaths): Promise<number> {
  const ingests = (await readdir(paths.ingest)).map((name) => join(paths.ingest, name));
  const locks = (await readdir(paths.locks)).filter((name) => PASSING.test(name)).map((name) => join(paths.locks, name));
  return [...ingests, ...locks].filter(removeIfDead).length;
}

function removeIfDead(path: string): boolean {
  try {
    using dead = tryLock(path, 'exclusive');
    if (dead === undefined) return false;
    rmSync(path, { force: true });
    return true;
  } catch (cause) {
    throw storeFailure(cause, 'cannot remove a leftover', path);
  }
}
