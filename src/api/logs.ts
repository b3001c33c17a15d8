/** `logs`: what a container has printed. */
import { hasLog, type LogEntry, readLog } from '../container/log.js';
import { settingsOf } from '../container/settings.js';
import { findContainer, readConfig } from '../container/state.js';
import { TsrunError } from '../errors.js';
import { parseDuration } from '../spec/duration.js';
import { checkArguments } from './check-arguments.js';
import type { CommonOptions } from './options.js';
import { openSession } from './session.js';

export type { LogEntry } from '../container/log.js';

export interface LogsOptions extends CommonOptions {
  follow?: boolean;
  /** RFC 3339, `2026-01-31`, seconds since 1970, or how long ago: `90s`, `5m`, `1h30m`. */
  since?: string;
  until?: string;
  /** A number of lines, or `all`. */
  tail?: string;
}

/** From the oldest on; with `follow` until it ends. @throws ERR_TSRUN_CONTAINER_NOT_FOUND, ERR_TSRUN_UNSUPPORTED when it keeps none, ERR_TSRUN_USAGE */
export async function* logs(name: string, options: LogsOptions = {}): AsyncGenerator<LogEntry> {
  const { signal } = checkArguments({ container: name }, options);
  const query = {
    follow: options.follow ?? false,
    ...(options.since === undefined ? {} : { since: parseMoment(options.since) }),
    ...(options.until === undefined ? {} : { until: parseMoment(options.until) }),
    ...(options.tail === undefined || options.tail === 'all' ? {} : { tail: parseTail(options.tail) }),
    signal,
  };
  const { paths } = openSession(options);
  const container = findContainer(paths, name);
  if (!hasLog(container.directory)) {
    const { log, rm } = settingsOf(paths, readConfig(container), container.name);
    if (log.driver === 'none' || rm)
      throw keepsNone(container.name, log.driver === 'none' ? 'its log driver is none' : 'it was run with --rm in the foreground');
    return; // it has not begun
  }
  yield* readLog(container.directory, query);
}

function keepsNone(name: string, why: string): TsrunError {
  return new TsrunError('ERR_TSRUN_UNSUPPORTED', `the container ${name} keeps no log: ${why}`, {
    subject: name,
    hint: 'run it with -d, or without --rm, and without --log-driver none',
  });
}

function parseTail(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new TsrunError('ERR_TSRUN_USAGE', `${JSON.stringify(text)} is not a number of lines`, {
    subject: text,
    hint: 'use a number, or all',
  });
}

/** @returns RFC 3339 in UTC with nanoseconds, as the log has it */
function parseMoment(text: string, now = Date.now()): string {
  const [, whole, fraction = ''] = /^(\d{1,12})(?:\.(\d{1,9}))?$/.exec(text) ?? [];
  if (whole !== undefined) return inNanoseconds(Number(whole) * 1000, fraction);
  const ago = parseDuration(text);
  if (ago !== undefined) return inNanoseconds(now - ago, '');
  const [, , seconds = ''] = /^(\d{4}-\d\d-\d\d(?:T[\d:]+)?)(?:\.(\d{1,9}))?/.exec(text) ?? [];
  const zone = /(Z|[+-]\d\d:?\d\d)$/.test(text) || !text.includes('T') ? '' : 'Z';
  const milliseconds = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text.replace(/\.\d+/, '') + zone) : Number.NaN;
  if (!Number.isNaN(milliseconds)) return inNanoseconds(milliseconds, seconds);
  throw new TsrunError('ERR_TSRUN_USAGE', `${JSON.stringify(text)} is not a time`, {
    subject: text,
    hint: 'write such as 10m, 2026-01-31T13:00:00Z, or seconds since 1970',
  });
}

function inNanoseconds(milliseconds: number, fraction: string): string {
  const iso = new Date(milliseconds).toISOString();
  return fraction === '' ? `${iso.slice(0, -1)}000000Z` : `${iso.slice(0, 19)}.${fraction.padEnd(9, '0')}Z`;
}
