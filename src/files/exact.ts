/** Whether what has the same type, mode, owner, size and time as before is the same: its attributes, its bytes, a directory's times. */
import { type BigIntStats, closeSync, constants, openSync, readlinkSync, readSync } from 'node:fs';
import { carriedAttributes } from './attributes.js';
import type { Descriptors } from './descriptors.js';

interface Found {
  stat: BigIntStats;
  /** Where it lies, behind a descriptor. */
  at: Buffer;
}

export function isDifferentInside(descriptors: Descriptors, { fd, stat, at }: Found & { fd: number }, before: Found): boolean {
  if (stat.isSymbolicLink()) return !targetOf(at).equals(targetOf(before.at));
  if (!stat.isDirectory() && !stat.isFile()) return false;
  if (stat.isDirectory() && stat.mtimeNs !== before.stat.mtimeNs) return true;
  // It has a new name: all of them are to be one file.
  if (stat.isFile() && stat.nlink > before.stat.nlink) return true;
  const old = openSync(before.at, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const type = stat.isFile() ? 'file' : 'directory';
    const [now, then] = [fd, old].map((each) => JSON.stringify(carriedAttributes(descriptors.of(each), type, true)));
    return now !== then || (stat.isFile() && !hasSameBytes(descriptors.open(fd), old));
  } finally {
    closeSync(old);
  }
}

function targetOf(link: Buffer): Buffer {
  return readlinkSync(link, { encoding: 'buffer' });
}

const CHUNK = 256 * 1024;

/** @param own closed at the end */
function hasSameBytes(own: number, other: number): boolean {
  const [one, two] = [Buffer.allocUnsafe(CHUNK), Buffer.allocUnsafe(CHUNK)];
  try {
    for (let at = 0; ; ) {
      const length = readSync(own, one, 0, CHUNK, at);
      if (readSync(other, two, 0, CHUNK, at) !== length || !one.subarray(0, length).equals(two.subarray(0, length))) return false;
      if (length === 0) return true;
      at += length;
    }
  } finally {
    closeSync(own);
  }
}
