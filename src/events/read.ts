/** Reads events, the oldest first, and on as they come. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
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
    const isOver = until !== undefined && new Date().toISOString().replace('Z', '000000Z') > until;
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
    const files = this.#open();
    try {
      const at = files.findIndex(({ ino }) => ino === this.#inode);
      for (const file of files.slice(Math.max(at, 0))) yield* this.#linesOf(file);
    } finally {
      for (const { fd } of files) closeSync(fd);
    }
  }

  /** The older one first. Both before any line is given out: who takes them may be slow, and the files rotated twice meanwhile. */
  #open(): Opened[] {
    // This one first: rotated before the other is opened, it is opened twice, and none is missed.
    const newer = openIfThere(this.file);
    const older = openIfThere(rotatedFile(this.file));
    if (newer === undefined || older === undefined) return [newer ?? older].filter((file) => file !== undefined);
    if (newer.ino !== older.ino) return [older, newer];
    closeSync(older.fd);
    return [newer];
  }

  *#linesOf(file: Opened): Generator<string> {
    const bytes = this.#unread(file);
    const end = bytes.lastIndexOf(10) + 1;
    this.#offset += end;
    for (const line of bytes.toString('utf8', 0, end).split('\n')) if (line !== '') yield line;
  }

  #unread({ fd, ino }: Opened): Buffer {
    if (ino !== this.#inode) this.#offset = 0;
    this.#inode = ino;
    const bytes = Buffer.alloc(Math.max(fstatSync(fd).size - this.#offset, 0));
    return bytes.subarray(0, bytes.length === 0 ? 0 : readSync(fd, bytes, 0, bytes.length, this.#offset));
  }
}

interface Opened {
  fd: number;
  ino: number;
}

function openIfThere(path: string): Opened | undefined {
  try {
    const fd = openSync(path, 'r');
    return { fd, ino: fstatSync(fd).ino };
  } catch {
    return undefined; // there is none yet
  }
}
