/**
 * The directory tree that a layer is applied to: the working directory of this process, which is also its root where it could enter it by
 * chroot. Every path here begins there and is free of symbolic links but for its last component, so one file has one path and no call below
 * follows a link of the layer.
 */
import { type BigIntStats, lstatSync, mkdirSync, readdirSync, realpathSync, rmdirSync, unlinkSync } from 'node:fs';
import { errnoOf } from '../errors.js';
import { type Times, utimensat } from '../sys/files.js';
import { realWithin } from './confined.js';
import { invalid, overLimit } from './fault.js';
import type { UnpackMode } from './job.js';
import type { Limits } from './limits.js';
import { childPath, type Place, parentPath } from './name.js';

/** In mode `alone`: the layer needs something from below it. Carries the entry's name. */
export class NotSelfContained extends Error {
  readonly entry: Buffer;
  constructor(entry: Buffer) {
    super('the layer needs its parents');
    this.entry = entry;
  }
}

export const ROOT = Buffer.from('.');
const KNOWN_DIRECTORIES = 4096;
const PARENT_MODE = 0o755;

export class Tree {
  readonly #mode: UnpackMode;
  readonly #limits: Pick<Limits, 'depth' | 'rememberedBytes'>;
  readonly #realDirectory: (path: Buffer) => Buffer | undefined;
  /** Directory part of names → its path. Dropped as a whole when a directory or link goes away. */
  readonly #known = new Map<string, Buffer>();
  /** Times that directories get at the very end, since every entry made inside changes them. */
  readonly #times = new Map<string, Times>();
  /** merged: what this layer brought, ancestors included; whiteouts spare it (image-spec layer.md, "Whiteouts"). */
  readonly #brought = new Set<string>();
  #remembered = 0;
  #restructured = false;

  /** @param confined this process's root is not the target */
  constructor(mode: UnpackMode, limits: Pick<Limits, 'depth' | 'rememberedBytes'>, confined = false) {
    this.#mode = mode;
    this.#limits = limits;
    this.#realDirectory = confined ? realWithin : realDirectory;
  }

