/** A template's text → text and tokens, by the rules of text/template/parse/lex.go: delimiters, trim markers, comments, literals. */
import { excerpt, templateError } from './fail.js';
import { Float } from './value.js';

export type Token = {
  /** Where it stands in the template, and what it looks like there. */
  at: number;
  source: string;
  /** White space or nothing of the action stands before it. */
  apart: boolean;
} & TokenKind;

type TokenKind =
  | { kind: 'word' | 'field' | 'variable'; name: string }
  | { kind: 'literal'; value: string | number | Float }
  | { kind: 'dot' | 'pipe' | 'open' | 'close' | 'declare' | 'assign' | 'comma' };

export type Piece = { kind: 'text'; text: string } | { kind: 'action'; tokens: Token[]; source: string };

/** @throws ERR_TSRUN_TEMPLATE */
export function lex(template: string): Piece[] {
  const pieces: Piece[] = [];
  let trim = false;
  for (let at = 0; at <= template.length; ) {
    const open = template.indexOf('{{', at);
    const text = template.slice(at, open < 0 ? undefined : open);
    const trimsBefore = open >= 0 && /^-[ \t\r\n]/.test(template.slice(open + 2, open + 4));
    const shown = trimmed(text, trim, trimsBefore);
    if (shown !== '') pieces.push({ kind: 'text', text: shown });
    if (open < 0) break;
    const inside = open + 2 + (trimsBefore ? 1 : 0);
    const comment = commentAt(template, inside, trimsBefore);
    const action = comment ?? new ActionLexer(template, inside).read();
    if (comment === undefined) {
      pieces.push({ kind: 'action', tokens: (action as Action).tokens, source: template.slice(open, action.end) });
    }
    trim = action.trimsAfter;
    at = action.end;
  }
  return pieces;
}

interface Action {
  tokens: Token[];
  end: number;
  trimsAfter: boolean;
}

function trimmed(text: string, start: boolean, end: boolean): string {
  const from = start ? text.replace(/^[ \t\r\n]+/, '') : text;
  return end ? trimEnd(from) : from;
}

/** Not a regular expression, which would look at every run of blanks again and again. */
function trimEnd(text: string): string {
  let end = text.length;
  while (end > 0 && ' \t\r\n'.includes(text[end - 1] as string)) end--;
  return text.slice(0, end);
}

function commentAt(template: string, inside: number, marked: boolean): Omit<Action, 'tokens'> | undefined {
  const start = inside + (marked ? (/^[ \t\r\n]*/.exec(template.slice(inside))?.[0].length ?? 0) : 0);
  if (!template.startsWith('/*', start)) return undefined;
  const end = template.indexOf('*/', start + 2);
  if (end < 0) throw templateError('unclosed comment', 'end it with */}}');
  const closing = /^(?:[ \t\r\n]+-)?\}\}/.exec(template.slice(end + 2))?.[0];
  if (closing === undefined) throw templateError('a comment is not alone in its braces', 'write {{/* so */}}');
  return { end: end + 2 + closing.length, trimsAfter: closing.length > 2 };
}

const SIGN = /:=|[|()=,]/y;
const SIGNS: Readonly<Record<string, 'declare' | 'pipe' | 'open' | 'close' | 'assign' | 'comma'>> = {
  ':=': 'declare',
  '|': 'pipe',
  '(': 'open',
  ')': 'close',
  '=': 'assign',
  ',': 'comma',
};
const WORD = /[\p{L}\p{Nd}_]+/uy;
const SPACE = /[ \t\r\n]+/y;
const NUMBER =
  /[+-]?(?:0[xX][0-9a-fA-F_]+|0[bB][01_]+|0[oO][0-7_]+|[0-9][0-9_]*(?:\.[0-9_]*)?(?:[eE][+-]?[0-9_]+)?|\.[0-9][0-9_]*(?:[eE][+-]?[0-9_]+)?)/y;
/** What may stand behind a name: lex.go, atTerminator. */
const TERMINATOR = /[ \t\r\n.,|:()=]|-?\}\}|$/y;

class ActionLexer {
  private readonly tokens: Token[] = [];
  private apart = true;

  constructor(
    private readonly text: string,
    private at: number,
  ) {}

  read(): Action {
    for (;;) {
      const space = this.match(SPACE) !== undefined;
      this.apart = this.apart || space;
      if (space && this.text.startsWith('-}}', this.at)) return { tokens: this.tokens, end: this.at + 3, trimsAfter: true };
      if (this.text.startsWith('}}', this.at)) return { tokens: this.tokens, end: this.at + 2, trimsAfter: false };
      if (this.at >= this.text.length) throw templateError('unclosed action', 'end it with }}');
      this.readToken();
      this.apart = false;
    }
  }

