/** Hard links. Their targets are names in the layer, relative to its root; the kernel resolves links on the way inside of this root. */
import { linkSync, lstatSync } from 'node:fs';
import { errnoOf } from '../errors.js';
import { linkAgain } from './confined.js';
import type { Devices } from './device.js';
import { invalid, overLimit, refused, show } from './fault.js';
import type { UnpackMode } from './job.js';
import type { Limits } from './limits.js';
import { placeOf } from './name.js';
import type { TarEntry } from './tar/entry.js';
import { NotSelfContained, type Tree } from './tree.js';
import { isOverlayWhiteout } from './whiteout.js';

export class HardLinks {
  readonly #tree: Tree;
  readonly #devices: Devices;
  readonly #mode: UnpackMode;
  readonly #limits: Limits;
  readonly #confined: boolean;
  /** merged: links that stand before their targets. */
  readonly #early: { path: Buffer; entry: TarEntry }[] = [];

  constructor(tree: Tree, devices: Devices, mode: UnpackMode, limits: Limits, confined: boolean) {
    this.#tree = tree;
    this.#devices = devices;
    this.#mode = mode;
    this.#limits = limits;
    this.#confined = confined;
  }

  /** False when the link is left out (its target is a device that was), or waits for its target. */
  make(path: Buffer, entry: TarEntry): boolean {
    const target = this.#existing(entry);
    if (target === 'skipped') {
      this.#devices.skip(path, entry.name);
      return false;
    }
    if (target === undefined) {
      if (this.#mode === 'alone') throw new NotSelfContained(entry.name);
      if (this.#early.length >= EARLY_LINKS) throw overLimit(`more than ${EARLY_LINKS} hard links stand before their targets`, entry.name);
      this.#early.push({ path, entry });
      return false;
    }
    this.#link(target, path);
    return true;
  }

  finish(): void {
    for (const { path, entry } of this.#early) {
      if (this.#tree.wasBrought(path)) continue; // a later entry of the same name counts
      const target = this.#existing(entry);
      if (target === undefined)
        throw invalid(`${show(entry.name)} is a hard link to ${show(entry.link)}, which does not exist`, entry.name);
      if (target === 'skipped') continue;
      this.#link(target, path);
      this.#tree.bring(path);
    }
  }

  #existing(entry: TarEntry): Buffer | 'skipped' | undefined {
    const place = placeOf(entry.link, this.#limits);
    if (place.base.length === 0) throw refused('a hard link points at the root directory', entry.name);
    const path = this.#tree.find(place, entry.name);
    const stat = path === undefined ? undefined : lstatSync(path, { bigint: true, throwIfNoEntry: false });
    if (path === undefined) return undefined;
    if (stat === undefined) return this.#devices.wasSkipped(path) ? 'skipped' : undefined;
    if (stat.isDirectory()) throw refused('a hard link points at a directory', entry.name);
    // In overlay's form what a whiteout hides does not exist, and a second name for the whiteout would be one more.
    return this.#mode === 'alone' && isOverlayWhiteout(stat) ? undefined : path;
  }

  /** link(2) does not follow a symbolic link at the end of the target: that becomes a hard link to the link, as in GNU tar. */
  #link(target: Buffer, path: Buffer): void {
    const link = this.#confined && lstatSync(target).isSymbolicLink() ? linkAgain : linkSync;
    try {
      link(target, path);
    } catch (error) {
      if (errnoOf(error) !== 'EEXIST') throw error;
      if (isSameFile(target, path)) return;
      this.#tree.clear(path);
      link(target, path);
    }
  }
}

const EARLY_LINKS = 10_000;

function isSameFile(one: Buffer, other: Buffer): boolean {
  const [a, b] = [lstatSync(one, { bigint: true }), lstatSync(other, { bigint: true })];
  return a.ino === b.ino && a.dev === b.dev;
}
