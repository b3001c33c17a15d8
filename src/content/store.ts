/**
 * The content store: an OCI image layout (image-spec image-layout.md) whose blobs are named by their digest and appear only when whole.
 * Any number of processes may read and fetch at once; whichever is first fetches a blob, the others wait and find it.
 */
import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import { type FileHandle, open, readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { errnoOf, TsrunError } from '../errors.js';
import { ensurePrivateDirectory, type StorePaths } from '../paths.js';
import { type Digest, hexOf, isDigest } from '../spec/digest.js';
import { makeDirectories } from '../sys/directories.js';
import { type BlobDescriptor, blobArrivedAs, blobDamaged, blobMissing, blobSize, storeFailure } from './failure.js';
import { type Ingest, openIngest, openPartial, syncDirectory, writeDurably } from './ingest.js';
import { lockStore } from './lock.js';
import { type ReceiveOptions, receive } from './receive.js';
import { refreshIndex } from './refs.js';
import { sweepLeftovers } from './sweep.js';

export interface FetchOptions {
  signal?: AbortSignal | undefined;
  /** Called with the bytes received so far. */
  onBytes?: ((total: number) => void) | undefined;
  /** The source can begin in the middle: what one fetch has received the next one need not. */
  resumes?: boolean | undefined;
}

/** Where bytes come from. @param from so many are there already: they must not come again */
export type BlobBytes = (from: number) => AsyncIterable<Uint8Array>;

/** Less than this is sooner had anew. Bytes. */
const WORTH_KEEPING = 1024 * 1024;

export class ContentStore {
  constructor(readonly paths: StorePaths) {}

  /**
   * Makes the layout, once, and clears what dead writers left. To be called before anything is written; reading needs no call.
   * Errors: ERR_TSRUN_STORE_UNREADABLE, ERR_TSRUN_DISK_FULL.
   */
  async init(): Promise<void> {
    const { paths } = this;
    try {
      const blobs = join(paths.image, 'blobs', 'sha256');
      for (const directory of [blobs, paths.ingest, paths.refs, paths.locks]) makeDirectories(directory, 0o700);
    } catch (cause) {
      throw storeFailure(cause, 'cannot make the store', paths.base);
    }
    ensurePrivateDirectory(paths.base, process.getuid?.() ?? 0);
    await sweepLeftovers(paths);
    const layoutFile = join(paths.image, 'oci-layout');
    if ((await sizeOf(layoutFile)) === undefined) {
      await this.#syncDirectories();
      await writeDurably(paths, layoutFile, '{"imageLayoutVersion":"1.0.0"}');
    }
    await refreshIndex(paths);
  }

  /** A new store's: what is put into a directory is on the disk no sooner than the directory is. */
  async #syncDirectories(): Promise<void> {
    const { roots, base, image } = this.paths;
    for (const directory of [join(image, 'blobs'), image, base, roots.data, dirname(roots.data)]) {
      await syncDirectory(directory).catch((cause: unknown) => {
        // Above the store is others' ground: it need not be readable.
        if (!['EACCES', 'EPERM', 'EINVAL'].includes(errnoOf(cause) ?? '')) throw storeFailure(cause, 'cannot make the store', directory);
      });
    }
  }

  async has(digest: Digest): Promise<boolean> {
    return (await sizeOf(this.#pathOf(digest))) !== undefined;
  }

  /**
   * Brings a blob into the store unless it is there, fetching it in one process only.
   * `source` is called once, or with 0 again where what an earlier fetch left does not fit; a body that is longer than `descriptor.size` is dropped at the first byte too many.
   * Errors: ERR_TSRUN_BLOB_SIZE, ERR_TSRUN_BLOB_DIGEST, ERR_TSRUN_DISK_FULL, ERR_TSRUN_STORE_UNREADABLE, ERR_TSRUN_INTERRUPTED, and the source's own.
   */
  async fetchOnce(descriptor: BlobDescriptor, source: BlobBytes, options: FetchOptions = {}): Promise<{ alreadyPresent: boolean }> {
    if (!Number.isSafeInteger(descriptor.size) || descriptor.size < 0) throw blobSize(descriptor, 'not a size');
    if (await this.#holds(descriptor)) return { alreadyPresent: true };
    const lockName = `blob-${hexOf(descriptor.digest)}`;
    using _held = await lockStore(this.paths, lockName, 'exclusive', options.signal);
    try {
      // Whoever held the lock before has most likely fetched it.
      if (await this.#holds(descriptor)) return { alreadyPresent: true };
      await this.#fetch(descriptor, source, options);
      return { alreadyPresent: false };
    } finally {
      rmSync(join(this.paths.locks, lockName), { force: true });
    }
  }

  /**
   * Takes in what has no digest before it is read: what is made here.
   * @param protect is given the digest before the blob can be found by it (Lease.protect)
   * Errors: ERR_TSRUN_DISK_FULL, ERR_TSRUN_STORE_UNREADABLE, ERR_TSRUN_INTERRUPTED, and the source's own.
   */
  async add(
    what: string,
    source: AsyncIterable<Uint8Array>,
    protect: (digest: Digest) => Promise<void>,
    options: FetchOptions = {},
  ): Promise<BlobDescriptor> {
    const fail = (cause: unknown): never => {
      throw storeFailure(cause, `cannot store ${what}`, this.paths.image);
    };
    const ingest = await openIngest(this.paths).catch(fail);
    try {
      const added = await receive(ingest.file, source, { what, limit: Number.MAX_SAFE_INTEGER, fail, ...options });
      await protect(added.digest);
      if (!(await this.#holds(added))) await ingest.commit(this.#pathOf(added.digest)).catch(fail);
      return added;
    } finally {
      await ingest.discard();
    }
  }

  /**
   * All bytes of a blob, verified. For manifests and configs: not for layers.
   * Errors: ERR_TSRUN_BLOB_MISSING, ERR_TSRUN_BLOB_SIZE (also above `limit`), ERR_TSRUN_BLOB_DIGEST, ERR_TSRUN_STORE_UNREADABLE.
   */
  async readBytes(descriptor: BlobDescriptor, limit: number = Number.MAX_SAFE_INTEGER): Promise<Buffer> {
    const path = this.#pathOf(descriptor.digest);
    if (descriptor.size > limit) throw blobSize(descriptor, `above the limit of ${limit} bytes`);
    if (!(await this.#holds(descriptor))) throw blobMissing(descriptor.digest);
    const bytes = await readFile(path).catch((cause: unknown) => {
      throw storeFailure(cause, `cannot read blob ${descriptor.digest}`, path);
    });
    if (digestOf(bytes) !== descriptor.digest) throw blobDamaged(descriptor.digest, path);
    return bytes;
  }

  /** The bytes of a blob, not verified. Errors of the iteration: ERR_TSRUN_BLOB_MISSING, ERR_TSRUN_BLOB_SIZE, ERR_TSRUN_STORE_UNREADABLE. */
  async *stream(descriptor: BlobDescriptor): AsyncGenerator<Uint8Array, void, undefined> {
    const path = this.#pathOf(descriptor.digest);
    if (!(await this.#holds(descriptor))) throw blobMissing(descriptor.digest);
    try {
      const file = await open(path, 'r');
      yield* file.createReadStream({ highWaterMark: 256 * 1024 }) as AsyncIterable<Uint8Array>;
    } catch (cause) {
      throw storeFailure(cause, `cannot read blob ${descriptor.digest}`, path);
    }
  }

  #pathOf(digest: Digest): string {
    if (!isDigest(digest)) {
      throw new TsrunError('ERR_TSRUN_DIGEST_INVALID', `not a digest this store can hold: ${String(digest).slice(0, 100)}`, {
        hint: 'only sha256 digests are supported: sha256: and 64 hexadecimal digits in lower case',
      });
    }
    return this.paths.blob(digest);
  }

  /** A file of another size than declared: either the descriptor lies, or the disk lost bytes and the blob is fetched again. */
  async #holds(descriptor: BlobDescriptor): Promise<boolean> {
    const path = this.#pathOf(descriptor.digest);
    const size = await sizeOf(path);
    if (size === undefined || size === descriptor.size) return size !== undefined;
    if ((await digestOfFile(path)) === descriptor.digest) throw blobSize(descriptor, `${size} bytes long`);
    return false; // not removed here, where no lock is held: whoever fetches it puts the whole one in its place
  }

  async #fetch(descriptor: BlobDescriptor, source: BlobBytes, { resumes = false, ...options }: FetchOptions): Promise<void> {
    const { digest, size } = descriptor;
    const fail = (cause: unknown): never => {
      throw storeFailure(cause, `cannot store blob ${digest}`, this.paths.image, size);
    };
    const partial = resumes && size > WORTH_KEEPING ? await openPartial(this.paths, digest).catch(fail) : undefined;
    const ingest = partial ?? (await openIngest(this.paths).catch(fail));
    try {
      const begun = partial && (await begunIn(ingest.file, size).catch(fail));
      await this.#receive(descriptor, ingest, (from) => source(from), { ...options, ...(begun ? { begun } : {}) }, fail);
    } catch (error) {
      // Of what was cut off the beginning is right; of what was whole and wrong nobody knows what is.
      if (partial && isCut(error) && (await ingest.file.stat()).size >= WORTH_KEEPING) await partial.keep();
      throw error;
    } finally {
      await ingest.discard();
    }
  }

  async #receive(
    descriptor: BlobDescriptor,
    ingest: Ingest,
    source: BlobBytes,
    { begun, ...options }: Pick<ReceiveOptions, 'begun'> & FetchOptions,
    fail: (cause: unknown) => never,
  ): Promise<void> {
    const { digest, size } = descriptor;
    const from = begun?.size ?? 0;
    try {
      const received = await receive(ingest.file, source(from), {
        ...{ what: `blob ${digest}`, limit: size, fail, ...options },
        ...(begun ? { begun } : {}),
      });
      if (received.size !== size) throw blobSize(descriptor, `only ${received.size} bytes long`);
      if (received.digest !== digest) throw blobArrivedAs(digest, received.digest);
    } catch (error) {
      if (from === 0 || !isWrong(error)) throw error;
      // An earlier fetch may have been lied to, or lost power.
      await ingest.file.truncate(0).catch(fail);
      return this.#receive(descriptor, ingest, source, options, fail);
    }
    await ingest.commit(this.#pathOf(digest)).catch(fail);
  }
}

/** What an earlier fetch left, digested; nothing of it when it is too long. */
async function begunIn(file: FileHandle, limit: number): Promise<NonNullable<ReceiveOptions['begun']>> {
  if ((await file.stat()).size >= limit) await file.truncate(0);
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafe(256 * 1024);
  let size = 0;
  for (;;) {
    const { bytesRead } = await file.read(buffer, 0, buffer.length, size);
    if (bytesRead === 0) return { hash, size };
    hash.update(buffer.subarray(0, bytesRead));
    size += bytesRead;
  }
}

function isWrong(error: unknown): boolean {
  return error instanceof TsrunError && ['ERR_TSRUN_BLOB_DIGEST', 'ERR_TSRUN_BLOB_SIZE'].includes(error.code);
}

/** By the sender, the network or the user. */
function isCut(error: unknown): boolean {
  return error instanceof TsrunError && (error.code === 'ERR_TSRUN_INTERRUPTED' || error.code.startsWith('ERR_TSRUN_REGISTRY_'));
}

/** sha256 of bytes in memory, in the spelling of a descriptor. */
export function digestOf(bytes: Uint8Array): Digest {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}` as Digest;
}

async function digestOfFile(path: string): Promise<Digest> {
  const hash = createHash('sha256');
  const file = await open(path, 'r');
  for await (const chunk of file.createReadStream({ highWaterMark: 256 * 1024 })) hash.update(chunk as Buffer);
  return `sha256:${hash.digest('hex')}` as Digest;
}

async function sizeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size;
  } catch (cause) {
    if (errnoOf(cause) === 'ENOENT') return undefined;
    throw storeFailure(cause, 'cannot read the store', path);
  }
}
