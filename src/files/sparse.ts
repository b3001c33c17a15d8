/** Where a file has bytes, and where holes. */
import type { BigIntStats } from 'node:fs';
import { errnoOf } from '../errors.js';
import { LIMITS } from '../layer/limits.js';
import { seek } from '../sys/files.js';

export interface DataExtent {
  offset: number;
  length: number;
}

/** Fewer bytes of holes are not worth a map, which not every reader of tars knows. */
const WORTH = 64 * 1024;
/** stat(2) */
const BLOCK = 512n;

/**
 * What of an open file is stored, as GNU tar lists it: in order, and at the end one of no length where it ends in a hole. Undefined for a file that
 * has few holes or too many pieces.
 */
export function extentsOf(fd: number, { size, blocks }: BigIntStats): DataExtent[] | undefined {
  if (blocks * BLOCK + BigInt(WORTH) > size) return undefined;
  const end = Number(size);
  const extents: DataExtent[] = [];
  let stored = 0;
  let at = 0;
  while (at < end && extents.length < LIMITS.extents - 1) {
    const offset = next(fd, at, 'data') ?? end;
    if (offset >= end) break;
    at = Math.min(next(fd, offset, 'hole') ?? end, end);
    extents.push({ offset, length: at - offset });
    stored += at - offset;
  }
  if (extents.length === LIMITS.extents - 1 || end - stored < WORTH) return undefined;
  const last = extents.at(-1);
  return last !== undefined && last.offset + last.length === end ? extents : [...extents, { offset: end, length: 0 }];
}

/** Undefined: there is none up to the end. A file system that knows of no holes says so by EINVAL, and nothing is one. */
function next(fd: number, from: number, to: 'data' | 'hole'): number | undefined {
  try {
    return seek(fd, from, to);
  } catch (error) {
    if (errnoOf(error) === 'ENXIO') return undefined;
    if (errnoOf(error) === 'EINVAL') return to === 'data' ? from : undefined;
    throw error;
  }
}
