/** `--security-opt`: docker's and podman's words. What confines and cannot be done is refused; what asks for less is what there is. Pure. */
import { posix } from 'node:path';
import { TsrunError } from '../errors.js';
import { nearest } from '../nearest.js';
import { type AskedLabel, LABEL_WORDS } from '../security/selinux.js';
import { checkText } from './check.js';

export interface SecurityOptions {
  noNewPrivileges?: boolean;
  seccomp?: 'default' | 'unconfined' | { file: string };
  /** The name of a profile that the host's AppArmor knows, or `unconfined`. */
  apparmor?: string;
  /** An SELinux context of its own, with these parts; `disable`: none. */
  label?: 'disable' | AskedLabel;
  /** Paths of the container that it does not see. */
  mask: string[];
  /** Patterns of paths that it does, and may write; `*` for all. */
  unmask: string[];
}

const WORDS = ['no-new-privileges', 'seccomp', 'apparmor', 'label', 'mask', 'unmask', 'systempaths'];
const PROFILE_LIMIT = 1000;
const ELSEWHERE: Readonly<Record<string, string>> = {
  'proc-opts': 'options of /proc are not supported',
  'writable-cgroups': 'a container’s cgroups are read-only',
  credentialspec: 'it is for Windows',
};

/** @throws ERR_TSRUN_USAGE, ERR_TSRUN_UNSUPPORTED */
export function parseSecurityOptions(texts: readonly string[]): SecurityOptions {
  const options: SecurityOptions = { mask: [], unmask: [] };
  for (const text of texts) read(checkText(text, 'a value of --security-opt', 'ERR_TSRUN_USAGE'), options);
  return options;
}

/** docker's old separator is a colon. */
function read(text: string, options: SecurityOptions): void {
  const at = text.search(text.includes('=') ? /=/ : /:/);
  const [name, value] = at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
  switch (name) {
    case 'no-new-privileges':
      options.noNewPrivileges = value === undefined || truth(value, text);
      return;
    case 'seccomp':
      options.seccomp = seccompOf(needed(value, text));
      return;
    case 'systempaths':
      if (value !== 'unconfined') throw wrong(text, 'it knows one value', 'write systempaths=unconfined');
      options.unmask.push('*');
      return;
    case 'mask':
      options.mask.push(...paths(needed(value, text), text));
      return;
    case 'unmask':
      options.unmask.push(...(/^all$/i.test(value ?? '') ? ['*'] : paths(needed(value, text), text)));
      return;
    case 'apparmor':
      options.apparmor = profile(needed(value, text), text);
      return;
    case 'label':
      options.label = label(needed(value, text), options.label, text);
      return;
    default:
      throw unknown(name, text);
  }
}

function seccompOf(value: string): NonNullable<SecurityOptions['seccomp']> {
  return value === 'unconfined' || value === 'default' ? value : { file: value };
}

/** The kernel takes the name behind a word and a space, and cuts off what is too long. */
function profile(name: string, text: string): string {
  if (name === name.trim() && !/\p{Cc}/u.test(name) && Buffer.byteLength(name) <= PROFILE_LIMIT) return name;
  throw wrong(text, 'no profile can have such a name', 'write apparmor=NAME, as aa-status shows it, or apparmor=unconfined');
}

/** Each option says one part; the level has colons of its own. */
function label(value: string, before: SecurityOptions['label'], text: string): NonNullable<SecurityOptions['label']> {
  const [, word = value, part = ''] = /^(\w+):(.*)$/s.exec(value) ?? [];
  if (word === 'nested') throw unsupported(text, 'a container cannot give labels itself', 'leave it out');
  const known = LABEL_WORDS.find((each) => each === word);
  if (value !== 'disable' && (known === undefined || !isPart(part, known)))
    throw wrong(text, 'it is no part of a label', `write label=disable, or ${LABEL_WORDS.map((each) => `label=${each}:…`).join(', ')}`);
  if (before !== undefined && (before === 'disable') !== (known === undefined))
    throw wrong(text, 'a label is either disabled or chosen', 'leave out label=disable, or the other parts');
  return known === undefined || before === 'disable' ? 'disable' : { ...before, [known]: part };
}

function isPart(text: string, word: string): boolean {
  return Buffer.byteLength(text) <= PROFILE_LIMIT && (word === 'level' ? /^[\w:.,-]+$/ : /^[\w.-]+$/).test(text);
}

/** Go's strconv.ParseBool. */
function truth(value: string, text: string): boolean {
  if (/^(1|t|T|TRUE|true|True)$/.test(value)) return true;
  if (/^(0|f|F|FALSE|false|False)$/.test(value)) return false;
  throw wrong(text, `${JSON.stringify(value)} is neither true nor false`, 'write no-new-privileges, or no-new-privileges=false');
}

function needed(value: string | undefined, text: string): string {
  if (value !== undefined && value !== '') return value;
  throw wrong(text, 'it has no value', 'write NAME=VALUE');
}

function paths(value: string, text: string): string[] {
  return value.split(':').map((path) => {
    if (!path.startsWith('/')) throw wrong(text, `${JSON.stringify(path)} is not an absolute path`, 'give paths of the container');
    return posix.normalize(path.replace(/^\/+/, '/')).replace(/(.)\/$/, '$1');
  });
}

/** As the shell's patterns, within a component of the path. */
export function isUnmasked(path: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) => {
    if (pattern === '*') return true;
    const escaped = pattern.replace(/[.+^${}()|[\]\\]/g, '\\$&');
    return new RegExp(`^${escaped.replaceAll('*', '[^/]*').replaceAll('?', '[^/]')}$`).test(path);
  });
}

function unknown(name: string, text: string): TsrunError {
  const known = Object.hasOwn(ELSEWHERE, name) ? ELSEWHERE[name] : undefined;
  if (known !== undefined) return unsupported(text, known, 'leave it out');
  const meant = nearest(name, WORDS);
  return wrong(text, 'there is no such option', meant === undefined ? `use ${WORDS.join(', ')}` : `did you mean ${meant}?`);
}

function wrong(text: string, what: string, hint: string): TsrunError {
  return new TsrunError('ERR_TSRUN_USAGE', `--security-opt ${text}: ${what}`, { subject: text, hint });
}

function unsupported(text: string, what: string, hint: string): TsrunError {
  return new TsrunError('ERR_TSRUN_UNSUPPORTED', `--security-opt ${text}: ${what}`, { subject: text, hint });
}
