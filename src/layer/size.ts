/** How many bytes a directory's files have. What writes to it may be anybody, and may be writing now. */
import { closeSync, constants, lstatSync, openSync, readdirSync } from 'node:fs';
import { errnoOf } from '../errors.js';

/** One descriptor is open for each level. Nobody's tree is deeper but that of who wants to keep us busy: it is counted so far. */
const DEEPEST = 500;

/**
 * Sizes as `ls -l` shows them, of everything but directories, each file once however many names it has (as docker counts). Walks by
 * descriptors: a directory that becomes a symlink meanwhile is not followed. @throws the system's error, EACCES among them
 */
export function treeSize(directory: string): number {
  const seen = new Set<string>();
  return sizeBelow(directory, seen, 0);
}

function sizeBelow(path: string | Buffer, seen: Set<string>, depth: number): number {
  const fd = unlessGone(() => openSync(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW));
  if (fd === undefined || depth > DEEPEST) {
    if (fd !== undefined) closeSync(fd);
    return 0;
  }
  try {
    const here = `/proc/self/fd/${fd}`;
    let bytes = 0;
    for (const name of readdirSync(`${here}/`, { encoding: 'buffer' })) {
      const entry = Buffer.concat([Buffer.from(`${here}/`), name]);
      const stat = unlessGone(() => lstatSync(entry, { bigint: true }));
      if (stat?.isDirectory()) bytes += sizeBelow(entry, seen, depth + 1);
      else if (stat !== undefined && !isSeen(seen, stat)) bytes += Number(stat.size);
    }
    return bytes;
  } finally {
    closeSync(fd);
  }
}

function isSeen(seen: Set<string>, { dev, ino, nlink }: { dev: bigint; ino: bigint; nlink: bigint }): boolean {
  if (nlink < 2n) return false;
  const key = `${dev}:${ino}`;
  return seen.has(key) || !seen.add(key);
}

function unlessGone<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'ELOOP'].includes(errnoOf(error) ?? '')) return undefined;
    throw error;
  }
}
