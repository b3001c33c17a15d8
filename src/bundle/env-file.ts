/** `--env-file`: docker's rules. No quotes, no interpolation, no line that goes on. */
import { readFileSync } from 'node:fs';
import { systemReason, TsrunError } from '../errors.js';
import { checkText } from './check.js';

export interface EnvEntry {
  name: string;
  /** Absent: the caller's value is copied. */
  value?: string;
}

/** @throws ERR_TSRUN_USAGE when it cannot be read or is not UTF-8 */
export function readEnvFile(path: string, flag = '--env-file'): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(path));
  } catch (cause) {
    const reason = cause instanceof TypeError ? 'it is not UTF-8' : systemReason(cause);
    throw new TsrunError('ERR_TSRUN_USAGE', `cannot read the ${flag} ${path}: ${reason}`, {
      subject: path,
      hint: 'name a readable text file of NAME=value lines',
      cause,
    });
  }
}

/**
 * A line is `NAME=value` or `NAME`. `#` is a comment at the start of a line alone; blanks before the name go, all others stay.
 * @throws ERR_TSRUN_USAGE naming the line
 */
export function parseEnvFile(text: string, path: string): EnvEntry[] {
  const lines = text.replace(/^\uFEFF/, '').split('\n');
  return lines.flatMap((raw, index) => {
    const line = raw.replace(/\r$/, '').trimStart();
    if (line === '' || line.startsWith('#')) return [];
    return [parseLine(line, `${path}:${index + 1}`)];
  });
}

function parseLine(line: string, where: string): EnvEntry {
  checkText(line, where, 'ERR_TSRUN_USAGE');
  const at = line.indexOf('=');
  const name = at < 0 ? line : line.slice(0, at);
  if (name === '') throw badLine(where, 'no variable name before the =');
  if (/\s/.test(name)) throw badLine(where, `the variable name ${JSON.stringify(name)} contains a blank`);
  return at < 0 ? { name } : { name, value: line.slice(at + 1) };
}

function badLine(where: string, what: string): TsrunError {
  return new TsrunError('ERR_TSRUN_USAGE', `${where}: ${what}`, {
    subject: where,
    hint: 'write one NAME=value in each line, without export or blanks',
  });
}
