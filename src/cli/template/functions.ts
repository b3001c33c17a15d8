/** The functions of a template: Go's own (text/template/funcs.go) and docker's (github.com/docker/cli/templates). */
import { compare, equal } from './compare.js';
import { templateError } from './fail.js';
import { format, toJson } from './print.js';
import { sprint, sprintf, sprintln } from './sprintf.js';
import { GoMap, isSlice, isTrue, Struct, typeOf, type Value } from './value.js';

/** Arguments that were counted; what is wrong with one is thrown as a part of a sentence. */
export interface TemplateFunction {
  least: number;
  most: number;
  call(args: readonly Value[]): Value;
}

const MANY = Number.POSITIVE_INFINITY;

export const FUNCTIONS: Readonly<Record<string, TemplateFunction>> = {
  // `and` and `or` are carried out by the evaluator, which leaves the rest undone once the result is known.
  and: { least: 1, most: MANY, call: (args) => args.find((value) => !isTrue(value)) ?? args.at(-1) },
  or: { least: 1, most: MANY, call: (args) => args.find(isTrue) ?? args.at(-1) },
  not: of(1, 1, ([value]) => !isTrue(value)),
  eq: of(2, MANY, ([first, ...others]) => others.some((other) => equal(first, other))),
  ne: of(2, 2, ([a, b]) => !equal(a, b)),
  lt: of(2, 2, ([a, b]) => compare(a, b) < 0),
  le: of(2, 2, ([a, b]) => compare(a, b) <= 0),
  gt: of(2, 2, ([a, b]) => compare(a, b) > 0),
  ge: of(2, 2, ([a, b]) => compare(a, b) >= 0),
  len: of(1, 1, ([value]) => lengthOf(value)),
  index: of(1, MANY, ([value, ...keys]) => keys.reduce(indexed, value)),
  slice: of(1, 3, ([value, from, to]) => sliced(value, from, to)),
  print: of(0, MANY, sprint),
  printf: of(1, MANY, ([text, ...values]) => sprintf(textOf(text), values)),
  println: of(0, MANY, sprintln),
  html: of(0, MANY, (args) => escaped(sprint(args), HTML)),
  js: of(0, MANY, (args) => scriptText(sprint(args))),
  urlquery: of(0, MANY, (args) => queryText(sprint(args))),
  json: of(1, 1, ([value]) => toJson(value)),
  join: of(2, 2, ([list, between]) => textsOf(list).join(textOf(between))),
  split: of(2, 2, ([text, between]) => splitText(textOf(text), textOf(between))),
  lower: of(1, 1, ([text]) => eachCharacter(textOf(text), (character) => firstOf(character.toLowerCase()))),
  upper: of(1, 1, ([text]) => eachCharacter(textOf(text), upper)),
  title: of(1, 1, ([text]) => titled(textOf(text))),
  pad: of(3, 3, ([text, before, behind]) => paddedText(textOf(text), numberOf(before), numberOf(behind))),
  truncate: of(2, 2, ([text, length]) => truncated(textOf(text), numberOf(length))),
};

/** In the heads of a table these leave the head's name as it is. */
export const HEAD_FUNCTIONS: Readonly<Record<string, TemplateFunction>> = {
  ...FUNCTIONS,
  ...Object.fromEntries(['json', 'title', 'lower', 'upper', 'truncate'].map((name) => [name, of(1, 2, ([value]) => value)])),
};

function of(least: number, most: number, call: TemplateFunction['call']): TemplateFunction {
  return { least, most, call };
}

function textOf(value: Value): string {
  if (typeof value === 'string') return value;
  throw templateError(`expected text, found ${shown(value)}`);
}

function numberOf(value: Value): number {
  if (typeof value === 'number') return value;
  throw templateError(`expected a whole number, found ${shown(value)}`);
}

function textsOf(value: Value): string[] {
  if (value === undefined || value === null) return [];
  if (isSlice(value)) return value.map(textOf);
  throw templateError(`expected a list, found ${shown(value)}`);
}

function shown(value: Value): string {
  if (value === undefined) return 'nothing';
  return value === null ? 'nil' : `the ${typeOf(value)} ${format(value, String).slice(0, 40)}`;
}

function lengthOf(value: Value): number {
  if (typeof value === 'string') return Buffer.byteLength(value);
  if (isSlice(value)) return value.length;
  if (value instanceof GoMap) return value.size;
  if (value instanceof Struct) return value.fields.length;
  throw templateError(value === undefined || value === null ? 'len of nil' : `len of type ${typeOf(value)}`);
}

