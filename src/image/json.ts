/**
 * JSON from strangers: bounded, UTF-8, and meaning the same to every reader. Go, Python and JavaScript disagree about duplicate keys and
 * about keys that differ in case; a document that plays on this is refused.
 */
import { type ErrorCode, TsrunError } from '../errors.js';

/** Far above any manifest or config; far below what a recursive reader survives. */
const DEPTH_LIMIT = 64;

/**
 * Parses a document of at most `limit` bytes. Members that are null are left out: Go writes them for "not set".
 * @param what the document, for messages: `manifest sha256:…`
 * @throws TsrunError `code` when it is too long, not UTF-8, not JSON, nested too deep, has duplicate keys, or a NUL in a string
 */
export function parseStrictJson(bytes: Uint8Array, limit: number, what: string, code: ErrorCode): unknown {
  const refuse = (reason: string, cause?: unknown) =>
    new TsrunError(code, `${what} is not valid: ${reason}`, { hint: 'it must be built or pushed again', subject: what, cause });
  if (bytes.length > limit) throw refuse(`it is ${bytes.length} bytes long, the limit is ${limit}`);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw refuse('it is not UTF-8', cause);
  }
  const flaw = flawOf(text);
  if (flaw !== undefined) throw refuse(flaw);
  try {
    return JSON.parse(text, (_key, value: unknown) => (value === null ? undefined : value));
  } catch (cause) {
    throw refuse('it is not JSON', cause);
  }
}

/** What JSON.parse lets pass. Needs no valid grammar: what is not JSON is found there. */
function flawOf(text: string): string | undefined {
  /** One per open bracket: the keys of an object so far, or undefined for an array. */
  const open: (Set<string> | undefined)[] = [];
  let atKey = false;
  for (let at = 0; at < text.length; at += 1) {
    switch (text[at]) {
      case '{':
      case '[':
        atKey = text[at] === '{';
        open.push(atKey ? new Set() : undefined);
        if (open.length > DEPTH_LIMIT) return `it is nested deeper than ${DEPTH_LIMIT}`;
        break;
      case '}':
      case ']':
        open.pop();
        break;
      case ',':
        atKey = open.at(-1) !== undefined;
        break;
      case ':':
        atKey = false;
        break;
      case '"': {
        const end = endOfString(text, at);
        const string = unescaped(text.slice(at, end + 1));
        if (string.includes('\0')) return 'a string contains a NUL character';
        const keys = open.at(-1);
        if (atKey && keys !== undefined) {
          // Only at the top do all keys belong to a specification; labels may differ in case alone.
          const key = open.length === 1 ? string.toLowerCase() : string;
          if (keys.has(key)) return `the key ${JSON.stringify(string.slice(0, 100))} occurs twice in one object`;
          keys.add(key);
        }
        at = end;
      }
    }
  }
  return undefined;
}

/** Index of the closing quote, or the end of the text. */
function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1;
    else if (text[at] === '"') return at;
  }
  return text.length;
}

function unescaped(literal: string): string {
  if (!literal.includes('\\')) return literal.slice(1, -1);
  try {
    return JSON.parse(literal) as string;
  } catch {
    return literal;
  }
}
