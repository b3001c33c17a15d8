/** Reads events, the oldest first, and on as they come. */
import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import type { HostPath } from '../paths.js';
import { parseEvent, rotatedFile, type StoreEvent } from './event.js';

export interface EventQuery {
  /** RFC 3339, in UTC with nanoseconds: texts of one length, which compare as times do. */
  since: string;
  /** Absent: for ever. */
  until?: string;
  signal?: AbortSignal | undefined;
}

/** Milliseconds between two looks. */
const LOOK = 50;

/** Ends at `until`, when that has come. Rejects with what `signal` was aborted with. */
export async function* readEvents(file: HostPath, { since, until, signal }: EventQuery): AsyncGenerator<StoreEvent> {
  const reader = new LineReader(file);
  for (;;) {
    signal?.throwIfAborted();
    // Asked before the look: what was appended in between is read then.
    const isOver = until !== undefined && new Date().toISOString() > until;
    for (const line of reader.rest()) {
      const event = parseEvent(line);
      if (event !== undefined && event.time >= since && (until === undefined || event.time <= until)) yield event;
    }
    if (isOver) return;
    await pause(LOOK, undefined, signal ? { signal } : {});
  }
}

/** Remembers how far it has read, also when the file is rotated meanwhile. */
class LineReader {
  #inode: number | undefined;
  #offset = 0;

  constructor(private readonly file: HostPath) {}

  *rest(): Generator<string> {
    const files = [rotatedFile(this.file), this.file];
    const at = files.findIndex((path) => statSync(path, { throwIfNoEntry: false })?.ino === this.#inode);
    for (const path of files.slice(Math.max(at, 0))) yield* this.#linesOf(path);
  }

  *#linesOf(path: string): Generator<string> {
    const bytes = this.#unread(path);
    const end = bytes.lastIndexOf(10) + 1;
    this.#offset += end;
    for (const line of bytes.toString('utf8', 0, end).split('\n')) if (line !== '') yield line;
  }

  #unread(path: string): Buffer {
    let fd: number;
    try {
      fd = openSync(path, 'r');
    } catch {
      return Buffer.alloc(0); // there is none yet
    }
    try {
      const { ino, size } = fstatSync(fd);
      if (ino !== this.#inode) this.#offset = 0;
      this.#inode = ino;
      const bytes = Buffer.alloc(Math.max(size - this.#offset, 0));
      return bytes.subarray(0, bytes.length === 0 ? 0 : readSync(fd, bytes, 0, bytes.length, this.#offset));
    } finally {
      closeSync(fd);
    }
  }
}