  private readToken(): void {
    const at = this.at;
    const kind = this.kindAt(this.text[at] as string);
    this.tokens.push({ ...kind, at, source: this.text.slice(at, this.at), apart: this.apart });
  }

  /** Takes what stands here. */
  private kindAt(character: string): TokenKind {
    if (character === '"' || character === '`' || character === "'") return { kind: 'literal', value: this.quoted(character) };
    const sign = this.match(SIGN);
    if (sign !== undefined) return { kind: SIGNS[sign] as (typeof SIGNS)[string] };
    const number = this.match(NUMBER);
    if (number !== undefined) return { kind: 'literal', value: this.number(number) };
    const start = this.at;
    if (character === '.' || character === '$') this.at++;
    const name = this.match(WORD);
    if (name === undefined && this.at === start) throw this.unexpected(start);
    this.terminate(start);
    if (character === '$') return { kind: 'variable', name: `$${name ?? ''}` };
    if (character === '.') return name === undefined ? { kind: 'dot' } : { kind: 'field', name };
    return { kind: 'word', name: name as string };
  }

  private terminate(start: number): void {
    TERMINATOR.lastIndex = this.at;
    if (!TERMINATOR.test(this.text)) throw this.unexpected(start);
  }

  private quoted(quote: string): string | number {
    const start = this.at;
    let end = start + 1;
    while (end < this.text.length && this.text[end] !== quote) {
      if (quote !== '`' && this.text[end] === '\n') break;
      end += quote !== '`' && this.text[end] === '\\' ? 2 : 1;
    }
    if (this.text[end] !== quote)
      throw templateError(`unterminated quoted text ${excerpt(this.text.slice(start))}`, `end it with ${quote}`);
    this.at = end + 1;
    const inside = this.text.slice(start + 1, end);
    if (quote === '`') return inside.replaceAll('\r', '');
    const text = unquoted(inside);
    if (text === undefined) throw templateError(`bad escape in ${excerpt(this.text.slice(start, this.at))}`, 'write \\\\ for a backslash');
    if (quote === '"') return text;
    const [rune, ...others] = [...text];
    if (rune === undefined || others.length > 0)
      throw templateError(`malformed character constant '${excerpt(inside)}'`, 'quote text with "…"');
    return rune.codePointAt(0) as number;
  }

  private number(source: string): number | Float {
    WORD.lastIndex = this.at;
    const digits = source.replaceAll('_', '').replace(/^[+-]/, '');
    const sign = source.startsWith('-') ? -1 : 1;
    const octal = /^0[0-7]+$/.test(digits);
    const isFloat = !/^0[xXbBoO]/.test(digits) && /[.eE]/.test(digits);
    const value = sign * Number(octal ? `0o${digits.slice(1)}` : digits);
    if (WORD.test(this.text) || !Number.isFinite(value))
      throw templateError(`bad number syntax: ${excerpt(this.text.slice(this.at - source.length))}`);
    if (isFloat) return new Float(value);
    if (!Number.isSafeInteger(value)) throw templateError(`the number ${excerpt(source)} is too large`);
    return value + 0; // not -0
  }

  private match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text)?.[0];
    if (found !== undefined) this.at += found.length;
    return found === '' ? undefined : found;
  }

  private unexpected(start: number): Error {
    const character = String.fromCodePoint(this.text.codePointAt(this.at) ?? 32);
    return templateError(`unexpected ${JSON.stringify(character)} in ${excerpt(this.text.slice(start, this.at + character.length))}`);
  }
}

const ESCAPES: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  "'": "'",
  '"': '"',
};

/** Go's strconv.Unquote, between the quotes. Undefined when an escape is none. */
function unquoted(text: string): string | undefined {
  let bad = false;
  const result = text.replace(
    /\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})|([abfnrtv\\'"])|(.|$))/gs,
    (_, two, four, eight, octal, one) => {
      if (one !== undefined) return ESCAPES[one] as string;
      const code = Number.parseInt(two ?? four ?? eight ?? octal ?? 'x', octal === undefined ? 16 : 8);
      bad ||= Number.isNaN(code) || code > 0x10ffff || (code >= 0xd800 && code < 0xe000) || (octal !== undefined && code > 255);
      return bad ? '' : String.fromCodePoint(code);
    },
  );
  return bad ? undefined : result;
}
