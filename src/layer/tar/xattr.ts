/**
 * Extended attributes in PAX headers, in two forms: `SCHILY.xattr.NAME=VALUE` (star, GNU tar, Go), name and value as they are, and
 * `LIBARCHIVE.xattr.NAME=VALUE` (bsdtar, which writes both), the name with %XX, the value in base64.
 */
import { invalid } from '../fault.js';

const SCHILY = 'SCHILY.xattr.';
const LIBARCHIVE = 'LIBARCHIVE.xattr.';

export interface PaxXattrs {
  /** By name, latin1; the one that was set last comes last. */
  plain: Map<string, Buffer>;
  encoded: Map<string, Buffer>;
}

/** Of two with one key the later counts; other keys are passed over. */
export function gatherXattr(key: string, value: Buffer, into: PaxXattrs): void {
  if (key.startsWith(SCHILY)) add(into.plain, key.slice(SCHILY.length), value);
  else if (key.startsWith(LIBARCHIVE)) add(into.encoded, decodeName(key.slice(LIBARCHIVE.length)), decodeValue(value));
}

function add(to: Map<string, Buffer>, name: string, value: Buffer): void {
  if (name === '') throw invalid('a PAX record sets an extended attribute without a name');
  if (name.includes('\0')) throw invalid('the name of an extended attribute holds a NUL byte');
  to.delete(name);
  to.set(name, value);
}

/** What both forms say together. Where they differ, readers that know one alone see different files. */
export function mergeXattrs({ plain, encoded }: PaxXattrs): Map<string, Buffer> {
  for (const [name, value] of encoded) {
    const other = plain.get(name);
    if (other !== undefined && !other.equals(value)) throw invalid('two PAX records give one extended attribute different values');
  }
  return new Map([...plain, ...encoded]);
}

function decodeName(name: string): string {
  if (/%(?![0-9a-fA-F]{2})/.test(name)) throw invalid('the name of an extended attribute has a "%" that stands for nothing');
  return name.replace(/%(..)/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)));
}

/** bsdtar leaves the padding out. */
function decodeValue(value: Buffer): Buffer {
  const text = value.toString('latin1');
  const digits = text.replace(/={1,2}$/, '');
  if (!/^[A-Za-z0-9+/]*$/.test(digits) || digits.length % 4 === 1) throw invalid('the value of an extended attribute is not base64');
  return Buffer.from(digits, 'base64');
}
