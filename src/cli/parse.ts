/**
 * The command line by docker's rules (Go's pflag): flags end at the first argument when the verb says so, `--flag=value`, `--flag value`,
 * bundles of letters (`-it`, `-eNAME=value`, `-e=value`), `--flag=false`, `--`. What follows the first argument is passed on untouched.
 * (oclif's own parser reads flags behind the image's name and sorts repeated arguments together.)
 */
import { TsrunError } from '../errors.js';
import { nearest } from '../nearest.js';
import { camelCase, type Flag, type Flags, type Values } from './flags/flag.js';
import type { WithoutEffect } from './flags/no-effect.js';
import type { Verb } from './verb.js';

export interface Parsed<F extends Flags> {
  values: Values<F>;
  args: string[];
  /** The first thing that is wrong; what could be read is there all the same, so that `--json` and `--help` count. */
  failure?: TsrunError;
  /** What was said and changes nothing. */
  notes?: string[];
}

/** Reads the words behind the verb. Never throws. */
export function parse<V extends Verb>(verb: V, words: readonly string[]): Parsed<V['flags']> {
  const reader = new Reader(verb, words);
  reader.readAll();
  const values = { ...defaultsOf(verb.flags), ...reader.values } as Values<V['flags']>;
  const failure = reader.failure ?? ('help' in reader.values ? undefined : wrongCount(verb, reader.args));
  return {
    values,
    args: reader.args,
    ...(failure === undefined ? {} : { failure }),
    ...(reader.notes.length > 0 ? { notes: reader.notes } : {}),
  };
}

class Reader {
  readonly values: Record<string, unknown> = {};
  readonly args: string[] = [];
  readonly notes: string[] = [];
  failure: TsrunError | undefined;
  private next = 0;

  constructor(
    private readonly verb: Verb,
    private readonly words: readonly string[],
  ) {}

  readAll(): void {
    for (let word = this.take(); word !== undefined; word = this.take()) {
      if (word.startsWith('--') && word !== '--') this.readLong(word.slice(2));
      else if (word.startsWith('-') && word !== '-' && word !== '--') this.readLetters(word.slice(1));
      else if (word !== '--') this.args.push(word);
      if (word === '--' || (this.args.length > 0 && !this.verb.interspersed)) this.takeRest();
    }
  }

  private take(): string | undefined {
    return this.words[this.next++];
  }

  private takeRest(): void {
    for (const word of this.words.slice(this.next)) this.args.push(word);
    this.next = this.words.length;
  }

  private readLong(text: string): void {
    const [, name = '', value] = /^([^=]*)(?:=(.*))?$/s.exec(text) ?? [];
    const [known = name, flag] = this.find(name);
    const silent = Object.hasOwn(this.verb.withoutEffect ?? {}, name) ? this.verb.withoutEffect?.[name] : undefined;
    if (name === '' || name.startsWith('-')) this.fail(`bad flag syntax: --${text}`);
    else if (silent !== undefined) this.accept(name, silent, value ?? (silent.type === 'boolean' ? 'true' : this.take()), `--${name}`);
    else if (flag === undefined) this.unknown(name);
    else if (value !== undefined) this.set(known, flag, value);
    else if (flag.type === 'boolean') this.set(known, flag, 'true');
    else this.setNext(known, flag, `--${name}`);
  }

  private find(name: string): [name: string, flag: Flag] | [] {
    const { flags } = this.verb;
    if (Object.hasOwn(flags, name)) return [name, flags[name] as Flag];
    return Object.entries(flags).find(([, { aliases }]) => aliases?.includes(name)) ?? [];
  }

  private accept(name: string, { type, values, note }: WithoutEffect, value: string | undefined, spelled: string): void {
    const said = type === 'boolean' ? BOOLEANS[value ?? ''] : value;
    if (value === undefined) this.fail(`flag needs an argument: ${spelled}`);
    else if (said === undefined) this.fail(`invalid argument "${value}" for "${spelled}" flag: must be true or false`);
    else if (values === undefined || values.includes(String(said))) this.notes.push(`${spelled} has no effect: ${note}`);
    else this.unsupported(`--${name}${type === 'boolean' && said ? '' : `=${value}`}`);
  }

