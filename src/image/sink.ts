/** Where the bytes of an archive go: a file that has its name only when it is whole, standard output, or a function of the caller's. */
import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open, realpath, rename, stat, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { syncDirectory } from '../content/ingest.js';
import { errnoOf, systemReason, TsrunError } from '../errors.js';
import { STANDARD, standardOutput } from './standard-streams.js';

/** Is given one piece after the other, and each may be used again when it resolves. */
export type TakePiece = (piece: Uint8Array) => void | Promise<void>;

export interface Sink {
  write(bytes: Uint8Array): Promise<void>;
  /** All is written: the file gets its name. */
  finish(): Promise<void>;
  /** What is written so far is taken away, where it can be. Does nothing after finish(). */
  abort(): Promise<void>;
}

/**
 * @param to a path, `-` for standard output, or a function
 * @throws ERR_TSRUN_OUTPUT, also from the methods; ERR_TSRUN_USAGE for a terminal
 */
export async function openSink(to: string | TakePiece): Promise<Sink> {
  if (typeof to === 'function') return { write: async (bytes) => to(bytes), finish: async () => undefined, abort: async () => undefined };
  if (to !== STANDARD) return fileSink(to);
  const stream = standardOutput();
  const done = async () => stream.close();
  return { write: (bytes) => stream.write(bytes).catch(failing('standard output')), finish: done, abort: done };
}

async function fileSink(path: string): Promise<Sink> {
  try {
    const found = await stat(path).catch((error: unknown) => {
      if (errnoOf(error) !== 'ENOENT') throw error;
    });
    if (found?.isDirectory()) throw outputFailure(Object.assign(new Error(), { code: 'EISDIR' }), path);
    // A device or a pipe is written to; a link stays one.
    if (found !== undefined && !found.isFile()) return inPlace(path);
    return await beside(found === undefined ? path : await realpath(path), path);
  } catch (error) {
    throw outputFailure(error, path);
  }
}

async function inPlace(path: string): Promise<Sink> {
  const file = await open(path, constants.O_WRONLY);
  const done = () => file.close();
  return { write: (bytes) => writeAll(file, bytes).catch(failing(path)), finish: done, abort: done };
}

async function beside(target: string, path: string): Promise<Sink> {
  const half = halfMade(target);
  const file = await open(half, 'wx', 0o666);
  let isOpen = true;
  const close = async () => {
    isOpen = false;
    await file.close();
  };
  return {
    write: (bytes) => writeAll(file, bytes).catch(failing(path)),
    finish: async () => {
      try {
        await file.sync();
        await rename(half, target);
        await close();
        await syncDirectory(dirname(target)).catch(() => undefined); // it has its name; some file systems cannot do more
      } catch (error) {
        throw outputFailure(error, path);
      }
    },
    abort: async () => {
      if (!isOpen) return;
      await unlink(half).catch(() => undefined);
      await close();
    },
  };
}

/** The name of something until it is whole: in the same directory, and hidden. */
export function halfMade(target: string): string {
  return join(dirname(target), `.${basename(target).slice(0, 100)}.${randomUUID()}`);
}

export async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length; ) done += (await file.write(bytes, done, bytes.length - done)).bytesWritten;
}

function failing(path: string): (error: unknown) => never {
  return (error) => {
    throw outputFailure(error, path);
  };
}

/** An error that is not the system's is returned as it is. */
export function outputFailure(cause: unknown, path: string): unknown {
  const errno = errnoOf(cause);
  if (errno === undefined || cause instanceof TsrunError) return cause;
  const isGone = errno === 'EPIPE' || errno === 'ECONNRESET';
  const isFull = ['ENOSPC', 'EDQUOT'].includes(errno);
  return new TsrunError('ERR_TSRUN_OUTPUT', `${path} cannot be written: ${isGone ? 'nobody reads it any more' : systemReason(cause)}`, {
    subject: path,
    hint: isFull ? 'free some space there, or write it elsewhere' : 'write it elsewhere',
    cause,
  });
}
