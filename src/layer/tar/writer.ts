/**
 * Headers of a tar archive: ustar, with a PAX header in front where that says too little. Names are bytes; one that is long and no UTF-8
 * goes by GNU's long name, for PAX names are UTF-8 and readers disagree about others.
 */
import { isUtf8 } from 'node:buffer';
import type { EntryType, Extent, TarEntry } from './entry.js';
import { BLOCK } from './header.js';

export type WrittenEntry = Pick<
  TarEntry,
  'type' | 'name' | 'link' | 'mode' | 'uid' | 'gid' | 'mtime' | 'size' | 'major' | 'minor' | 'xattrs'
> & {
  /** Only these pieces of the file follow, the rest is holes (PAX, sparse version 1.0). */
  extents?: readonly Extent[];
};

const TYPES: Readonly<Record<EntryType, string>> = {
  file: '0',
  hardlink: '1',
  symlink: '2',
  character: '3',
  block: '4',
  directory: '5',
  fifo: '6',
};

const NAME_BYTES = 100;
const BILLION = 1_000_000_000n;

/** What stands before the contents of an entry. */
export function headersOf(entry: WrittenEntry): Buffer {
  if (entry.extents === undefined) return plainHeaders(entry, []);
  const map = mapOf(entry.extents);
  const stored = entry.extents.reduce((sum, { length }) => sum + length, map.length);
  const records = [
    record('GNU.sparse.major', '1'),
    record('GNU.sparse.minor', '0'),
    record('GNU.sparse.name', entry.name),
    record('GNU.sparse.realsize', String(entry.size)),
  ];
  // What reads no sparse files finds it under this name (GNU tar's own is much the same).
  const name = Buffer.concat([Buffer.from('GNUSparseFile/'), entry.name]);
  return Buffer.concat([plainHeaders({ ...entry, name, size: stored }, records), map]);
}

/** GNU tar manual, "Storing Sparse Files": how many, then offset and length of each, a line for each number. */
function mapOf(extents: readonly Extent[]): Buffer {
  const lines = [extents.length, ...extents.flatMap(({ offset, length }) => [offset, length])];
  const text = Buffer.from(lines.map((line) => `${line}\n`).join(''));
  return Buffer.concat([text, paddingOf(text.length)]);
}

function plainHeaders(entry: WrittenEntry, sparse: readonly Buffer[]): Buffer {
  const { name, link, mode, uid, gid, size, mtime, major, minor, type } = entry;
  const seconds = Number((mtime - (((mtime % BILLION) + BILLION) % BILLION)) / BILLION);
  const extended = extensionsOf(entry, seconds, sparse);
  const block = Buffer.alloc(BLOCK);
  name.copy(block, 0, 0, NAME_BYTES);
  octal(block, 100, 8, mode);
  octal(block, 108, 8, uid);
  octal(block, 116, 8, gid);
  octal(block, 124, 12, size);
  octal(block, 136, 12, Math.max(seconds, 0));
  block.write(TYPES[type], 156, 'latin1');
  link.copy(block, 157, 0, NAME_BYTES);
  octal(block, 329, 8, major);
  octal(block, 337, 8, minor);
  return Buffer.concat([...extended, signed(block)]);
}

/** Zeros up to the next block. */
export function paddingOf(size: number): Buffer {
  return Buffer.alloc((BLOCK - (size % BLOCK)) % BLOCK);
}

export const END_OF_ARCHIVE = Buffer.alloc(2 * BLOCK);

function extensionsOf({ name, link, uid, gid, size, mtime, xattrs }: WrittenEntry, seconds: number, sparse: readonly Buffer[]): Buffer[] {
  const records: Buffer[] = [...sparse];
  const gnu: Buffer[] = [];
  if (name.length > NAME_BYTES) (isUtf8(name) ? records : gnu).push(isUtf8(name) ? record('path', name) : longName('L', name));
  if (link.length > NAME_BYTES) (isUtf8(link) ? records : gnu).push(isUtf8(link) ? record('linkpath', link) : longName('K', link));
  if (tooLarge(uid, 8)) records.push(record('uid', String(uid)));
  if (tooLarge(gid, 8)) records.push(record('gid', String(gid)));
  if (tooLarge(size, 12)) records.push(record('size', String(size)));
  if (mtime % BILLION !== 0n || seconds < 0 || tooLarge(seconds, 12)) records.push(record('mtime', decimal(mtime)));
  for (const { name: attribute, value } of xattrs) records.push(record(`SCHILY.xattr.${attribute}`, value));
  return records.length === 0 ? gnu : [...gnu, special('x', 'PaxHeader', Buffer.concat(records))];
}

function tooLarge(value: number, width: number): boolean {
  return value >= 8 ** (width - 1);
}

/** What does not fit stands in a PAX header. */
function octal(block: Buffer, offset: number, width: number, value: number): void {
  block.write(`${(tooLarge(value, width) ? 0 : value).toString(8).padStart(width - 1, '0')}\0`, offset, 'latin1');
}

function signed(block: Buffer): Buffer {
  block.write('ustar\x0000', 257, 'latin1');
  block.fill(' ', 148, 156);
  const sum = block.reduce((all, byte) => all + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}

/** An entry that is about the next one. */
function special(type: string, name: string, contents: Buffer): Buffer {
  const block = Buffer.alloc(BLOCK);
  block.write(name, 0, 'latin1');
  octal(block, 100, 8, 0o644);
  octal(block, 108, 8, 0);
  octal(block, 116, 8, 0);
  octal(block, 124, 12, contents.length);
  octal(block, 136, 12, 0);
  block.write(type, 156, 'latin1');
  return Buffer.concat([signed(block), contents, paddingOf(contents.length)]);
}

function longName(type: 'L' | 'K', name: Buffer): Buffer {
  return special(type, '././@LongLink', Buffer.concat([name, Buffer.alloc(1)]));
}

/** `length key=value\n`, where the length counts its own digits. */
function record(key: string, value: string | Buffer): Buffer {
  const rest = Buffer.concat([Buffer.from(` ${key}=`, 'latin1'), Buffer.from(value), Buffer.from('\n')]);
  let length = rest.length + 1;
  while (String(length).length + rest.length !== length) length = String(length).length + rest.length;
  return Buffer.concat([Buffer.from(String(length)), rest]);
}

/** Seconds with nine digits behind the point. */
function decimal(time: bigint): string {
  const magnitude = time < 0n ? -time : time;
  return `${time < 0n ? '-' : ''}${magnitude / BILLION}.${String(magnitude % BILLION).padStart(9, '0')}`;
}
