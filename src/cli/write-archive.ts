/** An archive to standard output, or to a file that is there only when it is whole. */

import { randomUUID } from 'node:crypto';
import { closeSync, fsyncSync, openSync, realpathSync, renameSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { systemReason, TsrunError } from '../errors.js';
import { type Output, writeAll, writeBytes } from './output.js';

/** @param file undefined or `-`: standard output, which must not be a terminal @param open is called once it is clear where to */
export async function writeArchive(
  file: string | undefined,
  stdout: Output,
  open: () => Promise<AsyncIterable<Uint8Array>>,
): Promise<void> {
  if (file !== undefined && file !== '-') return toFile(file, open);
  if (stdout.isTerminal)
    throw new TsrunError('ERR_TSRUN_USAGE', 'standard output is a terminal, and an archive is not to be read there', {
      hint: 'give a file: -o FILE, or a pipe',
    });
  for await (const piece of await open()) writeBytes(1, piece);
}

async function toFile(file: string, open: () => Promise<AsyncIterable<Uint8Array>>): Promise<void> {
  const isThere = statSync(file, { throwIfNoEntry: false });
  if (isThere?.isDirectory()) throw unwritable(file, 'it is a directory');
  const place = isThere === undefined ? file : realpathSync(file);
  // A device or a pipe is written to as it is.
  const isPlain = isThere === undefined || isThere.isFile();
  const half = isPlain ? join(dirname(place), `.${basename(place)}.${randomUUID()}`) : file;
  const fd = opened(file, half, isPlain ? 'wx' : 'w');
  try {
    for await (const piece of await open()) write(file, () => writeAll(fd, piece));
    if (!isPlain) return;
    write(file, () => fsyncSync(fd));
    write(file, () => renameSync(half, place));
  } catch (error) {
    if (isPlain) rmSync(half, { force: true });
    throw error;
  } finally {
    closeSync(fd);
  }
}

function opened(file: string, path: string, flags: string): number {
  return write(file, () => openSync(path, flags, 0o600));
}

function write<T>(file: string, act: () => T): T {
  try {
    return act();
  } catch (cause) {
    throw unwritable(file, systemReason(cause), cause);
  }
}

function unwritable(file: string, why: string, cause?: unknown): TsrunError {
  return new TsrunError('ERR_TSRUN_OUTPUT', `${file} cannot be written: ${why}`, { subject: file, hint: 'name another file', cause });
}
