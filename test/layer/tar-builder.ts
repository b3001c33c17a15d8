/** Tar archives made byte by byte, so that wrong and hostile forms can be made as well as right ones. */
import { createHash } from 'node:crypto';

export interface HeaderFields {
  name?: string | Buffer;
  type?: string;
  mode?: number;
  uid?: number;
  gid?: number;
  size?: number;
  mtime?: number;
  link?: string | Buffer;
  major?: number;
  minor?: number;
  prefix?: string | Buffer;
  format?: 'ustar' | 'gnu' | 'v7';
  /** Bytes written over the finished header, before the checksum. */
  patch?: [offset: number, bytes: Buffer | string][];
  /** Bytes written over the checksum. */
  checksum?: string;
}

const MAGIC = { ustar: 'ustar\x0000', gnu: 'ustar  \0', v7: '' };

export function header(fields: HeaderFields): Buffer {
  const block = Buffer.alloc(512);
  const { name = '', type = '0', mode = 0o644, uid = 0, gid = 0, size = 0, mtime = 1_600_000_000, link = '', format = 'ustar' } = fields;
  bytes(name).copy(block, 0, 0, 100);
  number(block, 100, 8, mode);
  number(block, 108, 8, uid);
  number(block, 116, 8, gid);
  number(block, 124, 12, size);
  number(block, 136, 12, mtime);
  block.write(type, 156, 'latin1');
  bytes(link).copy(block, 157, 0, 100);
  block.write(MAGIC[format], 257, 'latin1');
  number(block, 329, 8, fields.major ?? 0);
  number(block, 337, 8, fields.minor ?? 0);
  if (fields.prefix !== undefined) bytes(fields.prefix).copy(block, 345, 0, 155);
  for (const [offset, patch] of fields.patch ?? []) bytes(patch).copy(block, offset);
  block.write(fields.checksum ?? checksum(block), 148, 'latin1');
  return block;
}

export function checksum(block: Buffer, signed = false): string {
  let sum = 8 * 0x20;
  for (let at = 0; at < 512; at++) if (at < 148 || at >= 156) sum += signed ? block.readInt8(at) : (block[at] as number);
  return `${sum.toString(8).padStart(6, '0')}\0 `;
}

/** Octal, or base-256 where that is too small or negative. */
function number(block: Buffer, offset: number, length: number, value: number): void {
  if (value >= 0 && value < 8 ** (length - 1)) block.write(`${value.toString(8).padStart(length - 1, '0')}\0`, offset, 'latin1');
  else binary(length, value).copy(block, offset);
}

export function binary(length: number, value: number | bigint): Buffer {
  const field = Buffer.alloc(length);
  let rest = BigInt.asUintN(length * 8, BigInt(value));
  for (let at = length - 1; at >= 0; at--, rest >>= 8n) field[at] = Number(rest & 0xffn);
  field[0] = (field[0] as number) | 0x80;
  return field;
}

function bytes(text: string | Buffer): Buffer {
  return typeof text === 'string' ? Buffer.from(text) : text;
}

export function padded(data: Buffer): Buffer {
  return Buffer.concat([data, Buffer.alloc((512 - (data.length % 512)) % 512)]);
}

/** A whole member; the size is that of the data unless it is given. */
export function member(fields: HeaderFields, data: string | Buffer = ''): Buffer {
  const content = bytes(data);
  return Buffer.concat([header({ size: content.length, ...fields }), padded(content)]);
}

export const file = (name: string | Buffer, data: string | Buffer = '', more: HeaderFields = {}) => member({ name, ...more }, data);
export const directory = (name: string | Buffer, more: HeaderFields = {}) => member({ name, type: '5', mode: 0o755, ...more });
export const symlink = (name: string | Buffer, link: string | Buffer, more: HeaderFields = {}) =>
  member({ name, type: '2', mode: 0o777, link, ...more });
export const hardlink = (name: string | Buffer, link: string | Buffer, more: HeaderFields = {}) =>
  member({ name, type: '1', link, ...more });
export const fifo = (name: string, more: HeaderFields = {}) => member({ name, type: '6', ...more });
export const device = (name: string, major: number, minor: number, type = '3') => member({ name, type, major, minor });

export function record(key: string, value: string | Buffer): Buffer {
  const tail = Buffer.concat([Buffer.from(` ${key}=`, 'latin1'), bytes(value), Buffer.from('\n')]);
  let length = tail.length + 1;
  while (String(length).length + tail.length !== length) length++;
  return Buffer.concat([Buffer.from(String(length)), tail]);
}

/** A PAX header with these records. */
export function pax(records: Record<string, string | Buffer> | [string, string | Buffer][], type = 'x'): Buffer {
  const list = Array.isArray(records) ? records : Object.entries(records);
  return member({ name: 'PaxHeaders/x', type }, Buffer.concat(list.map(([key, value]) => record(key, value))));
}

export function long(type: 'L' | 'K', text: string | Buffer): Buffer {
  return member({ name: '././@LongLink', type, format: 'gnu' }, Buffer.concat([bytes(text), Buffer.alloc(1)]));
}

export const END = Buffer.alloc(1024);

export function archive(...members: Buffer[]): Buffer {
  return Buffer.concat([...members, END]);
}

export function digestOf(data: Buffer): string {
  return `sha256:${createHash('sha256').update(data).digest('hex')}`;
}
