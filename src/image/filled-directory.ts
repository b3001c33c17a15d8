/**
 * A directory that is being filled. One that is new is filled beside its place and renamed; in one that was there each file appears when it is
 * whole, and what was added goes again when the filling fails. A lock keeps others of us from naming meanwhile what would go.
 */
import { mkdir, open, readdir, readFile, realpath, rename, rm, rmdir, stat, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { syncDirectory } from '../content/ingest.js';
import { errnoOf } from '../errors.js';
import { type Lock, lockDirectory } from '../sys/flock.js';
import { halfMade, outputFailure, writeAll } from './sink.js';

export class FilledDirectory {
  readonly #at: string;
  readonly #made: string[] = [];
  readonly #folders: string[] = [];
  readonly #touched = new Set<string>();

  private constructor(
    /** the place, for messages */
    readonly path: string,
    /** undefined: it is new */
    readonly lock: Lock | undefined,
    /** takes the place of what is there */
    readonly replaces: boolean,
  ) {
    this.#at = lock === undefined || replaces ? halfMade(path) : path;
  }

  /** @param replaces what is there goes when the new one is whole @throws ERR_TSRUN_OUTPUT, ERR_TSRUN_INTERRUPTED */
  static async open(path: string, replaces: boolean, signal?: AbortSignal): Promise<FilledDirectory> {
    return told(path, async () => {
      // A link to a directory stays one.
      const real = await realpath(path).catch(() => path);
      const lock = await lockDirectory(real, 'exclusive', signal);
      const directory = new FilledDirectory(real, lock, replaces && lock !== undefined);
      try {
        if (directory.#at !== real) await mkdir(directory.#at);
        return directory;
      } catch (error) {
        lock?.release();
        throw error;
      }
    });
  }

  /** Bytes of a file. */
  async size(name: string): Promise<number | undefined> {
    return (await stat(join(this.#at, name)).catch(() => undefined))?.size;
  }

  async read(name: string): Promise<Buffer> {
    return told(this.path, () => readFile(join(this.#at, name)));
  }

  /** A file with those bytes, and the folders that it lies in; what was there of this name is replaced. */
  async write(name: string, bytes: AsyncIterable<Uint8Array> | Uint8Array): Promise<void> {
    const to = join(this.#at, name);
    await told(this.path, async () => {
      await this.#folder(dirname(name));
      const isNew = (await this.size(name)) === undefined;
      const half = halfMade(to);
      try {
        await written(half, bytes);
        await rename(half, to);
      } catch (error) {
        await unlink(half).catch(() => undefined);
        throw error;
      }
      this.#touched.add(dirname(to));
      if (isNew) this.#made.push(to);
    });
  }

  /** It is whole. */
  async commit(): Promise<void> {
    await told(this.path, async () => {
      for (const folder of new Set([...this.#touched, ...this.#folders, this.#at])) await syncDirectory(folder);
      if (this.#at !== this.path) await this.#takePlace();
      await syncDirectory(dirname(this.path)).catch(() => undefined);
    });
    this.lock?.release();
  }

  /** Two renames: there is no moment at which something half made has the name. */
  async #takePlace(): Promise<void> {
    const old = this.replaces ? halfMade(this.path) : undefined;
    if (old !== undefined) await rename(this.path, old);
    try {
      await rename(this.#at, this.path);
    } catch (error) {
      if (old !== undefined) await rename(old, this.path);
      throw error;
    }
    if (old !== undefined) await rm(old, { recursive: true, force: true });
  }

  /** Takes away what was made. */
  async abort(): Promise<void> {
    if (this.#at !== this.path) await rm(this.#at, { recursive: true, force: true });
    else {
      for (const file of this.#made) await unlink(file).catch(() => undefined);
      // By depth: of writers side by side the one that made the inner may say so first.
      for (const folder of this.#folders.sort((a, b) => b.length - a.length)) await rmdir(folder).catch(() => undefined);
    }
    this.lock?.release();
  }

  async #folder(name: string): Promise<void> {
    if (name === '.') return;
    await this.#folder(dirname(name));
    const folder = join(this.#at, name);
    try {
      await mkdir(folder);
      this.#folders.push(folder);
    } catch (error) {
      if (errnoOf(error) !== 'EEXIST') throw error;
    }
  }
}

/** What lies in a directory; undefined when there is none. @throws ERR_TSRUN_OUTPUT */
export async function namesIn(path: string): Promise<string[] | undefined> {
  try {
    return await readdir(path);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw outputFailure(error, path);
  }
}

async function written(path: string, bytes: AsyncIterable<Uint8Array> | Uint8Array): Promise<void> {
  const file = await open(path, 'wx', 0o666);
  try {
    if (bytes instanceof Uint8Array) await writeAll(file, bytes);
    else for await (const piece of bytes) await writeAll(file, piece);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function told<T>(path: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    throw outputFailure(error, path);
  }
}
