/**
 * PAX extended headers (POSIX pax(1), "pax Extended Header"): records `length key=value\n`.
 * A malformed record is an error, never skipped: readers that differ here see different archives.
 */
import { invalid } from '../fault.js';
import { parseDecimal } from './number.js';
import { gatherXattr, mergeXattrs, type PaxXattrs } from './xattr.js';

export interface PaxRecord {
  /** latin1: one character for each byte. */
  key: string;
  value: Buffer;
}

const SPACE = 0x20;
const EQUALS = 0x3d;
const NEWLINE = 0x0a;

export function parseRecords(payload: Buffer): PaxRecord[] {
  const records: PaxRecord[] = [];
  for (let start = 0; start < payload.length; ) {
    const length = lengthAt(payload, start);
    const end = start + length;
    const keyStart = payload.indexOf(SPACE, start) + 1;
    const equals = payload.indexOf(EQUALS, keyStart);
    if (end > payload.length || payload[end - 1] !== NEWLINE || equals <= keyStart || equals >= end - 1) {
      throw invalid('a PAX record does not have the form "length key=value"');
    }
    const key = payload.toString('latin1', keyStart, equals);
    if (key.includes('\0')) throw invalid('a PAX key holds a NUL byte');
    records.push({ key, value: payload.subarray(equals + 1, end - 1) });
    start = end;
  }
  return records;
}

function lengthAt(payload: Buffer, start: number): number {
  const space = payload.indexOf(SPACE, start);
  const digits = payload.toString('latin1', start, space === -1 || space > start + 8 ? start + 8 : space);
  if (!/^[1-9][0-9]{0,6}$/.test(digits) || space === -1) throw invalid("a PAX record's length is not a number");
  return Number(digits);
}

/** What a PAX header says about one entry; undefined where it says nothing. */
export interface PaxAttributes {
  path?: Buffer;
  linkpath?: Buffer;
  size?: number;
  uid?: number;
  gid?: number;
  mtime?: bigint;
  atime?: bigint;
  /** By name; the one that was set last comes last. */
  xattrs: Map<string, Buffer>;
  /** Attributes in forms that are not carried: access control lists, SELinux labels. */
  uncarried: string[];
  /** GNU.sparse.*, in order, the prefix removed. */
  sparse: PaxRecord[];
}

export function nothingSaid(): PaxAttributes {
  return { xattrs: new Map(), uncarried: [], sparse: [] };
}

const SPARSE = 'GNU.sparse.';
const UNCARRIED: Readonly<Record<string, string>> = {
  'SCHILY.acl.access': 'system.posix_acl_access',
  'SCHILY.acl.default': 'system.posix_acl_default',
  'SCHILY.acl.ace': 'system.nfs4_acl',
  'RHT.security.selinux': 'security.selinux',
};

/** Gathers records; of two with one key the later counts. Unknown keys are a vendor's own and mean nothing here (POSIX). */
export function gather(records: PaxRecord[], into: PaxAttributes): void {
  const xattrs: PaxXattrs = { plain: new Map(), encoded: new Map() };
  for (const { key, value } of records) {
    if (key === 'path' || key === 'linkpath') into[key] = nameOf(value, key);
    else if (key === 'size' || key === 'uid' || key === 'gid') into[key] = parseDecimal(value.toString('latin1'), `the PAX ${key}`);
    else if (key === 'mtime' || key === 'atime') into[key] = parseTime(value.toString('latin1'), key);
    else if (key.startsWith(SPARSE)) into.sparse.push({ key: key.slice(SPARSE.length), value });
    else if (Object.hasOwn(UNCARRIED, key)) into.uncarried.push(UNCARRIED[key] as string);
    else gatherXattr(key, value, xattrs);
  }
  into.xattrs = mergeXattrs(xattrs);
}

/** What would apply to every following entry is accepted only where that is harmless: no reader agrees on a global path or size. */
export function refuseGlobal(attributes: PaxAttributes): void {
  const { path, linkpath, size, xattrs, sparse } = attributes;
  if (path !== undefined || linkpath !== undefined || size !== undefined || xattrs.size > 0 || sparse.length > 0) {
    throw invalid('a global PAX header sets a path, size, attribute or sparse map');
  }
}

function nameOf(value: Buffer, key: string): Buffer {
  if (value.length === 0 || value.includes(0)) throw invalid(`the PAX ${key} is empty or holds a NUL byte`);
  return value;
}

/** Seconds with a fraction, to nanoseconds; what is finer is rounded down (towards the past), as GNU tar does. */
function parseTime(text: string, key: string): bigint {
  const match = /^(-?)([0-9]{1,12})(?:\.([0-9]*))?$/.exec(text);
  if (match === null) throw invalid(`the PAX ${key} is not a time`);
  const [, sign, seconds = '', fraction = ''] = match;
  const magnitude = BigInt(seconds) * 1_000_000_000n + BigInt(fraction.slice(0, 9).padEnd(9, '0'));
  if (sign !== '-') return magnitude;
  return /[1-9]/.test(fraction.slice(9)) ? -magnitude - 1n : -magnitude;
}
