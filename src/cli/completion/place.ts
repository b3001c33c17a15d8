/** Where on a command line of ours the cursor stands, by the rules of parse.ts. Pure. */
import type { Completed, Flag } from '../flags/flag.js';
import { LEADING } from '../flags/leading.js';
import type { Verb } from '../verb.js';
import { findVerb, isTopic } from '../verbs.js';

/** What the word under the cursor is. */
export type Place =
  /** The word behind these of a verb's name: none yet, or a topic. */
  | { what: 'verb'; behind: string }
  | { what: 'flag'; verb: Verb; given: ReadonlySet<string> }
  /** What is typed of the value, and what stands before it in the same word: `--pull=`, `-s`. */
  | { what: 'value'; flag: Flag; before: string; text: string }
  | { what: 'argument'; verb: Verb; complete: Completed | undefined; others: readonly string[] }
  | { what: 'nothing' };

export interface Located {
  place: Place;
  /** What was given before, for where the store is. */
  roots: Roots;
}

export interface Roots {
  root?: string;
  runRoot?: string;
}

/** @param words behind `tsrun`, up to the one under the cursor @param current that one, up to the cursor */
export function locate(words: readonly string[], current: string): Located {
  const front = walk(LEADING, words);
  if (front.args.length === 0) return { place: placeIn(LEADING, front, current), roots: front.roots };
  const [first = '', second] = front.args;
  const length = [2, 1].find((count) => front.args.length >= count && findVerb(front.args.slice(0, count).join(' ')) !== undefined);
  const verb = length === undefined ? undefined : findVerb(front.args.slice(0, length).join(' '));
  if (verb === undefined || length === undefined) {
    const open = isTopic(first) && second === undefined && !current.startsWith('-');
    return { place: open ? { what: 'verb', behind: first } : { what: 'nothing' }, roots: front.roots };
  }
  const walked = walk(verb, front.args.slice(length));
  return { place: placeIn(verb, walked, current), roots: { ...front.roots, ...walked.roots } };
}

interface Walked {
  args: string[];
  /** The flag that takes the next word. */
  waiting: Flag | undefined;
  /** Flags have ended. */
  ended: boolean;
  given: Set<string>;
  roots: Roots;
}

function walk(verb: Verb, words: readonly string[]): Walked {
  const walked: Walked = { args: [], waiting: undefined, ended: false, given: new Set(), roots: {} };
  let name = '';
  for (const word of words) {
    const { waiting } = walked;
    walked.waiting = undefined;
    if (waiting !== undefined) note(walked, name, word);
    else if (walked.ended || !isFlag(word)) walked.args.push(word);
    else if (word === '--') walked.ended = true;
    else {
      const found = word.startsWith('--') ? longFlag(verb, word) : lastLetter(verb, word, walked.given);
      name = found?.name ?? '';
      walked.given.add(name);
      if (found?.text !== undefined) note(walked, name, found.text);
      else if (found?.flag.type !== 'boolean') walked.waiting = found?.flag;
    }
    if (walked.args.length > 0 && !verb.interspersed) walked.ended = true;
  }
  return walked;
}

function isFlag(word: string): boolean {
  return word.startsWith('-') && word !== '-';
}

function note({ roots }: Walked, name: string, text: string): void {
  if (name === 'root') roots.root = text;
  if (name === 'run-root') roots.runRoot = text;
}

interface Found {
  name: string;
  flag: Flag;
  /** What stands before the value in this word; with `text` alone. */
  before: string;
  /** The value, when it is in this word. */
  text?: string;
}

function longFlag(verb: Verb, word: string): Found | undefined {
  const [, name = '', value] = /^--([^=]*)(?:=(.*))?$/s.exec(word) ?? [];
  if (!Object.hasOwn(verb.flags, name)) return undefined;
  return { name, flag: verb.flags[name] as Flag, before: `--${name}=`, ...(value === undefined ? {} : { text: value }) };
}

/** The last one of `-it`, or the first that takes a value: `-itv ./src:/src`, `-sKILL`, `-s=KILL`. */
function lastLetter(verb: Verb, word: string, given: Set<string>): Found | undefined {
  let found: Found | undefined;
  for (let at = 1; at < word.length; at++) {
    const [name = '', flag] = Object.entries(verb.flags).find(([, { char }]) => char === word[at]) ?? [];
    if (flag === undefined) return undefined;
    const assigned = word[at + 1] === '=' ? 1 : 0;
    const before = word.slice(0, at + 1 + assigned);
    found = { name, flag, before };
    given.add(name);
    if ((flag.type !== 'boolean' || assigned > 0) && at + 1 < word.length) return { ...found, text: word.slice(before.length) };
  }
  return found;
}

function placeIn(verb: Verb, { args, waiting, ended, given }: Walked, current: string): Place {
  if (waiting !== undefined) return { what: 'value', flag: waiting, before: '', text: current };
  if (!ended && current.startsWith('-')) {
    const found = current.startsWith('--') ? longFlag(verb, current) : lastLetter(verb, current, new Set());
    if (found?.text !== undefined) return { what: 'value', flag: found.flag, before: found.before, text: found.text };
    return { what: 'flag', verb, given };
  }
  if (verb === LEADING) return { what: 'verb', behind: '' };
  const last = verb.args.at(-1);
  const arg = verb.args[args.length] ?? (last?.many ? last : undefined);
  // What a container or a bundle is to run is completed as the shell completes any word.
  const ours = arg === undefined ? 'nothing' : (arg.complete ?? (!verb.interspersed && args.length > 0 ? 'file' : 'nothing'));
  return { what: 'argument', verb, complete: ours, others: args };
}
