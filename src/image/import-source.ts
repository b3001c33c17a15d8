/** A root file system's tar on its way in, as whoever gives it packed it: plain, or by gzip, zstd, xz or bzip2. */
import { spawn } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { errnoOf, systemReason, TsrunError } from '../errors.js';
import { compressionOf } from '../spec/compression.js';

export type Bytes = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

export interface ImportSource {
  /** `none` is a plain tar by now, whatever it was. */
  compression: 'none' | 'gzip' | 'zstd';
  bytes: AsyncIterable<Uint8Array>;
}

const CHUNK = 256 * 1024;
/** xz's magic is the longest. */
const MAGIC = 6;

/** What neither Node nor we decompress. */
const PROGRAMS = [
  { magic: Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0]), name: 'xz', package: 'xz-utils' },
  { magic: Buffer.from('BZh'), name: 'bzip2', package: 'bzip2' },
] as const;

/** @param from a file's path, or its bytes @throws ERR_TSRUN_ARCHIVE_INVALID, ERR_TSRUN_UNSUPPORTED */
export async function openImport(from: string | Bytes, shown: string): Promise<ImportSource> {
  const pieces = (typeof from === 'string' ? await fileBytes(from) : all(from))[Symbol.asyncIterator]();
  const start = await beginning(pieces);
  const bytes = rest(start, pieces);
  const compression = compressionOf(start);
  if (compression !== 'none') return { compression, bytes };
  const program = PROGRAMS.find(({ magic }) => start.subarray(0, magic.length).equals(magic));
  if (start.length === 0) throw invalid(shown, 'it is empty');
  return { compression, bytes: program ? throughProgram(program, bytes, shown) : bytes };
}

async function* all(from: Bytes): AsyncGenerator<Uint8Array> {
  yield* from;
}

async function fileBytes(path: string): Promise<AsyncIterable<Uint8Array>> {
  try {
    if ((await stat(path)).isDirectory()) {
      const hint = `give its files as a tar: tar -C ${path} -c . | tsrun import -`;
      throw new TsrunError('ERR_TSRUN_ARCHIVE_INVALID', `${path} is a directory, not a tar`, { subject: path, hint });
    }
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    throw unread(path, error);
  }
  return (async function* () {
    try {
      yield* createReadStream(path, { highWaterMark: CHUNK }) as AsyncIterable<Buffer>;
    } catch (error) {
      throw unread(path, error);
    }
  })();
}

function unread(path: string, cause: unknown): TsrunError {
  return new TsrunError('ERR_TSRUN_ARCHIVE_INVALID', `${path} cannot be read: ${systemReason(cause)}`, {
    subject: path,
    hint: 'check the path and its permissions',
    cause,
  });
}

async function beginning(pieces: AsyncIterator<Uint8Array>): Promise<Buffer> {
  let first: Buffer = Buffer.alloc(0);
  while (first.length < MAGIC) {
    const next = await pieces.next();
    if (next.done) return first;
    first = Buffer.concat([first, next.value]);
  }
  return first;
}

async function* rest(start: Buffer, pieces: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield start;
    for (let next = await pieces.next(); !next.done; next = await pieces.next()) yield next.value;
  } finally {
    await pieces.return?.();
  }
}

/** The program reads bytes and writes bytes: it is given no name of a file, and nothing of our environment but where programs are. */
async function* throughProgram(
  program: (typeof PROGRAMS)[number],
  bytes: AsyncIterable<Uint8Array>,
  shown: string,
): AsyncGenerator<Uint8Array> {
  const child = spawn(program.name, ['-dc'], { stdio: ['pipe', 'pipe', 'ignore'], env: { PATH: process.env['PATH'] ?? '' } });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', (cause) => reject(notStarted(program, shown, cause)));
    child.once('close', resolve);
  });
  ended.catch(() => {});
  child.stdin.on('error', () => {}); // its status says why it does not read
  const fed = feed(child.stdin, bytes);
  fed.catch(() => child.kill());
  try {
    yield* child.stdout as Readable as AsyncIterable<Buffer>;
    await fed;
    if ((await ended) !== 0) throw invalid(shown, `${program.name} cannot decompress it`);
  } finally {
    child.kill();
  }
}

async function feed(stdin: NodeJS.WritableStream & { destroyed?: boolean }, bytes: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const piece of bytes) {
    if (stdin.destroyed) return;
    if (!stdin.write(piece)) await Promise.race([new Promise((resolve) => stdin.once('drain', resolve)), finished(stdin).catch(() => {})]);
  }
  stdin.end();
}

function notStarted({ name, package: from }: (typeof PROGRAMS)[number], shown: string, cause: unknown): TsrunError {
  return new TsrunError('ERR_TSRUN_UNSUPPORTED', `${shown} is compressed by ${name}, and there is no program ${name} here`, {
    subject: shown,
    hint: `install the package ${from}, or give the tar plain, or by gzip or zstd`,
    cause,
  });
}

export function invalid(shown: string, why: string, cause?: unknown): TsrunError {
  return new TsrunError('ERR_TSRUN_ARCHIVE_INVALID', `${shown} cannot be imported: ${why}`, {
    subject: shown,
    hint: 'give a tar of a root file system, such as `tsrun export` writes',
    cause,
  });
}
