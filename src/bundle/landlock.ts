/** `--landlock write=PATH` and `--landlock exec=PATH`, each as often as there are paths. Pure. */
import { posix } from 'node:path';
import { TsrunError } from '../errors.js';
import type { LandlockRules } from '../security/landlock.js';
import type { Mount } from '../spec/runtime.js';
import { checkText } from './check.js';

/** `write=` alone: nothing is writable. @throws ERR_TSRUN_USAGE */
export function parseLandlock(texts: readonly string[]): LandlockRules | undefined {
  const asked = texts.map(parseRule);
  const of = (kind: 'write' | 'exec') => {
    const rules = asked.filter((rule) => rule.kind === kind);
    return rules.length === 0 ? undefined : [...new Set(rules.flatMap(({ path }) => path ?? []))];
  };
  const [write, exec] = [of('write'), of('exec')];
  return write || exec ? { ...(write ? { write } : {}), ...(exec ? { exec } : {}) } : undefined;
}

/**
 * A wall of two halves keeps a program from being brought in; with a place that is both, it does not.
 * @param mounts of the spec: what is writable under a root file system that is not
 */
export function landlockNotes(texts: readonly string[], readOnly: boolean, mounts: readonly Mount[]): string[] {
  const writable = mounts.filter(({ options = [] }) => !options.some((option) => ['ro', 'rro', 'noexec'].includes(option)));
  const { write = readOnly ? writable.map(({ destination }) => destination) : ['/'], exec = [] } = parseLandlock(texts) ?? {};
  const both = exec.find((path) => write.some((other) => isBeneath(path, other) || isBeneath(other, path)));
  return both === undefined
    ? []
    : [`--landlock: what the container writes below ${both} it may also execute: name other places with write=`];
}

function isBeneath(path: string, above: string): boolean {
  return above === '/' || path === above || path.startsWith(`${above}/`);
}

function parseRule(text: string): { kind: 'write' | 'exec'; path?: string } {
  const [, kind, path = ''] = /^(write|exec)=(.*)$/s.exec(checkText(text, 'a value of --landlock', 'ERR_TSRUN_USAGE')) ?? [];
  if (kind === undefined) throw wrong(text, 'it is neither write=PATH nor exec=PATH');
  if (path === '' && kind === 'write') return { kind };
  if (!path.startsWith('/')) throw wrong(text, 'its path does not begin with a slash');
  return { kind: kind as 'write' | 'exec', path: posix.normalize(path.replace(/^\/+/, '/')).replace(/(.)\/$/, '$1') };
}

function wrong(text: string, what: string): TsrunError {
  return new TsrunError('ERR_TSRUN_USAGE', `--landlock ${text}: ${what}`, {
    subject: text,
    hint: 'name a path of the container, once for each: --landlock write=/tmp --landlock exec=/usr',
  });
}
