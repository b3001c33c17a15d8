/**
 * How a file comes to be in the store: written under a random name, flushed, renamed. Whoever looks at the final name sees all of it or nothing.
 * The half-made file is locked while its writer lives; a free lock is the mark of a leftover (sweep.ts).
 */
import { randomUUID } from 'node:crypto';
import { type FileHandle, open, rename, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { StorePaths } from '../paths.js';
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

function lockedFile(directory: string): { path: string; lock: Lock } {
  for (;;) {
    const path = join(directory, randomUUID());
    const lock = tryLock(path, 'exclusive');
    // undefined: a sweeper took it between open and flock; it will be gone.
    if (lock !== undefined) return { path, lock };
  }
}

function ingestOf(path: string, lock: Lock, file: FileHandle): Ingest {
  let open = true;
  const close = async () => {
    open = false;
    await file.close();
    lock.release();
  };
  return {
    path,
    file,
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
