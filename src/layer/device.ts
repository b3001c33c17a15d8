/** Device nodes: only the initial user namespace may make them, elsewhere they are left out and reported. */
import { constants, unlinkSync } from 'node:fs';
import { errnoOf } from '../errors.js';
import { mknod } from '../sys/files.js';
import { refused, show } from './fault.js';
import type { TarEntry } from './tar/entry.js';

/** No entry can have this name: its prefix is reserved for whiteouts. */
const PROBE = './.wh.tsrun-device-probe';
const NULL_DEVICE = { major: 1, minor: 3 };
const REPORTED = 10;

export class Devices {
  readonly skipped: string[] = [];
  /** Paths, latin1; hard links to them are left out as well. */
  readonly #skippedPaths = new Set<string>();
  #allowed: boolean | undefined;

  /** Asked before anything is removed: a device that is left out leaves in place what the parents have there. */
  mayMake(path: Buffer, { type, major, minor, name }: TarEntry): boolean {
    if (type === 'character' && major === 0 && minor === 0) throw refused("a device is overlay's own form of a whiteout", name);
    this.#allowed ??= probe();
    if (!this.#allowed) this.skip(path, name);
    return this.#allowed;
  }

  skip(path: Buffer, name: Buffer): void {
    if (this.skipped.length < REPORTED && !isBelowDev(path)) this.skipped.push(show(name));
    this.#skippedPaths.add(path.toString('latin1'));
  }

  wasSkipped(path: Buffer): boolean {
    return this.#skippedPaths.has(path.toString('latin1'));
  }
}

/** Every container gets a /dev of its own: what a layer has there is never seen, and nobody needs to be told that it is missing. */
function isBelowDev(path: Buffer): boolean {
  return /^\.\/dev\//.test(path.toString('latin1'));
}

function probe(): boolean {
  try {
    mknod(PROBE, constants.S_IFCHR | 0o600, NULL_DEVICE.major, NULL_DEVICE.minor);
    unlinkSync(PROBE);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'EPERM') return false;
    throw error;
  }
}
