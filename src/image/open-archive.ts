/** An archive file, made readable at random: as it stands, or decompressed into the store's ingest directory, where a crash leaves no trace. */
import { constants } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { storeFailure } from '../content/failure.js';
import { openIngest } from '../content/ingest.js';
import { receive } from '../content/receive.js';
import { errnoOf, TsrunError } from '../errors.js';
import { LIMITS } from '../layer/limits.js';
import type { StorePaths } from '../paths.js';
import { compressionOf } from '../spec/compression.js';
import { type ArchiveFiles, directoryFiles, tarFiles, unreadable } from './archive-files.js';
import { STANDARD, standardInput, standardInputFile } from './standard-streams.js';
import { archiveInvalid } from './tar-index.js';

export interface OpenArchive extends AsyncDisposable {
  files: ArchiveFiles;
}

/** The reader of layers wants a known media type, and then looks at the bytes. */
const ANY_TAR = 'application/vnd.oci.image.layer.v1.tar';

/**
 * Plain, gzip or zstd; a pipe as well. To be closed by the caller.
 * @param input a path, `-` for standard input, or the bytes themselves
 * Errors: ERR_TSRUN_IMAGE_NOT_FOUND without such a file, ERR_TSRUN_USAGE for a terminal, ERR_TSRUN_ARCHIVE_INVALID, ERR_TSRUN_DISK_FULL,
 * ERR_TSRUN_STORE_UNREADABLE, ERR_TSRUN_INTERRUPTED.
 */
export async function openArchive(
  paths: StorePaths,
  input: string | AsyncIterable<Uint8Array>,
  signal?: AbortSignal,
): Promise<OpenArchive> {
  const path = typeof input !== 'string' ? '(stream)' : input === STANDARD ? '(standard input)' : input;
  const opened: { close(): Promise<void> }[] = [];
  const close = async () => {
    for (const each of opened.reverse()) await each.close();
  };
  const spool = async (source: AsyncIterable<Uint8Array>) => {
    const spooled = await spoolInto(paths, path, source, signal);
    opened.push({ close: spooled.discard });
    return spooled.file;
  };
  try {
    const found = await inputOf(input);
    let file: FileHandle;
    if (Symbol.asyncIterator in found) file = await spool(found);
    else {
      file = found;
      opened.push(file);
      if (!(await isReadInPlace(file, path))) file = await spool(file.createReadStream({ autoClose: false, highWaterMark: 256 * 1024 }));
    }
    const start = Buffer.alloc(4);
    if ((await file.read(start, 0, start.length, 0)).bytesRead === 0) throw archiveInvalid(path, 'it is empty');
    if (compressionOf(start) !== 'none') file = await spool(decompressed(file, path));
    const files = await tarFiles(file, (await file.stat()).size, path);
    return { files, [Symbol.asyncDispose]: close };
  } catch (error) {
    await close();
    throw unreadable(path, error);
  }
}

async function inputOf(input: string | AsyncIterable<Uint8Array>): Promise<FileHandle | AsyncIterable<Uint8Array>> {
  if (typeof input !== 'string') return input;
  if (input !== STANDARD) return openFile(input);
  return (await standardInputFile()) ?? standardInput();
}

async function isReadInPlace(file: FileHandle, path: string): Promise<boolean> {
  const stat = await file.stat();
  if (stat.isDirectory())
    throw archiveInvalid(path, 'it is a directory', undefined, `for an image layout in a directory write oci:${path}`);
  return stat.isFile();
}

async function openFile(path: string): Promise<FileHandle> {
  try {
    return await open(path, constants.O_RDONLY);
  } catch (cause) {
    throw missing(path, 'archive', cause);
  }
}

function missing(path: string, what: string, cause: unknown): unknown {
  if (errnoOf(cause) !== 'ENOENT') return cause;
  return new TsrunError('ERR_TSRUN_IMAGE_NOT_FOUND', `there is no ${what} ${path}`, { subject: path, hint: 'check the path', cause });
}

/** An image layout that lies in a directory. Errors: ERR_TSRUN_IMAGE_NOT_FOUND without it, ERR_TSRUN_STORE_UNREADABLE. */
export async function openDirectory(path: string): Promise<ArchiveFiles> {
  try {
    if ((await stat(path)).isDirectory()) return directoryFiles(path);
  } catch (cause) {
    throw unreadable(path, missing(path, 'image layout', cause));
  }
  throw archiveInvalid(path, 'it is not a directory', undefined, `for an archive write oci-archive:${path} or docker-archive:${path}`);
}

async function spoolInto(paths: StorePaths, path: string, source: AsyncIterable<Uint8Array>, signal: AbortSignal | undefined) {
  const fail = (cause: unknown): never => {
    throw storeFailure(cause, `cannot decompress ${path}`, paths.ingest);
  };
  const ingest = await openIngest(paths).catch(fail);
  try {
    await receive(ingest.file, source, { what: path, limit: LIMITS.totalBytes, fail, signal });
    return ingest;
  } catch (error) {
    await ingest.discard();
    throw error;
  }
}

/** Bounded like a layer: an archive of zeros that fills the disk is refused early. */
async function* decompressed(file: FileHandle, path: string): AsyncGenerator<Uint8Array> {
  const { size } = await file.stat();
  try {
    // The zstd decoder is WebAssembly and takes a while to load: only when something is compressed.
    const { openTar } = await import('../layer/decompress.js');
    const { chunks, consumed } = await openTar(file.fd, size, ANY_TAR);
    let total = 0;
    for await (const chunk of chunks()) {
      total += chunk.length;
      const isBomb = total > LIMITS.ratioFrom && total > LIMITS.ratio * consumed();
      if (isBomb || total > LIMITS.totalBytes) throw archiveInvalid(path, `it unpacks to more than ${total} bytes`);
      // The reader uses its buffer again.
      yield Buffer.from(chunk);
    }
  } catch (cause) {
    if (cause instanceof TsrunError && cause.code === 'ERR_TSRUN_ARCHIVE_INVALID') throw cause;
    throw archiveInvalid(path, (cause as Error).message, cause);
  }
}
