/** Values of docker's flags that become settings of a container. */
import { constants } from 'node:os';
import { TsrunError } from '../errors.js';
import type { LogSettings, RestartPolicy } from '../plan/settings.js';

/** docker's, in seconds. */
export const STOP_TIMEOUT = 10;

/** `no`, `on-failure`, `on-failure:3`, `always`, `unless-stopped`. @throws ERR_TSRUN_USAGE */
export function parseRestart(text: string): RestartPolicy {
  const [, name, retries] = /^(no|on-failure|always|unless-stopped)(?::(\d{1,6}))?$/.exec(text) ?? [];
  if (name === undefined || (retries !== undefined && name !== 'on-failure')) {
    throw new TsrunError('ERR_TSRUN_USAGE', `${JSON.stringify(text)} is not a restart policy`, {
      subject: text,
      hint: 'use no, on-failure, on-failure:3, always or unless-stopped',
    });
  }
  return { name: name as RestartPolicy['name'], retries: Number(retries ?? 0) };
}

/** Whole seconds, 0 for no limit. @throws ERR_TSRUN_USAGE */
export function parseTimeout(seconds: number): number {
  if (Number.isInteger(seconds) && seconds >= 0 && seconds < 1e9) return seconds;
  throw new TsrunError('ERR_TSRUN_USAGE', `${seconds} is not a time limit`, {
    subject: String(seconds),
    hint: 'give whole seconds, or 0 for none',
  });
}

const SIGRTMIN = 34;
const SIGRTMAX = 64;

/** `SIGTERM`, `TERM`, `term`, `15`, `RTMIN+3`. @returns its number. @throws ERR_TSRUN_USAGE */
export function parseSignal(text: string): number {
  const name = text.toUpperCase().replace(/^(SIG)?/, 'SIG');
  const [, realTime, offset] = /^SIGRT(MIN\+|MAX-)(\d+)$/.exec(name) ?? [];
  const number = /^\d+$/.test(text)
    ? Number(text)
    : realTime === undefined
      ? { SIGRTMIN, SIGRTMAX, ...constants.signals }[name]
      : realTime === 'MIN+'
        ? SIGRTMIN + Number(offset)
        : SIGRTMAX - Number(offset);
  if (number !== undefined && number > 0 && number <= SIGRTMAX) return number;
  throw new TsrunError('ERR_TSRUN_USAGE', `${JSON.stringify(text)} is not a signal`, {
    subject: text,
    hint: 'use a name such as TERM or SIGTERM, or a number from 1 to 64',
  });
}

/** docker's json-file: `max-size=10m`, `max-file=3`. @throws ERR_TSRUN_USAGE */
export function parseLog(driver: 'json-file' | 'none', options: readonly string[]): LogSettings {
  const settings: LogSettings = { driver, maxSize: 0, maxFiles: 1 };
  for (const option of options) {
    const [, name, value = ''] = /^([^=]*)=(.*)$/s.exec(option) ?? [];
    const size = /^(\d{1,12})([kmg]?)b?$/i.exec(value);
    if (driver === 'none') throw badOption(option, 'the log driver none has no options');
    if (name === 'max-size' && size)
      settings.maxSize = Number(size[1]) * 1024 ** ['', 'k', 'm', 'g'].indexOf((size[2] ?? '').toLowerCase());
    else if (name === 'max-file' && /^[1-9]\d{0,2}$/.test(value)) settings.maxFiles = Number(value);
    else throw badOption(option, 'use max-size=10m and max-file=3');
  }
  if (settings.maxFiles > 1 && settings.maxSize === 0) throw badOption('max-file', 'give max-size too: without it nothing is rotated');
  return settings;
}

function badOption(option: string, hint: string): TsrunError {
  return new TsrunError('ERR_TSRUN_USAGE', `${JSON.stringify(option)} is not an option of the log`, { subject: option, hint });
}