function indexed(value: Value, key: Value): Value {
  if (value === undefined || value === null) throw templateError('index of nil');
  if (value instanceof GoMap || value instanceof Struct) {
    if (typeof key !== 'string') throw templateError(`a key is text, not ${shown(key)}`);
    return value.has(key) ? value.get(key) : value instanceof GoMap ? value.zero : undefined;
  }
  const list = typeof value === 'string' ? [...Buffer.from(value)] : value;
  if (!isSlice(list)) throw templateError(`cannot index ${shown(value)}`);
  if (typeof key !== 'number') throw templateError(`an index is a whole number, not ${shown(key)}`);
  if (key < 0 || key >= list.length) throw templateError(`index out of range: ${key}`);
  return list[key];
}

function sliced(value: Value, from: Value = 0, to?: Value): Value {
  const list = typeof value === 'string' ? [...Buffer.from(value)] : value;
  if (!isSlice(list)) throw templateError(`cannot slice ${shown(value)}`);
  const [start, end] = [numberOf(from), to === undefined ? list.length : numberOf(to)];
  for (const at of [start, end]) if (at < 0 || at > list.length) throw templateError(`index out of range: ${at}`);
  if (start > end) throw templateError(`invalid slice index: ${start} > ${end}`);
  return typeof value === 'string' ? Buffer.from(value).subarray(start, end).toString() : list.slice(start, end);
}

function splitText(text: string, between: string): string[] {
  return between === '' ? [...text] : text.split(between);
}

/** Go maps one character to one. */
function upper(character: string): string {
  const result = character.toUpperCase();
  return [...result].length === 1 ? result : character;
}

function firstOf(text: string): string {
  return String.fromCodePoint(text.codePointAt(0) as number);
}

function eachCharacter(text: string, map: (character: string) => string): string {
  let result = '';
  for (const character of text) result += map(character);
  return result;
}

/** strings.Title: what stands behind a separator is made upper case. */
function titled(text: string): string {
  let start = true;
  return eachCharacter(text, (character) => {
    const result = start ? upper(character) : character;
    start = character < '\x80' ? !/[A-Za-z0-9_]/.test(character) : /\s/.test(character);
    return result;
  });
}

function paddedText(text: string, before: number, behind: number): string {
  if (text === '') return text;
  for (const count of [before, behind]) if (count < 0 || count > 10_000) throw templateError(`cannot pad with ${count} blanks`);
  return ' '.repeat(before) + text + ' '.repeat(behind);
}

/** So many bytes, as docker; a character that would be cut is left out. */
function truncated(text: string, length: number): string {
  if (length < 0) throw templateError(`cannot truncate to ${length}`);
  const bytes = Buffer.from(text);
  if (bytes.length <= length) return text;
  let end = length;
  while (end > 0 && ((bytes[end] as number) & 0xc0) === 0x80) end--;
  return bytes.subarray(0, end).toString();
}

const HTML: Readonly<Record<string, string>> = { '"': '&#34;', "'": '&#39;', '&': '&amp;', '<': '&lt;', '>': '&gt;', '\0': '\ufffd' };

function escaped(text: string, table: Readonly<Record<string, string>>): string {
  return eachCharacter(text, (character) => table[character] ?? character);
}

/** template.JSEscapeString */
function scriptText(text: string): string {
  const named: Readonly<Record<string, string>> = {
    '\\': '\\\\',
    "'": "\\'",
    '"': '\\"',
    '<': '\\u003C',
    '>': '\\u003E',
    '&': '\\u0026',
    '=': '\\u003D',
  };
  return eachCharacter(text, (character) => {
    const code = character.codePointAt(0) as number;
    const printable = character === ' ' || /[\p{L}\p{M}\p{N}\p{P}\p{S}]/u.test(character);
    return named[character] ?? (printable ? character : `\\u${code.toString(16).toUpperCase().padStart(4, '0')}`);
  });
}

/** url.QueryEscape */
function queryText(text: string): string {
  const kept = /[A-Za-z0-9\-_.~]/;
  let result = '';
  for (const byte of Buffer.from(text)) {
    const character = String.fromCharCode(byte);
    result += kept.test(character) ? character : character === ' ' ? '+' : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return result;
}
