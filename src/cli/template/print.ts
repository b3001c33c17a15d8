/** Values as Go's fmt prints them with %v, and as JSON (encoding/json, without its escapes for HTML). */
import { visibleJson } from '../visible.js';
import { templateError } from './fail.js';
import { DEEPEST } from './limits.js';
import { Float, GoMap, isSlice, NIL_SLICE, Struct, type Value } from './value.js';

/** As an action prints it. */
export function printed(value: Value): string {
  return value === undefined ? '<no value>' : format(value, String);
}

/** %v: `[a b]`, `map[a:b]`, `{a b}`, `<nil>`. @param text what becomes of a text in it */
export function format(value: Value, text: (text: string) => string, depth = 0): string {
  checkDepth(depth);
  const inner = (each: Value) => format(each, text, depth + 1);
  if (value === undefined || value === null) return '<nil>';
  if (typeof value === 'string') return text(value);
  if (value instanceof Float) return formatFloat(value.value);
  if (value instanceof GoMap)
    return `map[${value
      .keys()
      .map((key) => `${text(key)}:${inner(value.get(key))}`)
      .join(' ')}]`;
  if (value instanceof Struct) return `{${value.fields.map((field) => inner(value.get(field))).join(' ')}}`;
  return isSlice(value) ? `[${value.map(inner).join(' ')}]` : String(value);
}

const SHORTEST_THRESHOLD = 6;

/** strconv.FormatFloat with 'g': the shortest text or so many digits, with an exponent below -4 and from 6 (or those digits) on. */
export function formatFloat(value: number, digits?: number): string {
  const precise = digits === undefined ? value : Number(value.toPrecision(Math.min(100, Math.max(1, digits))));
  const [mantissa = '', exponent = '0'] = precise.toExponential().split('e');
  const power = Number(exponent);
  if (power < -4 || power >= (digits === undefined ? SHORTEST_THRESHOLD : Math.max(1, digits))) return `${mantissa}e${goExponent(power)}`;
  const sign = mantissa.startsWith('-') ? '-' : '';
  const bare = mantissa.replace('-', '').replace('.', '');
  if (power < 0) return `${sign}0.${'0'.repeat(-power - 1)}${bare}`;
  return bare.length <= power + 1 ? sign + bare.padEnd(power + 1, '0') : `${sign}${bare.slice(0, power + 1)}.${bare.slice(power + 1)}`;
}

/** At least two digits. */
export function goExponent(power: number): string {
  return `${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`;
}

/** strconv.Quote */
export function goQuote(text: string): string {
  let result = '"';
  for (const character of text) result += quotedCharacter(character, '"');
  return `${result}"`;
}

const NAMED: Readonly<Record<string, string>> = {
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '\\': '\\\\',
};

export function quotedCharacter(character: string, quote: string): string {
  if (character === quote) return `\\${quote}`;
  const named = NAMED[character];
  if (named !== undefined) return named;
  const code = character.codePointAt(0) as number;
  if (code >= 0xd800 && code < 0xe000) return '\\ufffd';
  // strconv.IsPrint: letters, marks, numbers, punctuation, symbols, and the one blank.
  if (character === ' ' || /[\p{L}\p{M}\p{N}\p{P}\p{S}]/u.test(character)) return character;
  if (code < 0x80) return `\\x${hex(code, 2)}`;
  return code < 0x10000 ? `\\u${hex(code, 4)}` : `\\U${hex(code, 8)}`;
}

function hex(code: number, digits: number): string {
  return code.toString(16).padStart(digits, '0');
}

/** On one line, with nothing in it that a terminal would act on. */
export function toJson(value: Value): string {
  return visibleJson(plain(value, 0));
}

function plain(value: Value, depth: number): unknown {
  checkDepth(depth);
  const inner = (each: Value) => plain(each, depth + 1);
  if (value === undefined || value === NIL_SLICE) return null;
  if (value instanceof Float) return value.value;
  // Not Object.fromEntries: a key may be __proto__.
  if (value instanceof GoMap) return objectOf(value.keys().map((key) => [key, inner(value.get(key))]));
  if (value instanceof Struct) return objectOf(value.fields.map((field) => [field, inner(value.get(field))]));
  return isSlice(value) ? value.map(inner) : value;
}

function objectOf(entries: readonly (readonly [string, unknown])[]): object {
  const result = Object.create(null);
  for (const [key, value] of entries) result[key] = value;
  return result;
}

function checkDepth(depth: number): void {
  if (depth > DEEPEST) throw templateError(`the data is nested more than ${DEEPEST} deep`);
}
