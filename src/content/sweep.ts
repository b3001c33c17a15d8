/** What processes left that were killed: half-made files, leases, locks of single blobs and layers. A free lock is the mark of all three. */
import { rmSync, statSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { StorePaths } from '../paths.js';
import { tryLock } from '../sys/flock.js';
import { storeFailure } from './failure.js';
import { isPartial } from './ingest.js';

/** Locks that end with their use; the others are there for good. */
const PASSING = /^(?:blob|lease|layer)-/;

/** So long a download that was cut off may be gone on with. */
const KEPT_MS = 7 * 24 * 3_600_000;

/**
 * Removes them, and returns how many. What a living process holds is left alone.
 * @param all also beginnings of blobs that the next pull would go on with
 */
export async function sweepLeftovers(paths: StorePaths, { all = false } = {}): Promise<number> {
  const ingests = (await readdir(paths.ingest))
    .filter((name) => all || !isWorthKeeping(paths, name))
    .map((name) => join(paths.ingest, name));
  const locks = (await readdir(paths.locks)).filter((name) => PASSING.test(name)).map((name) => join(paths.locks, name));
  return [...ingests, ...locks].filter(removeIfDead).length;
}

/** What a pull that was cut off left of a blob, for the next one. */
export function isWorthKeeping(paths: StorePaths, name: string): boolean {
  if (!isPartial(name)) return false;
  const stat = statSync(join(paths.ingest, name), { throwIfNoEntry: false });
  return stat !== undefined && stat.size > 0 && Date.now() - stat.mtimeMs < KEPT_MS;
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