  /** pflag's parseSingleShortArg, letter by letter: `=` needs at least one character behind it. */
  private readLetters(letters: string): void {
    for (let rest = letters; rest !== ''; ) {
      const char = String.fromCodePoint(rest.codePointAt(0) as number);
      const behind = rest.slice(char.length);
      const [name = '', flag] = Object.entries(this.verb.flags).find(([, candidate]) => candidate.char === char) ?? [];
      const assigned = behind.length > 1 && behind.startsWith('=');
      const [silent, words] = Object.entries(this.verb.withoutEffect ?? {}).find(([, candidate]) => candidate.char === char) ?? [];
      rest = flag?.type === 'boolean' && !assigned ? behind : '';
      if (silent !== undefined && words !== undefined)
        this.accept(silent, words, (assigned ? behind.slice(1) : behind) || this.take(), `-${char}`);
      else if (flag === undefined) this.unknownLetter(char, letters);
      else if (assigned) this.set(name, flag, behind.slice(1));
      else if (flag.type === 'boolean') this.set(name, flag, 'true');
      else if (behind !== '') this.set(name, flag, behind);
      else this.setNext(name, flag, `'${char}' in -${letters}`);
    }
  }

  private setNext(name: string, flag: Flag, spelled: string): void {
    const value = this.take();
    if (value === undefined) this.fail(`flag needs an argument: ${spelled}`);
    else this.set(name, flag, value);
  }

  private set(name: string, flag: Flag, text: string): void {
    const key = camelCase(name);
    try {
      const value = parseValue(flag, text);
      if (flag.type !== 'strings') this.values[key] = value;
      else this.values[key] = [...((this.values[key] as unknown[] | undefined) ?? []), value];
    } catch (cause) {
      const spelled = flag.char === undefined ? `--${name}` : `-${flag.char}, --${name}`;
      this.fail(`invalid argument "${text}" for "${spelled}" flag: ${(cause as Error).message}`);
    }
  }

  private unknown(name: string): void {
    const near = nearest(name, Object.keys(this.verb.flags));
    if (this.verb.later !== undefined && Object.hasOwn(this.verb.later, name)) this.unsupported(`--${name}`);
    else this.fail(`unknown flag: --${name}`, near === undefined ? undefined : `Did you mean --${near}?`);
  }

  private unknownLetter(char: string, letters: string): void {
    const later = Object.entries(this.verb.later ?? {}).find(([, letter]) => letter === char)?.[0];
    if (later === undefined) this.fail(`unknown shorthand flag: '${char}' in -${letters}`);
    else this.unsupported(`-${char} (--${later})`);
  }

  private unsupported(spelled: string): void {
    this.failure ??= new TsrunError('ERR_TSRUN_UNSUPPORTED', `${nameOf(this.verb)} has no ${spelled} yet`, { hint: seeHelp(this.verb) });
  }

  private fail(message: string, hint = seeHelp(this.verb)): void {
    this.failure ??= new TsrunError('ERR_TSRUN_USAGE', message, { hint });
  }
}

/** Go's strconv.ParseBool. */
const BOOLEANS: Readonly<Record<string, boolean>> = Object.assign(
  Object.create(null),
  Object.fromEntries(['1', 't', 'T', 'true', 'TRUE', 'True'].map((text) => [text, true])),
  Object.fromEntries(['0', 'f', 'F', 'false', 'FALSE', 'False'].map((text) => [text, false])),
);

function parseValue(flag: Flag, text: string): unknown {
  if (flag.type === 'boolean') {
    const value = BOOLEANS[text];
    if (value === undefined) throw new Error('must be true or false');
    return value;
  }
  if (flag.values !== undefined && !flag.values.includes(text)) throw new Error(`must be ${listed(flag.values)}`);
  return flag.parse === undefined ? text : flag.parse(text);
}

function listed(values: readonly string[]): string {
  return values.length < 2 ? values.join() : `${values.slice(0, -1).join(', ')} or ${values.at(-1)}`;
}

function defaultsOf(flags: Flags): Record<string, unknown> {
  const given = Object.entries(flags).filter(([, flag]) => flag.default !== undefined);
  return Object.fromEntries(given.map(([name, flag]) => [camelCase(name), flag.default]));
}

function wrongCount(verb: Verb, args: readonly string[]): TsrunError | undefined {
  const required = verb.args.filter((arg) => arg.required).length;
  const most = verb.args.some((arg) => arg.many) ? Number.POSITIVE_INFINITY : verb.args.length;
  if (args.length >= required && args.length <= most) return undefined;
  const missing = verb.args[args.length]?.name;
  const message =
    args.length < required
      ? `${nameOf(verb)} needs ${missing === undefined ? 'more arguments' : /^[AEIOU]/.test(missing) ? `an ${missing}` : `a ${missing}`}`
      : `${nameOf(verb)} takes ${most === 0 ? 'no arguments' : `at most ${most} argument${most === 1 ? '' : 's'}`}, not "${args[most]}"`;
  return new TsrunError('ERR_TSRUN_USAGE', message, { hint: seeHelp(verb) });
}

function seeHelp(verb: Verb): string {
  return `see \`${nameOf(verb)} --help\``;
}

function nameOf(verb: Verb): string {
  return `tsrun ${verb.name}`.trimEnd();
}
