/** `cp`: files into a container and out of it, by docker's rules. */
import { closeSync } from 'node:fs';
import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { TsrunError } from '../errors.js';
import { Descriptors } from '../files/descriptors.js';
import { HostDirectories } from '../files/directories.js';
import { ofArchive } from '../files/fault.js';
import { hostDestination, hostLanding, hostSource } from '../files/host.js';
import { type FoundFile, type Report, TOP } from '../files/job.js';
import { pack } from '../files/pack.js';
import { absolutePath } from '../files/path.js';
import { Unpacker } from '../files/unpack.js';
import { LIMITS } from '../layer/limits.js';
import { TarReader } from '../layer/tar/reader.js';
import { checkArguments } from './check-arguments.js';
import type { CommonOptions } from './options.js';
import { openSession } from './session.js';
import { remaining, send, type Visit, visit } from './visit.js';

export interface CopyOptions extends CommonOptions {
  /** A link that is named is what it leads to. */
  followLink?: boolean;
}

export interface CopyInOptions extends CopyOptions {
  /** Owners stay as they are, where the container's id map has them; otherwise all is its root's. */
  archive?: boolean;
}

/** What went over, as the size of a tar. */
export interface Copied {
  bytes: number;
}

/**
 * What comes out belongs to the caller; setuid and setgid bits, file capabilities and devices stay behind.
 * @param path in the container; `DIR/.` means what is in it
 * @param destination of the host's: an existing directory to put it into, or its new name
 * @throws ERR_TSRUN_CONTAINER_NOT_FOUND, ERR_TSRUN_COPY_SOURCE, ERR_TSRUN_COPY_DESTINATION
 */
export async function copyFromContainer(container: string, path: string, destination: string, options: CopyOptions = {}): Promise<Copied> {
  const own = checkArguments({ container, path, destination }, options);
  hostDestination(destination);
  const { visited, found } = await reading(container, path, own, TOP);
  try {
    const { directory, top } = hostLanding(found, destination);
    try {
      return await unpackTo(directory, top, visited, options);
    } finally {
      closeSync(directory);
    }
  } catch (error) {
    visited.abandon();
    throw error;
  }
}

/**
 * @param source of the host's; `DIR/.` means what is in it
 * @param path in the container: an existing directory to put it into, or its new name
 * @throws ERR_TSRUN_CONTAINER_NOT_FOUND, ERR_TSRUN_COPY_SOURCE, ERR_TSRUN_COPY_DESTINATION
 */
export async function copyToContainer(source: string, container: string, path: string, options: CopyInOptions = {}): Promise<Copied> {
  const own = checkArguments({ source, container, path }, options);
  const { isDirectory, name, directory, entry, fd } = hostSource(source, options.followLink ?? false);
  try {
    const pieces = pack({ descriptors: new Descriptors(), directory, name: entry, fd, as: Buffer.from(TOP) });
    return await writing(container, path, { isDirectory, name }, pieces, own);
  } finally {
    closeSync(fd);
    closeSync(directory);
  }
}

/** The same as a tar, whose names begin with the last component of the path. The stream fails when the container's side does. */
export async function archiveFromContainer(container: string, path: string, options: CopyOptions = {}): Promise<Readable> {
  const own = checkArguments({ container, path }, options);
  const { visited } = await reading(container, path, own, undefined);
  const archive = Readable.from(wholeOutput(visited), { objectMode: false });
  // Of one that nobody has begun to read no line of its generator runs.
  archive.once('close', () => visited.abandon());
  return archive;
}

/** A tar, plain or by gzip, into a directory of the container's that is there. @throws ERR_TSRUN_ARCHIVE_INVALID besides */
export async function archiveToContainer(
  archive: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  container: string,
  path: string,
  options: Omit<CopyInOptions, 'followLink'> = {},
): Promise<Copied> {
  const own = checkArguments({ container, path }, options);
  return writing(container, path, undefined, plain(archive), own);
}

const CHUNK = 256 * 1024;

/** As docker takes it: the first bytes say what it is. */
async function* plain(archive: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const pieces = (async function* () {
    yield* archive;
  })();
  let first: Buffer = Buffer.alloc(0);
  for (let next = await pieces.next(); !next.done; next = await pieces.next()) {
    first = Buffer.concat([first, next.value]);
    if (first.length >= 2) break;
  }
  const all = (async function* () {
    yield first;
    yield* pieces;
  })();
  if (first[0] !== 0x1f || first[1] !== 0x8b) {
    yield* all;
    return;
  }
  const gunzip = createGunzip({ chunkSize: CHUNK });
  const source = Readable.from(all, { objectMode: false });
  source.once('error', (error) => gunzip.destroy(error));
  try {
    yield* source.pipe(gunzip) as AsyncIterable<Buffer>;
  } catch (cause) {
    if (!String((cause as { code?: unknown }).code).startsWith('Z_')) throw cause;
    const hint = 'make the archive again; what was copied so far stays';
    throw new TsrunError('ERR_TSRUN_ARCHIVE_INVALID', `the archive's gzip stream is damaged or cut off (${(cause as Error).message})`, {
      hint,
      cause,
    });
  } finally {
    source.destroy();
  }
}

async function reading(
  name: string,
  path: string,
  options: CopyOptions,
  as: string | undefined,
): Promise<{ visited: Visit; found: FoundFile }> {
  const { paths } = openSession(options);
  const follow = options.followLink ?? false;
  const visited = await visit(
    paths,
    name,
    ({ become }) => ({ read: absolutePath(path), follow, become, ...(as === undefined ? {} : { as }) }),
    options.signal,
  );
  visited.input.end();
  if (!('found' in visited.first)) throw new TypeError('the program has not said what it found');
  return { visited, found: visited.first.found };
}

async function* wholeOutput(visited: Visit): AsyncGenerator<Buffer> {
  yield* visited.output;
  await visited.ended;
}

async function unpackTo(directory: number, top: string, visited: Visit, options: CopyOptions): Promise<Copied> {
  const descriptors = new Descriptors();
  const directories = new HostDirectories(descriptors, directory);
  const unpacker = new Unpacker({ descriptors, directories, top, owners: 'callers', privileges: false });
  const reader = new TarReader(unpacker, LIMITS);
  let bytes = 0;
  try {
    for await (const piece of visited.output) {
      bytes += piece.length;
      reader.push(piece);
    }
    await visited.ended;
    reader.end();
    tell(unpacker.finish(), options);
    return { bytes };
  } catch (error) {
    unpacker.abandon();
    throw ofArchive(error);
  }
}

async function writing(
  name: string,
  path: string,
  source: { isDirectory: boolean; name: string } | undefined,
  pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  options: CopyInOptions,
): Promise<Copied> {
  const { paths } = openSession(options);
  const visited = await visit(
    paths,
    name,
    (inside) => ({ write: absolutePath(path), ...(source ? { source } : {}), keepOwners: options.archive ?? false, ...inside }),
    options.signal,
  );
  try {
    const bytes = await send(visited.input, pieces);
    const messages = await remaining(visited.output);
    await visited.ended;
    for (const message of messages) if ('done' in message) tell(message.done, options);
    return { bytes };
  } catch (error) {
    visited.abandon();
    throw error;
  }
}

function tell({ devices, strangers }: Report, { onNote }: CopyOptions): void {
  if (devices.length > 0) onNote?.(`devices are not copied: ${devices.join(', ')}`);
  if (strangers > 0) {
    onNote?.(`${strangers} of the files belong to users that the container's id map does not have: they are its root's now`);
  }
}