  /** The path of an entry. Missing parents are made (merged) or mean NotSelfContained (alone). */
  path(place: Place, entry: Buffer): Buffer {
    return place.base.length === 0 ? ROOT : childPath(this.#directory(place.parent, entry), place.base);
  }

  /** The path of a directory, links resolved; undefined when there is none (alone: NotSelfContained). Makes nothing. */
  findDirectory(name: Buffer, entry: Buffer): Buffer | undefined {
    return this.#known.get(keyOf(name)) ?? this.#look(name, entry);
  }

  /** The path of an entry whose directory may be missing; otherwise as findDirectory. */
  find(place: Place, entry: Buffer): Buffer | undefined {
    const directory = this.findDirectory(place.parent, entry);
    return directory === undefined ? undefined : childPath(directory, place.base);
  }

  /** Remembers that this layer brought the entry. */
  bring(path: Buffer): void {
    if (this.#mode === 'alone') return;
    for (let at = path; at.length > 1 && !this.#brought.has(keyOf(at)); at = parentPath(at)) {
      this.#brought.add(keyOf(at));
      this.#remember(at);
    }
  }

  wasBrought(path: Buffer): boolean {
    return this.#brought.has(keyOf(path));
  }

  /** Sets the times of a directory once the layer is complete. */
  setTimesLater(directory: Buffer, times: Times): void {
    if (!this.#times.has(keyOf(directory))) this.#remember(directory);
    this.#times.set(keyOf(directory), times);
  }

  /** Removes whatever is there, a directory with all its contents. */
  clear(path: Buffer, stat: BigIntStats = lstatSync(path, { bigint: true })): void {
    if (stat.isDirectory() || stat.isSymbolicLink()) {
      this.#restructured = true;
      this.#known.clear();
    }
    if (stat.isDirectory()) removeDirectory(path);
    else unlinkSync(path);
  }

  /** Removes what the parents put into a directory and leaves what this layer brought. */
  clearInherited(directory: Buffer): void {
    for (const child of childrenOf(directory)) {
      const stat = lstatSync(child, { bigint: true });
      if (!this.wasBrought(child)) this.clear(child, stat);
      else if (stat.isDirectory()) this.clearInherited(child);
    }
  }

  /** Deepest last made is first set; a path that meanwhile leads elsewhere is left alone. */
  finish(): void {
    for (const [key, times] of [...this.#times].reverse()) {
      const path = Buffer.from(key, 'latin1');
      if (!this.#restructured || this.#realDirectory(path)?.equals(path)) utimensat(path, times);
    }
  }

  #directory(parent: Buffer, entry: Buffer): Buffer {
    const key = keyOf(parent);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const found = this.#look(parent, entry) ?? this.#makeParent(parent, entry);
    if (this.#known.size >= KNOWN_DIRECTORIES) this.#known.clear();
    this.#known.set(key, found);
    return found;
  }

  /** Links in the middle are followed inside of this root. */
  #look(parent: Buffer, entry: Buffer): Buffer | undefined {
    const found = this.#realDirectory(childPath(ROOT, parent));
    if (found === undefined) {
      if (this.#mode === 'alone') throw new NotSelfContained(entry);
      return undefined;
    }
    if (depthOf(found) >= this.#limits.depth) throw overLimit(`an entry lies more than ${this.#limits.depth} directories deep`, entry);
    // What an entry adds or removes must not age a directory that the layer says nothing about.
    if (this.#mode === 'merged' && !this.#times.has(keyOf(found))) {
      const stat = lstatSync(found, { bigint: true });
      this.setTimesLater(found, { atime: stat.atimeNs, mtime: stat.mtimeNs });
    }
    return found;
  }

  #makeParent(parent: Buffer, entry: Buffer): Buffer {
    const slash = parent.lastIndexOf(0x2f);
    const above = this.#directory(parent.subarray(0, Math.max(slash, 0)), entry);
    const path = childPath(above, parent.subarray(slash + 1));
    try {
      mkdirSync(path, PARENT_MODE);
    } catch (error) {
      if (errnoOf(error) !== 'EEXIST') throw error;
      throw invalid('an entry stands below what is no directory, or a link that leads nowhere', entry);
    }
    this.bring(path);
    return path;
  }

  #remember(path: Buffer): void {
    this.#remembered += path.length;
    if (this.#remembered > this.#limits.rememberedBytes) throw overLimit('the names of the layer are too long in sum', path);
  }
}

function keyOf(path: Buffer): string {
  return path.toString('latin1');
}

function depthOf(path: Buffer): number {
  let slashes = 0;
  for (const byte of path) if (byte === 0x2f) slashes++;
  return slashes;
}

/** The path without links, or undefined when it does not lead to a directory. The kernel follows them: `/` is the target. */
function realDirectory(path: Buffer): Buffer | undefined {
  try {
    const real = realpathSync.native(path, { encoding: 'buffer' }) as unknown as Buffer;
    if (!lstatSync(real).isDirectory()) return undefined;
    return real.length === 1 ? ROOT : Buffer.concat([ROOT, real]);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR') return undefined;
    throw error;
  }
}

function childrenOf(directory: Buffer): Buffer[] {
  return readdirSync(directory, { encoding: 'buffer' }).map((name) => childPath(directory, name));
}

/** Post-order without recursion: the depth is the layer's to choose. */
function removeDirectory(path: Buffer): void {
  const pending: { path: Buffer; emptied: boolean }[] = [{ path, emptied: false }];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (next.emptied) {
      rmdirSync(next.path);
    } else if (lstatSync(next.path).isDirectory()) {
      pending.push({ path: next.path, emptied: true });
      for (const child of childrenOf(next.path)) pending.push({ path: child, emptied: false });
    } else {
      unlinkSync(next.path);
    }
  }
}
