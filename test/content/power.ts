/**
 * What a disk may hold after the power went: what a file has is there once the file was flushed, what a directory has once the directory was.
 * (Most file systems promise more. None is asked to.)
 */
import { mkdirSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import type { Step, Watch } from './steps.js';

interface Entry {
  /** Absent: a directory. */
  bytes?: Buffer;
  mtime: number;
}

interface Flushed {
  mtime: number;
  entries: Map<string, Entry>;
}

/** By path below the root, parents first. */
export type State = ReadonlyMap<string, Entry>;

export class PowerModel implements Watch {
  readonly #root: string;
  /** Files with contents that were not flushed. */
  readonly #dirty = new Set<string>();
  /** Directory → its entries when it was flushed last. */
  readonly #flushed = new Map<string, Flushed>();
  readonly #flushing = new WeakMap<Step, Flushed>();

  constructor(root: string) {
    this.#root = root;
  }

  before(step: Step): void {
    const path = this.#name(step.path);
    if (step.what === 'sync' && statSync(step.path).isDirectory())
      this.#flushing.set(step, { mtime: this.#entry(path).mtime, entries: this.#entriesOf(path) });
    if (['writeFile', 'writev', 'write', 'appendFile', 'open'].includes(step.what)) this.#dirty.add(path);
  }

  after(step: Step): void {
    const path = this.#name(step.path);
    const flushed = this.#flushing.get(step);
    if (flushed !== undefined) this.#flushed.set(path, flushed);
    else if (step.what === 'sync') this.#dirty.delete(path);
    else if (step.from !== undefined && this.#dirty.delete(this.#name(step.from))) this.#dirty.add(path);
  }

  /** As a killed process leaves it. */
  now(): State {
    const state = new Map<string, Entry>([['', this.#entry('')]]);
    for (const [path] of state) {
      if (state.get(path)?.bytes !== undefined) continue;
      for (const name of readdirSync(join(this.#root, path)).sort()) state.set(join(path, name), this.#entry(join(path, name)));
    }
    return state;
  }

  /** Names got to the disk before what the files have. */
  namesFirst(): State {
    const state = new Map(this.now());
    for (const path of this.#dirty) {
      const entry = state.get(path);
      if (entry?.bytes !== undefined) state.set(path, { ...entry, bytes: Buffer.alloc(0) });
    }
    return state;
  }

  /** Nothing got there that was not flushed. */
  flushedOnly(): State {
    const state = new Map<string, Entry>([['', this.#entry('')]]);
    for (const [path, entry] of state) {
      if (entry.bytes !== undefined) continue;
      const flushed = this.#flushed.get(path);
      if (flushed !== undefined) state.set(path, { mtime: flushed.mtime });
      for (const [name, child] of flushed?.entries ?? []) state.set(join(path, name), child);
    }
    return state;
  }

  #entriesOf(directory: string): Map<string, Entry> {
    return new Map(
      readdirSync(join(this.#root, directory)).map((name) => {
        const path = join(directory, name);
        const entry = this.#entry(path);
        return [name, this.#dirty.has(path) && entry.bytes !== undefined ? { ...entry, bytes: Buffer.alloc(0) } : entry];
      }),
    );
  }

  #entry(path: string): Entry {
    const at = join(this.#root, path);
    const stat = statSync(at);
    return { ...(stat.isFile() ? { bytes: readFileSync(at) } : {}), mtime: stat.mtimeMs / 1000 };
  }

  #name(path: string): string {
    return relative(this.#root, path);
  }
}

/** Makes a directory of it. */
export function write(state: State, root: string): void {
  for (const [path, { bytes }] of state) {
    const at = join(root, path);
    mkdirSync(dirname(at), { recursive: true, mode: 0o700 });
    if (bytes === undefined) mkdirSync(at, { recursive: true, mode: 0o700 });
    else writeFileSync(at, bytes, { mode: 0o600 });
  }
  for (const [path, { mtime }] of [...state].reverse()) utimesSync(join(root, path), mtime, mtime);
}

export function keyOf(state: State): string {
  return [...state].map(([path, { bytes }]) => `${path} ${bytes?.toString('base64') ?? '/'}`).join('\n');
}
