/** A layer blob as the bytes of its tar. */
import { read, readSync } from 'node:fs';
import { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { createGunzip } from 'node:zlib';
import { TsrunError } from '../errors.js';
import { compressionOf } from '../spec/compression.js';
import { type Compression, LAYER_TYPES } from '../spec/media-types.js';
import { invalid } from './fault.js';
import { loadZstd, ZstdStream } from './zstd.js';

/** With the default of 16 KiB gunzip is half as fast. */
const CHUNK = 256 * 1024;

export interface TarStream {
  compression: Compression;
  /** Compressed bytes taken in so far. */
  consumed(): number;
  /** Each piece is valid until the next one is asked for. Damaged or cut-off data is ERR_TSRUN_LAYER_INVALID. */
  chunks(): AsyncGenerator<Buffer>;
}

/**
 * Looks at the first bytes, which decide, as in containerd: images exist whose media type is wrong. The type itself must be known.
 * After this call no file is opened any more.
 * @param fd the blob, read from its start
 * @param size bytes of the blob
 */
export async function openTar(fd: number, size: number, mediaType: string): Promise<TarStream> {
  if (!Object.hasOwn(LAYER_TYPES, mediaType)) {
    throw new TsrunError('ERR_TSRUN_MEDIA_TYPE', `a layer has the unknown media type ${JSON.stringify(mediaType)}`, {
      subject: mediaType,
      hint: 'ask the publisher for an image with tar layers (gzip, zstd or plain), or run a newer tsrun',
    });
  }
  const compression = sniff(fd);
  if (compression === 'zstd') await loadZstd();
  const open = { none: plain, gzip: gunzip, zstd: unzstd }[compression];
  return { compression, ...open(fd, size) };
}

function sniff(fd: number): Compression {
  const first = Buffer.alloc(4);
  readSync(fd, first, 0, 4, 0);
  return compressionOf(first);
}

type Opened = Omit<TarStream, 'compression'>;

function plain(fd: number, size: number): Opened {
  let consumed = 0;
  async function* chunks() {
    for (const chunk of readAll(fd, size)) {
      consumed += chunk.length;
      yield chunk;
    }
  }
  return { consumed: () => consumed, chunks };
}

/** The whole blob, in one buffer that is used again. */
function* readAll(fd: number, size: number): Generator<Buffer> {
  const buffer = Buffer.allocUnsafeSlow(CHUNK);
  for (let at = 0; at < size; ) {
    const length = readSync(fd, buffer, 0, Math.min(CHUNK, size - at), at);
    if (length === 0) throw invalid('the blob became shorter while it was read');
    at += length;
    yield buffer.subarray(0, length);
  }
}

/** zlib works in the thread pool meanwhile. It takes any number of members, and stops without an error where a zero follows one. */
function gunzip(fd: number, size: number): Opened {
  const stream = createGunzip({ chunkSize: CHUNK });
  async function* chunks() {
    const source = Readable.from(readAhead(fd, size), { objectMode: false, highWaterMark: CHUNK });
    source.once('error', (error) => stream.destroy(error));
    source.pipe(stream);
    try {
      for await (const chunk of stream) yield chunk as Buffer;
    } catch (cause) {
      if (!String((cause as { code?: unknown }).code).startsWith('Z_')) throw cause;
      throw invalid(`the gzip stream is damaged or cut off (${(cause as Error).message})`, undefined, cause);
    } finally {
      source.destroy();
    }
    requireZeros(fd, stream.bytesWritten, size);
  }
  return { consumed: () => stream.bytesWritten, chunks };
}

const readAsync = promisify(read);

/** As readAll, but each piece in a buffer of its own: zlib keeps them while the next is read. */
async function* readAhead(fd: number, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < size; ) {
    const { bytesRead, buffer } = await readAsync(fd, Buffer.allocUnsafeSlow(CHUNK), 0, Math.min(CHUNK, size - at), at);
    if (bytesRead === 0) throw invalid('the blob became shorter while it was read');
    at += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

/** Padding may follow (tape blocks); anything else is not part of what gzip has checked. */
function requireZeros(fd: number, from: number, size: number): void {
  const buffer = Buffer.allocUnsafe(CHUNK);
  for (let at = from; at < size; ) {
    const length = readSync(fd, buffer, 0, Math.min(CHUNK, size - at), at);
    if (length === 0 || buffer.subarray(0, length).some((byte) => byte !== 0)) throw invalid('something follows the gzip stream');
    at += length;
  }
}

function unzstd(fd: number, size: number): Opened {
  const stream = new ZstdStream();
  let consumed = 0;
  async function* chunks() {
    for (const chunk of readAll(fd, size)) {
      consumed += chunk.length;
      yield* stream.push(chunk);
    }
    stream.end();
  }
  return { consumed: () => consumed, chunks };
}
