/** A container's log as it lies on disk: docker's json-file, one JSON object for each line, rotated by the runner (native/log.c). */
import { createReadStream, existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { HostPath } from '../paths.js';
import { isHeld } from './alive.js';

export interface LogEntry {
  stream: 'stdout' | 'stderr';
  /** RFC 3339, nanoseconds */
  time: string;
  /** A line with its newline, or a part of a long one. */
  text: string;
}

export interface LogQuery {
  follow?: boolean;
  /** RFC 3339, in UTC with nanoseconds: texts of one length, which compare as times do. */
  since?: string;
  until?: string;
  /** The last lines only. */
  tail?: number;
  signal?: AbortSignal | undefined;
}

const LOG = 'log';
/** Milliseconds between two looks at a log that is followed. */
const LOOK = 50;

/** From the oldest on. Lines that are damaged are left out: a disk that was full cut nothing, but a crash may have. */
export async function* readLog(directory: HostPath, query: LogQuery): AsyncGenerator<LogEntry> {
  const wanted = ({ time }: LogEntry) =>
    (query.since === undefined || time >= query.since) && (query.until === undefined || time <= query.until);
  const tail: LogEntry[] = [];
  const reader = new LogReader(directory);
  for await (const entry of reader.rest()) {
    if (!wanted(entry)) continue;
    if (query.tail === undefined) yield entry;
    else if (query.tail > 0) tail.push(entry);
    if (query.tail !== undefined && tail.length > query.tail) tail.shift();
  }
  yield* tail;
  if (!query.follow) return;
  for (let held = true; held; ) {
    query.signal?.throwIfAborted();
    // Asked before the last look: what it wrote in between is read then.
    held = isHeld(directory);
    for await (const entry of reader.rest()) if (wanted(entry)) yield entry;
    if (query.until !== undefined && new Date().toISOString() > query.until) return;
    if (held) await pause(LOOK, undefined, query.signal ? { signal: query.signal } : {});
  }
}

/** Remembers how far it has read, also when the log is rotated meanwhile. */
class LogReader {
  #inode: number | undefined;
  #offset = 0;

  constructor(private readonly directory: HostPath) {}

  async *rest(): AsyncGenerator<LogEntry> {
    for (const path of this.#unread()) {
      const stat = statSync(path, { throwIfNoEntry: false });
      if (stat === undefined) continue;
      if (stat.ino !== this.#inode) this.#offset = 0;
      this.#inode = stat.ino;
      if (stat.size > this.#offset) yield* this.#linesOf(path, stat.size);
    }
  }

  /** The file that was read last and those that are newer; at first all of them, the oldest first. */
  #unread(): string[] {
    const rotated = filesOf(this.directory);
    const at = rotated.findIndex((path) => statSync(path, { throwIfNoEntry: false })?.ino === this.#inode);
    return rotated.slice(Math.max(at, 0));
  }

  async *#linesOf(path: string, end: number): AsyncGenerator<LogEntry> {
    const source = createReadStream(path, { start: this.#offset, end: end - 1 });
    let pending: Buffer = Buffer.alloc(0);
    for await (const chunk of source as AsyncIterable<Buffer>) {
      pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
      const last = pending.lastIndexOf(10) + 1;
      const whole = pending.subarray(0, last);
      pending = pending.subarray(last);
      this.#offset += last;
      for (const line of whole.toString('utf8').split('\n')) {
        const entry = line === '' ? undefined : parseLine(line);
        if (entry) yield entry;
      }
    }
  }
}

/** log.2, log.1, log */
function filesOf(directory: HostPath): string[] {
  const numbers = readdirSync(directory)
    .map((name) => /^log\.(\d+)$/.exec(name)?.[1])
    .filter((number) => number !== undefined)
    .map(Number)
    .sort((a, b) => b - a);
  const paths = numbers.map((number) => join(directory, `${LOG}.${number}`));
  return existsSync(join(directory, LOG)) ? [...paths, join(directory, LOG)] : paths;
}

export function hasLog(directory: HostPath): boolean {
  return existsSync(join(directory, LOG));
}

function parseLine(line: string): LogEntry | undefined {
  try {
    const { log, stream, time } = JSON.parse(line) as { log?: unknown; stream?: unknown; time?: unknown };
    if (typeof log !== 'string' || typeof time !== 'string' || (stream !== 'stdout' && stream !== 'stderr')) return undefined;
    return { stream, time, text: log };
  } catch {
    return undefined;
  }
}
