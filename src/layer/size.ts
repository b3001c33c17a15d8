/** How many bytes a directory's files have. What writes to it may be anybody, and may be writing now. */
import { closeSync, constants, fstatSync, lstatSync, openSync, readdirSync } from 'node:fs';
import { errnoOf } from '../errors.js';

/** One descriptor is open for each level. Nobody's tree is deeper but that of who wants to keep us busy: it is counted so far. */
const DEEPEST = 500;

/** `size`: as `ls -l` shows it, of everything but directories; `blocks`: what it takes on the disk, directories too, as `du` counts. */
export type Counting = 'size' | 'blocks';

interface Walk {
  counting: Counting;
  seen: Set<string>;
}

/**
 * The sum over all files, each once however many names it has (as docker counts). Walks by descriptors: a directory that becomes a symlink
 * meanwhile is not followed. @throws the system's error, EACCES among them
 */
export function treeSize(directory: string, counting: Counting = 'size'): number {
  return sizeBelow(directory, { counting, seen: new Set() }, 0);
}

/** `st_blocks` counts these, whatever the file system's own are (stat(2)). */
const BLOCK = 512;

function sizeBelow(path: string | Buffer, walk: Walk, depth: number): number {
  const fd = unlessGone(() => openSync(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW));
  if (fd === undefined || depth > DEEPEST) {
    if (fd !== undefined) closeSync(fd);
    return 0;
  }
  try {
    const here = `/proc/self/fd/${fd}`;
    let bytes = walk.counting === 'blocks' ? fstatSync(fd).blocks * BLOCK : 0;
    for (const name of readdirSync(`${here}/`, { encoding: 'buffer' })) {
      const entry = Buffer.concat([Buffer.from(`${here}/`), name]);
      const stat = unlessGone(() => lstatSync(entry, { bigint: true }));
      if (stat?.isDirectory()) bytes += sizeBelow(entry, walk, depth + 1);
      else if (stat !== undefined && !isSeen(walk.seen, stat))
        bytes += walk.counting === 'blocks' ? Number(stat.blocks) * BLOCK : Number(stat.size);
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
