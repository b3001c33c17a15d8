/** Go's fmt.Sprint, Sprintln and Sprintf, for the values that a template has. */
import { format, formatFloat, goExponent, goQuote, quotedCharacter } from './print.js';
import { Float, GoMap, isSlice, Struct, typeOf, type Value } from './value.js';

/** A blank between operands when neither is a text. */
export function sprint(values: readonly Value[]): string {
  return values
    .map((value, index) => {
      const before = values[index - 1];
      const apart = index > 0 && typeof value !== 'string' && typeof before !== 'string';
      return `${apart ? ' ' : ''}${format(value, String)}`;
    })
    .join('');
}

export function sprintln(values: readonly Value[]): string {
  return `${values.map((value) => format(value, String)).join(' ')}\n`;
}

interface Spec {
  verb: string;
  minus: boolean;
  plus: boolean;
  sharp: boolean;
  space: boolean;
  zero: boolean;
  width: number | undefined;
  precision: number | undefined;
}

/** Go refuses wider ones with BADWIDTH; nobody's table is a million columns wide. */
const WIDEST = 10_000;
const DIRECTIVE = /%([-+# 0]*)(\[\d+\])?(\*|\d+)?(?:(\.)(\[\d+\])?(\*|\d+)?)?(\[\d+\])?(.|\n|$)/su;

export function sprintf(template: string, values: readonly Value[]): string {
  const operands = new Operands(values);
  let result = '';
  for (let rest = template; rest !== ''; ) {
    const start = rest.indexOf('%');
    result += start < 0 ? rest : rest.slice(0, start);
    if (start < 0) break;
    const directive = DIRECTIVE.exec(rest.slice(start)) as RegExpExecArray;
    rest = rest.slice(start + directive[0].length);
    result += directed(directive, operands);
  }
  return result + operands.extra();
}

/** The operands of one call, and which is next. */
class Operands {
  private next = 0;
  private reordered = false;
  private bad = false;

  constructor(private readonly values: readonly Value[]) {}

  /** `[n]` */
  jump(index: string | undefined): void {
    this.bad = false;
    if (index === undefined) return;
    this.reordered = true;
    const wanted = Number(index.slice(1, -1)) - 1;
    this.bad = wanted < 0 || wanted >= this.values.length;
    if (!this.bad) this.next = wanted;
  }

  /** For a width or a precision that is `*`. */
  number(): number | undefined {
    const value = this.values[this.next++];
    return typeof value === 'number' && Math.abs(value) <= WIDEST ? value : undefined;
  }

  /** Undefined without one; then `problem` says what Go prints. */
  take(): { value: Value } | { problem: string } {
    if (this.bad) return { problem: 'BADINDEX' };
    if (this.next >= this.values.length) return { problem: 'MISSING' };
    return { value: this.values[this.next++] };
  }

  extra(): string {
    if (this.reordered || this.next >= this.values.length) return '';
    const shown = this.values
      .slice(this.next)
      .map((value) => (value === undefined || value === null ? '<nil>' : `${typeOf(value)}=${format(value, String)}`));
    return `%!(EXTRA ${shown.join(', ')})`;
  }
}

function directed(directive: RegExpExecArray, operands: Operands): string {
  const [, flags = '', first, width, point, second, precision, third, verb = ''] = directive;
  operands.jump(width === '*' || third === undefined ? (first ?? undefined) : first);
  let bad = '';
  const measure = (text: string | undefined, name: string) => {
    if (text === undefined) return undefined;
    const value = text === '*' ? operands.number() : Number(text);
    if (value === undefined || value > WIDEST) bad += `%!(BAD${name})`;
    return value === undefined || value > WIDEST ? undefined : value;
  };
  const wide = measure(width, 'WIDTH');
  if (second !== undefined) operands.jump(second);
  const precise = point === undefined ? undefined : (measure(precision, 'PREC') ?? (precision === '*' ? undefined : 0));
  if (third !== undefined) operands.jump(third);
  if (verb === '') return `${bad}%!(NOVERB)`;
  if (verb === '%') return `${bad}%`;
  const minus = flags.includes('-') || (wide !== undefined && wide < 0);
  const spec: Spec = {
    verb,
    minus,
    plus: flags.includes('+'),
    sharp: flags.includes('#'),
    space: flags.includes(' '),
    zero: flags.includes('0') && !minus,
    width: wide === undefined ? undefined : Math.abs(wide),
    precision: precise === undefined || precise < 0 ? undefined : precise,
  };
  const operand = operands.take();
  return bad + ('problem' in operand ? `%!${verb}(${operand.problem})` : verbOf(spec, operand.value));
}

function verbOf(spec: Spec, value: Value): string {
  const { verb } = spec;
  if (verb === 'T') return padded(spec, value === undefined || value === null ? '<nil>' : typeOf(value));
  if (value === undefined || value === null) return verb === 'v' ? padded(spec, '<nil>') : `%!${verb}(<nil>)`;
  if (isSlice(value)) return `[${value.map((each) => verbOf(spec, each)).join(' ')}]`;
  if (value instanceof GoMap)
    return `map[${value
      .keys()
      .map((key) => `${verbOf(spec, key)}:${verbOf(spec, value.get(key))}`)
      .join(' ')}]`;
  if (value instanceof Struct) return structOf(spec, value);
  const text =
    typeof value === 'string'
      ? textVerb(spec, value)
      : typeof value === 'number'
        ? integerVerb(spec, value)
        : value instanceof Float
          ? floatVerb(spec, value.value)
          : verb === 'v' || verb === 't'
            ? padded(spec, String(value))
            : undefined;
  return text ?? `%!${verb}(${typeOf(value)}=${format(value, String)})`;
}

function structOf(spec: Spec, value: Struct): string {
  const named = spec.plus && spec.verb === 'v';
  return `{${value.fields.map((field) => `${named ? `${field}:` : ''}${verbOf(spec, value.get(field))}`).join(' ')}}`;
}

function textVerb(spec: Spec, value: string): string | undefined {
  const text = spec.precision === undefined ? value : [...value].slice(0, spec.precision).join('');
  switch (spec.verb) {
    case 's':
      return padded(spec, text);
    case 'v':
      return padded(spec, spec.sharp ? goQuote(text) : text);
    case 'q':
      return padded(spec, spec.sharp && !/[`\p{Cc}]/u.test(text) ? `\`${text}\`` : goQuote(text));
    case 'x':
    case 'X': {
      const bytes = [...Buffer.from(value).subarray(0, spec.precision)].map((byte) => byte.toString(16).padStart(2, '0'));
      const digits = bytes.join(spec.space ? ' ' : '');
      return padded(spec, `${spec.sharp && digits !== '' ? '0x' : ''}${digits}`, spec.verb === 'X');
    }
    default:
      return undefined;
  }
}

const BASES: Readonly<Record<string, readonly [base: number, prefix: string]>> = {
  d: [10, ''],
  v: [10, ''],
  b: [2, '0b'],
  o: [8, '0'],
  O: [8, '0o'],
  x: [16, '0x'],
  X: [16, '0x'],
};

function integerVerb(spec: Spec, value: number): string | undefined {
  const { verb, precision, sharp } = spec;
  if (verb === 'c' || verb === 'q' || verb === 'U') {
    const character = value >= 0 && value <= 0x10ffff && !(value >= 0xd800 && value < 0xe000) ? String.fromCodePoint(value) : '\ufffd';
    if (verb === 'U') return padded(spec, `U+${Math.max(0, value).toString(16).toUpperCase().padStart(4, '0')}`);
    return padded({ ...spec, zero: false }, verb === 'c' ? character : `'${quotedCharacter(character, "'")}'`);
  }
  const [base, prefix] = BASES[verb] ?? [];
  if (base === undefined || prefix === undefined) return undefined;
  const digits = Math.abs(value)
    .toString(base)
    .padStart(precision ?? 1, '0');
  const shown = precision === 0 && value === 0 ? '' : `${sharp || verb === 'O' ? prefix : ''}${digits}`;
  return signed(precision === undefined ? spec : { ...spec, zero: false }, value < 0, shown, verb === 'X');
}

function floatVerb(spec: Spec, value: number): string | undefined {
  const { verb, precision } = spec;
  const size = Math.abs(value);
  const upper = verb === 'E' || verb === 'G';
  switch (verb) {
    case 'v':
    case 'g':
    case 'G':
      return signed(spec, value < 0, formatFloat(size, precision), upper);
    case 'f':
    case 'F':
      return signed(spec, value < 0, fixed(size, Math.min(60, precision ?? 6)), false);
    case 'e':
    case 'E': {
      const [mantissa = '', exponent = '0'] = size.toExponential(Math.min(100, precision ?? 6)).split('e');
      return signed(spec, value < 0, `${mantissa}e${goExponent(Number(exponent))}`, upper);
    }
    default:
      return undefined;
  }
}

/** Half to even, as Go; toFixed, which is exact otherwise, rounds a tie up. */
function fixed(value: number, digits: number): string {
  if (value >= 1e21) return `${BigInt(Math.round(value))}${digits > 0 ? `.${'0'.repeat(digits)}` : ''}`;
  const rounded = value.toFixed(digits);
  const exact = value.toFixed(100);
  const cut = exact.slice(0, exact.indexOf('.') + 1 + digits).replace(/\.$/, '');
  const tie = /^\.?50*$/.test(exact.slice(cut.length)) && /[02468]$/.test(cut);
  return tie ? cut : rounded;
}

/** Zeros stand behind the sign. */
function signed(spec: Spec, negative: boolean, digits: string, upper: boolean): string {
  const sign = negative ? '-' : spec.plus ? '+' : spec.space ? ' ' : '';
  const filled = spec.zero ? digits.padStart((spec.width ?? 0) - sign.length, '0') : digits;
  return padded({ ...spec, zero: false }, sign + filled, upper);
}

/** The width counts characters, not UTF-16 units. */
function padded({ width = 0, minus, zero }: Spec, text: string, upper = false): string {
  const fill = (zero ? '0' : ' ').repeat(Math.max(0, width - [...text].length));
  const shown = upper ? text.toUpperCase() : text;
  return minus ? shown + fill : fill + shown;
}
