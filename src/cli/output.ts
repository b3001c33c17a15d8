/**
 * The command line's standard descriptors. Written with write(2) itself: Node's own streams would make a pipe non-blocking,
 * and the container started next shares that pipe.
 */
import { readFileSync, writeSync } from 'node:fs';
import { isatty } from 'node:tty';
import { errnoOf, systemReason, TsrunError } from '../errors.js';

export interface Output {
  readonly isTerminal: boolean;
  /** The window's size; 80 by 24 where there is none. */
  readonly columns: number;
  readonly rows: number;
  write(text: string): void;
}

export interface Streams {
  /** Standard input is a terminal. */
  readonly stdinIsTerminal: boolean;
  /** We are in the foreground of our terminal. */
  isForeground(): boolean;
  readonly stdout: Output;
  readonly stderr: Output;
}

export function standardStreams(): Streams {
  return { stdinIsTerminal: isatty(0), isForeground: isInForeground, stdout: descriptorOutput(1), stderr: descriptorOutput(2) };
}

function descriptorOutput(fd: 1 | 2): Output {
  const isTerminal = isatty(fd);
  // Only a terminal's stream is ever opened: libuv opens the device anew, so the shared description keeps its flags.
  const stream = () => (fd === 1 ? process.stdout : process.stderr);
  return {
    isTerminal,
    get columns() {
      return (isTerminal && stream().columns) || 80;
    },
    get rows() {
      return (isTerminal && stream().rows) || 24;
    },
    write: (text) => writeText(fd, text),
  };
}

/** A reader that has gone ends us as SIGPIPE would (Node ignores that signal); diagnostics without a reader are dropped. */
function writeText(fd: 1 | 2, text: string): void {
  writeBytes(fd, Buffer.from(text));
}

/** The same for what is no text. */
export function writeBytes(fd: 1 | 2, bytes: Uint8Array): void {
  try {
    writeAll(fd, bytes);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    // A reader on a socket (Node's own pipes to its children are) may say it the second way.
    if (fd === 1 && ['EPIPE', 'ECONNRESET'].includes(code)) process.exit(128 + 13);
    if (fd === 1) throw notWritten(error);
  }
}

/** Whether the library's own writing to standard output failed for want of a reader. */
export function isReaderGone(error: unknown): boolean {
  const isOutput = error instanceof TsrunError && error.code === 'ERR_TSRUN_OUTPUT' && error.subject === 'standard output';
  return isOutput && ['EPIPE', 'ECONNRESET'].includes(errnoOf(error.cause) ?? '');
}

function notWritten(cause: unknown): TsrunError {
  const full = ['ENOSPC', 'EDQUOT'].includes(errnoOf(cause) ?? '');
  return new TsrunError('ERR_TSRUN_OUTPUT', `standard output cannot be written: ${systemReason(cause)}`, {
    hint: full ? 'free some space there, or send the output elsewhere' : 'send the output elsewhere',
    cause,
  });
}

/** Writes all bytes, also to a descriptor that somebody else made non-blocking. Throws the system's error. */
export function writeAll(fd: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length; ) {
    try {
      done += writeSync(fd, bytes, done);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
}

/** proc(5), /proc/pid/stat: field 5 is our process group, field 8 that of the terminal's foreground; the name in field 2 may hold anything. */
function isInForeground(): boolean {
  try {
    const stat = readFileSync('/proc/self/stat', 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[2] === fields[5];
  } catch {
    return true;
  }
}
