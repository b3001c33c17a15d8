/**
 * Maps of sparse files in their four forms (GNU tar manual, "Storing Sparse Files"): old GNU headers, and PAX 0.0, 0.1 and 1.0.
 * A map is a list of extents, ascending, apart from each other, inside of the file; its bytes are exactly those stored.
 */
import { invalid, overLimit } from '../fault.js';
import type { Extent } from './entry.js';
import { BLOCK } from './header.js';
import { parseCount, parseDecimal } from './number.js';
import type { PaxRecord } from './pax.js';

export interface SparseMap {
  extents: Extent[];
  /** Bytes of the file with its holes. */
  size: number;
}

/** Extents of an old GNU header (4 at offset 386) or of one of its extension blocks (21 at offset 0). An empty slot ends the list. */
export function oldExtents(block: Buffer, start: number, slots: number): Extent[] {
  const extents: Extent[] = [];
  for (let at = start; at < start + slots * 24 && block[at] !== 0; at += 24) {
    extents.push({ offset: parseCount(block, at, 12, 'sparse offset'), length: parseCount(block, at + 12, 12, 'sparse length') });
  }
  return extents;
}

/** What PAX records say: a whole map (0.0, 0.1), or that the map stands before the data (1.0). */
export interface PaxSparse {
  name?: Buffer;
  size: number;
  /** Absent: version 1.0. */
  extents?: Extent[];
}

/** Undefined when there are no such records. */
export function paxSparse(records: PaxRecord[], limit: number): PaxSparse | undefined {
  if (records.length === 0) return undefined;
  const last = new Map(records.map(({ key, value }) => [key, value]));
  const number = (key: string) => parseDecimal(last.get(key)?.toString('latin1') ?? '', `GNU.sparse.${key}`);
  const name = last.get('name');
  const named = name === undefined ? {} : { name: plainName(name) };
  if (last.has('major') || last.has('minor')) {
    if (number('major') !== 1 || number('minor') !== 0) throw invalid('a sparse file has an unknown version');
    return { ...named, size: number('realsize') };
  }
  const flat = last.has('map') ? mapNumbers(last.get('map') as Buffer, limit) : pairNumbers(records);
  const count = number('numblocks');
  if (flat.length !== 2 * count) throw invalid("a sparse file's map does not have the length it declares");
  return { ...named, size: number('size'), extents: pair(flat) };
}

function plainName(name: Buffer): Buffer {
  if (name.length === 0 || name.includes(0)) throw invalid('GNU.sparse.name is empty or holds a NUL byte');
  return name;
}

/** 0.1: `offset,length,offset,length…`; a file that is one hole has an empty list. */
function mapNumbers(value: Buffer, limit: number): number[] {
  const parts = value.length === 0 ? [] : value.toString('latin1').split(',');
  if (parts.length > 2 * limit) throw overLimit(`a sparse file has more than ${limit} pieces`);
  return parts.map((part) => parseDecimal(part, 'a number of GNU.sparse.map'));
}

/** 0.0: records `offset` and `numbytes` by turns. */
function pairNumbers(records: PaxRecord[]): number[] {
  const wanted = records.filter(({ key }) => key === 'offset' || key === 'numbytes');
  return wanted.map(({ key, value }, index) => {
    if (key !== (index % 2 === 0 ? 'offset' : 'numbytes')) throw invalid('GNU.sparse.offset and GNU.sparse.numbytes do not alternate');
    return parseDecimal(value.toString('latin1'), `GNU.sparse.${key}`);
  });
}

export function pair(flat: number[]): Extent[] {
  const extents: Extent[] = [];
  for (let at = 0; at + 1 < flat.length; at += 2) extents.push({ offset: flat[at] as number, length: flat[at + 1] as number });
  return extents;
}

/** @param stored bytes of data in the archive */
export function checkMap({ extents, size }: SparseMap, stored: number): void {
  let end = 0;
  let bytes = 0;
  for (const { offset, length } of extents) {
    if (offset < end || offset + length > size) throw invalid("a sparse file's pieces overlap or lie outside of it");
    // GNU tar looks for each piece at the start of a block, where others go on in the middle of one.
    if (length > 0 && bytes % BLOCK !== 0) throw invalid("a sparse file's piece begins in the middle of a block");
    end = offset + length;
    bytes += length;
  }
  if (bytes !== stored) throw invalid("a sparse file's map does not cover the bytes that are stored");
}
