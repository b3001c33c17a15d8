/** `logs`: what a container has printed. */
import { hasLog, type LogEntry, readLog } from '../container/log.js';
import { settingsOf } from '../container/settings.js';
import { findContainer, readConfig } from '../container/state.js';
import { TsrunError } from '../errors.js';
import { checkArguments } from './check-arguments.js';
import { parseMoment } from './moment.js';
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
