/** Files of an image layout or archive by name, wherever they lie: in a directory, or in a tar. */
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf, systemReason, type TsrunError } from '../errors.js';
import { archiveInvalid, type StoredFile, TarIndex } from './tar-index.js';

const CHUNK = 256 * 1024;

export interface ArchiveFiles {
  /** for messages */
  readonly path: string;
  /** bytes; undefined when there is no such file */
  size(name: string): Promise<number | undefined>;
  /** Errors: ERR_TSRUN_ARCHIVE_INVALID when there is no such file, or it cannot be read. */
  stream(name: string): AsyncIterable<Uint8Array>;
}

/** A whole small file. Errors: ERR_TSRUN_ARCHIVE_INVALID when it is missing or longer than `limit` bytes. */
export async function readWhole(files: ArchiveFiles, name: string, limit: number): Promise<Buffer> {
  const size = await files.size(name);
  if (size === undefined) throw fileMissing(files, name);
  if (size > limit) throw archiveInvalid(files.path, `${JSON.stringify(name)} is ${size} bytes long, the limit is ${limit}`);
  const chunks: Uint8Array[] = [];
  for await (const chunk of files.stream(name)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function fileMissing(files: ArchiveFiles, name: string): TsrunError {
  return archiveInvalid(files.path, `it has no file ${JSON.stringify(name)}`);
}

/** The files of a directory. The caller asks for names of the image layout alone, never for names that the layout itself brings. */
export function directoryFiles(path: string): ArchiveFiles {
  const opened = async (name: string) => {
    // Not blocking: somebody else's layout may hold a fifo where a blob should be.
    const file = await open(join(path, name), constants.O_RDONLY | constants.O_NONBLOCK);
    const stat = await file.stat();
    if (stat.isFile()) return { file, size: stat.size };
    await file.close();
    throw archiveInvalid(path, `${JSON.stringify(name)} is not a file`);
  };
  return {
    path,
    async size(name) {
      try {
        const { file, size } = await opened(name);
        await file.close();
        return size;
      } catch (error) {
        if (['ENOENT', 'ENOTDIR'].includes(errnoOf(error) ?? '')) return undefined;
        throw unreadable(path, error);
      }
    },
    async *stream(name) {
      const { file, size } = await opened(name).catch((error: unknown) => {
        throw unreadable(path, error);
      });
      try {
        yield* chunksOf(file, { offset: 0, size }, path);
      } finally {
        await file.close();
      }
    },
  };
}

/** The files of an uncompressed tar, which stays the caller's to close. */
export async function tarFiles(file: FileHandle, size: number, path: string): Promise<ArchiveFiles> {
  const index = await TarIndex.read(file, size, path);
  const files: ArchiveFiles = {
    path,
    size: async (name) => index.find(name)?.size,
    async *stream(name) {
      const stored = index.find(name);
      if (stored === undefined) throw fileMissing(files, name);
      yield* chunksOf(file, stored, path);
    },
  };
  return files;
}

/** The bytes of one range. Ends early when the file was cut meanwhile: the size check of the store tells. */
async function* chunksOf(file: FileHandle, { offset, size }: StoredFile, path: string): AsyncGenerator<Uint8Array> {
  for (let done = 0; done < size; ) {
    const chunk = Buffer.allocUnsafe(Math.min(CHUNK, size - done));
    const { bytesRead } = await file.read(chunk, 0, chunk.length, offset + done).catch((error: unknown) => {
      throw unreadable(path, error);
    });
    if (bytesRead === 0) return;
    yield chunk.subarray(0, bytesRead);
    done += bytesRead;
  }
}

/** An error of the archive must not look like one of the store. */
export function unreadable(path: string, cause: unknown): unknown {
  return errnoOf(cause) === undefined
    ? cause
    : archiveInvalid(path, systemReason(cause), cause, 'check the path, and that you may read it');
}
