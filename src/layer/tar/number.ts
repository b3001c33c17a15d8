/** Numbers of tar headers: octal (POSIX) and base-256 (GNU, star). Everything else is malformed. */
import { invalid } from '../fault.js';

const SPACE = 0x20;

/**
 * A number of `length` bytes at `start`. A field of blanks is 0, as Go and Python read it.
 * @param what the field, for the error
 */
export function parseNumber(block: Buffer, start: number, length: number, what: string): number {
  const first = block[start] as number;
  const value = first >= 0x80 ? parseBinary(block, start, length) : parseOctal(block, start, length);
  if (value === undefined || !Number.isSafeInteger(value)) throw invalid(`a header's ${what} is not a number`);
  return value;
}

/** The same for a field that cannot be negative. */
export function parseCount(block: Buffer, start: number, length: number, what: string): number {
  const value = parseNumber(block, start, length, what);
  if (value < 0) throw invalid(`a header's ${what} is negative`);
  return value;
}

/** Blanks, octal digits, then nothing but spaces and NULs to the end of the field. */
function parseOctal(block: Buffer, start: number, length: number): number | undefined {
  const end = start + length;
  let at = start;
  while (at < end && block[at] === SPACE) at++;
  let value = 0;
  for (; at < end; at++) {
    const digit = (block[at] as number) - 0x30;
    if (digit < 0 || digit > 7) break;
    value = value * 8 + digit;
  }
  for (; at < end; at++) if (block[at] !== 0 && block[at] !== SPACE) return undefined;
  return value;
}

/** Two's complement, big endian, with the top bit set as the mark. */
function parseBinary(block: Buffer, start: number, length: number): number | undefined {
  const negative = ((block[start] as number) & 0x40) !== 0;
  let value = BigInt((block[start] as number) & 0x3f) - (negative ? 0x40n : 0n);
  for (let at = start + 1; at < start + length; at++) value = (value << 8n) | BigInt(block[at] as number);
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : undefined;
}

/** Decimal digits and nothing else, as PAX and sparse maps have them. */
export function parseDecimal(text: string, what: string): number {
  const value = /^[0-9]{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(value)) throw invalid(`${what} is not a decimal number`);
  return value;
}
