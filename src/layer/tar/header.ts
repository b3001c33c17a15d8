/** One 512-byte header block (POSIX pax(1), "ustar Interchange Format"; GNU tar's tar.h; the seventh edition's before them). */
import { invalid } from '../fault.js';
import { parseCount, parseNumber } from './number.js';

export const BLOCK = 512;

export interface Header {
  /** The character, '\0' included. */
  typeflag: string;
  format: 'v7' | 'ustar' | 'gnu';
  /** Bytes stored behind the header. */
  size: number;
  /** The block itself, valid only until the next read; fields are decoded when they are wanted. */
  block: Buffer;
}

export interface Fields {
  name: Buffer;
  link: Buffer;
  mode: number;
  uid: number;
  gid: number;
  /** Seconds since 1970, negative before. */
  mtime: number;
}

/** Undefined for a block of zeros. A wrong checksum is malformed: there is no resynchronising. */
export function parseHeader(block: Buffer): Header | undefined {
  const stored = sumOf(block);
  if (stored.unsigned === SPACES_OF_CHECKSUM && isZero(block)) return undefined;
  const checksum = parseCount(block, 148, 8, 'checksum');
  // Sun's and NeXT's tar summed signed characters; GNU tar, Go and Python accept both.
  if (checksum !== stored.unsigned && checksum !== stored.signed)
    throw invalid('a header has a wrong checksum, so this is damaged or no tar');
  return { typeflag: String.fromCharCode(block[156] as number), format: formatOf(block), size: parseCount(block, 124, 12, 'size'), block };
}

export function parseFields({ block, format }: Header): Fields {
  return {
    name: nameOf(block, format),
    link: copyString(block, 157, 100),
    mode: parseCount(block, 100, 8, 'mode') & 0o7777,
    uid: parseCount(block, 108, 8, 'uid'),
    gid: parseCount(block, 116, 8, 'gid'),
    mtime: parseNumber(block, 136, 12, 'mtime'),
  };
}

export function parseDevice({ block }: Header): { major: number; minor: number } {
  return { major: parseCount(block, 329, 8, 'device major'), minor: parseCount(block, 337, 8, 'device minor') };
}

const SPACES_OF_CHECKSUM = 8 * 0x20;

function sumOf(block: Buffer): { unsigned: number; signed: number } {
  let unsigned = SPACES_OF_CHECKSUM;
  let high = 0;
  for (let at = 0; at < BLOCK; at++) {
    if (at === 148) at = 156;
    const byte = block[at] as number;
    unsigned += byte;
    high += byte >> 7;
  }
  return { unsigned, signed: unsigned - 256 * high };
}

function isZero(block: Buffer): boolean {
  for (let at = 148; at < 156; at++) if (block[at] !== 0) return false;
  return true;
}

function formatOf(block: Buffer): Header['format'] {
  const magic = block.toString('latin1', 257, 265);
  if (magic === 'ustar  \0') return 'gnu';
  return magic.startsWith('ustar\0') ? 'ustar' : 'v7';
}

/** GNU keeps other things where POSIX has the prefix; star's own header ends in `tar\0` and has a shorter one. */
function nameOf(block: Buffer, format: Header['format']): Buffer {
  const name = copyString(block, 0, 100);
  if (format !== 'ustar') return name;
  const isStar = block.toString('latin1', 508, 512) === 'tar\0';
  const prefix = copyString(block, 345, isStar ? 131 : 155);
  return prefix.length === 0 ? name : Buffer.concat([prefix, SLASH, name]);
}

const SLASH = Buffer.from('/');

/** Up to the first NUL or the end of the field; a copy, because the block is reused. */
function copyString(block: Buffer, start: number, length: number): Buffer {
  const end = block.indexOf(0, start);
  return Buffer.from(block.subarray(start, end === -1 || end > start + length ? start + length : end));
}
