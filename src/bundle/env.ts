/** The container's environment: the caller's (--env-host) < defaults < image < --env-file < -e. Values of the caller's own variables are slots, never text. */
import { TsrunError } from '../errors.js';
import { slot } from '../plan/slot.js';
import { checkText } from './check.js';
import type { EnvEntry } from './env-file.js';

export const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

export interface EnvInput {
  /** image-spec `config.Env` */
  image: readonly string[];
  /** Entries of all `--env-file`s, in order. */
  files: readonly EnvEntry[];
  /** `-e`: `NAME=value` or `NAME` */
  options: readonly string[];
  /** Names set in the caller's environment. */
  callerNames: ReadonlySet<string>;
  /** Of the run user, unless something above says otherwise. */
  home: string;
  /** May be a slot. */
  hostname: string;
  terminal: boolean;
  /** `--env-host`, `--http-proxy`: names of the caller's that are copied, below all others. */
  host?: readonly string[];
  /** `--unsetenv`: not the image's, nor tsrun's own. */
  unset?: readonly string[] | 'all';
  /** `--tz`: TZ in place of the image's; without a value there is none. */
  timezone?: { value: string | undefined };
}

/**
 * @returns `NAME=value` in order of first appearance
 * @throws ERR_TSRUN_USAGE for a bad -e, ERR_TSRUN_CONFIG_INVALID for a bad variable of the image
 */
export function buildEnv(input: EnvInput): string[] {
  const variables = new Map<string, string>();
  const copy = (name: string) => variables.set(name, callerValue(name));
  for (const name of input.host ?? []) if (input.callerNames.has(name) && isCopied(name)) copy(name);
  variables.set('PATH', DEFAULT_PATH);
  variables.set('HOSTNAME', input.hostname);
  variables.set('container', 'tsrun');
  if (input.terminal) variables.set('TERM', input.callerNames.has('TERM') ? callerValue('TERM') : 'xterm');
  variables.set('HOME', input.home);
  for (const text of input.image) {
    const [name, value] = splitImageVariable(text);
    variables.set(name, value);
  }
  for (const name of input.unset === 'all' ? [...variables.keys()] : (input.unset ?? [])) variables.delete(name);
  if (input.timezone?.value !== undefined) variables.set('TZ', input.timezone.value);
  else if (input.timezone) variables.delete('TZ');
  for (const { name, value } of input.files) {
    // In a file, a name that the caller has not set says nothing (docker).
    if (value !== undefined) variables.set(name, value);
    else if (input.callerNames.has(name)) copy(name);
  }
  for (const text of input.options) {
    const { name, value } = parseEnvOption(text);
    if (value !== undefined) variables.set(name, value);
    else if (input.callerNames.has(name)) copy(name);
    else variables.delete(name); // docker: also takes the image's value away
  }
  return [...variables].map(([name, value]) => `${name}=${value}`);
}

/** `-e NAME=value` or `-e NAME`. @throws ERR_TSRUN_USAGE */
function parseEnvOption(text: string): EnvEntry {
  checkText(text, 'a value of --env', 'ERR_TSRUN_USAGE');
  const at = text.indexOf('=');
  const name = at < 0 ? text : text.slice(0, at);
  if (name === '') {
    throw new TsrunError('ERR_TSRUN_USAGE', `--env ${JSON.stringify(text)} has no variable name`, {
      subject: text,
      hint: 'write --env NAME=value',
    });
  }
  return at < 0 ? { name } : { name, value: text.slice(at + 1) };
}

function splitImageVariable(text: string): [string, string] {
  const at = checkText(text, 'a variable of the image').indexOf('=');
  if (at > 0) return [text.slice(0, at), text.slice(at + 1)];
  if (at < 0 && text !== '') return [text, ''];
  throw new TsrunError('ERR_TSRUN_CONFIG_INVALID', 'the image has a variable without a name', {
    subject: text,
    hint: 'use another image, or correct Env in its config',
  });
}

/** A slot's name ends at a brace. */
function isCopied(name: string): boolean {
  return /^[^{}\\]+$/.test(name);
}

function callerValue(name: string): string {
  if (isCopied(name)) return slot(`env:${name}`);
  throw new TsrunError('ERR_TSRUN_USAGE', `the variable ${JSON.stringify(name)} cannot be copied: its name has a brace or backslash`, {
    subject: name,
    hint: 'give its value: --env NAME=value',
  });
}
