/**
 * How a file comes to be in the store: written under a random name, flushed, renamed. Whoever looks at the final name sees all of it or nothing.
 * The half-made file is locked while its writer lives; a free lock is the mark of a leftover (sweep.ts).
 */
import { randomUUID } from 'node:crypto';
import { type FileHandle, open, rename, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { StorePaths } from '../paths.js';
import { type Digest, hexOf } from '../spec/digest.js';
import { type Lock, tryLock } from '../sys/flock.js';
import { storeFailure } from './failure.js';

export interface Ingest {
  readonly path: string;
  readonly file: FileHandle;
  /** Makes the bytes durable and gives them their name. System errors are thrown as they come. */
  commit(to: string): Promise<void>;
  /** Forgets the bytes. Does nothing after commit. */
  discard(): Promise<void>;
}

/** An empty file to write to, on the same file system as all it may become. */
export async function openIngest(paths: StorePaths): Promise<Ingest> {
  const { path, lock } = lockedFile(paths.ingest);
  try {
    return ingestOf(path, lock, await open(path, 'r+'));
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** What a fetch may leave for the next one: the beginning of a blob, under its digest. */
export interface Partial extends Ingest {
  /** Closes it and leaves the bytes. Does nothing after commit or discard. */
  keep(): Promise<void>;
}

/** The beginning of a blob as the last fetch of it left it; the caller holds the blob's lock. Undefined while a sweeper is at it. */
export async function openPartial(paths: StorePaths, digest: Digest): Promise<Partial | undefined> {
  const path = join(paths.ingest, hexOf(digest));
  const lock = tryLock(path, 'exclusive');
  if (lock === undefined) return undefined;
  try {
    const ingest = ingestOf(path, lock, await open(path, 'r+'));
    return { ...ingest, keep: ingest.close };
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** The name of a partial one: all others are random, and of no use to anybody else. */
export function isPartial(name: string): boolean {
  return /^[0-9a-f]{64}$/.test(name);
}

function lockedFile(directory: string): { path: string; lock: Lock } {
  for (;;) {
    const path = join(directory, randomUUID());
    const lock = tryLock(path, 'exclusive');
    // undefined: a sweeper took it between open and flock; it will be gone.
    if (lock !== undefined) return { path, lock };
  }
}

function ingestOf(path: string, lock: Lock, file: FileHandle): Ingest & { close(): Promise<void> } {
  let open = true;
  const close = async () => {
    if (!open) return;
    open = false;
    await file.close();
    lock.release();
  };
  return {
    path,
    file,
    close,
    async commit(to) {
      await file.sync();
      await rename(path, to);
      await close();
      await syncDirectory(dirname(to));
    },
    async discard() {
      if (!open) return;
      await unlink(path).catch(() => undefined);
      await close();
    },
  };
}

/** A rename or unlink is durable once its directory is. */
export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/** Replaces a small file of the store durably. Errors: ERR_TSRUN_DISK_FULL, ERR_TSRUN_STORE_UNREADABLE. */
export async function writeDurably(paths: StorePaths, to: string, text: string): Promise<void> {
  const bytes = Buffer.from(text);
  try {
    const ingest = await openIngest(paths);
    try {
      await ingest.file.writeFile(bytes);
      await ingest.commit(to);
    } finally {
      await ingest.discard();
    }
  } catch (cause) {
    throw storeFailure(cause, 'cannot write to the store', to, bytes.length);
  }
}
