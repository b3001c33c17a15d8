/**
 * Files reached through open directories, as openat(2) and its kin do it, which Node lacks: a name behind a descriptor in /proc/self/fd has one
 * component, so nobody who renames or links meanwhile leads us elsewhere.
 */
import { type BigIntStats, closeSync, constants, fstatSync, lstatSync, openSync, readFileSync } from 'node:fs';
import { errnoOf } from '../errors.js';
import { O_PATH } from '../sys/files.js';

export class Descriptors {
  readonly #prefix: string;

  /** @param prefix what stands before a descriptor's number: '' for a process whose working directory is /proc/self/fd */
  constructor(prefix = '/proc/self/fd/') {
    this.#prefix = prefix;
  }

  /** The file that is open itself. */
  of(fd: number): string {
    return `${this.#prefix}${fd}`;
  }

  /** @param name one component, neither `..` nor `.` */
  at(directory: number, name: Buffer): Buffer {
    return Buffer.concat([Buffer.from(`${this.#prefix}${directory}/`), name]);
  }

  /** What is there, links not followed. */
  stat(directory: number, name: Buffer): BigIntStats | undefined {
    return lstatSync(this.at(directory, name), { bigint: true, throwIfNoEntry: false });
  }

  /** The mount that it lies on, by the kernel's number (proc(5), /proc/pid/fdinfo). */
  mountOf(fd: number): string {
    return /^mnt_id:\s*(\d+)$/m.exec(readFileSync(`${this.#prefix}../fdinfo/${fd}`, 'latin1'))?.[1] ?? '';
  }

  /** Opens what is there without doing anything to it: no device, fifo or link is touched. Undefined when there is nothing. */
  look(directory: number, name: Buffer): number | undefined {
    try {
      return openSync(this.at(directory, name), O_PATH | constants.O_NOFOLLOW);
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return undefined;
      throw error;
    }
  }

  /** A directory's names, or a file's bytes, of what look or openInRoot opened. */
  open(fd: number): number {
    return openSync(this.of(fd), constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  }
}

/** Runs with a descriptor and closes it. */
export function closing<T>(fd: number, act: (fd: number) => T): T {
  try {
    return act(fd);
  } finally {
    closeSync(fd);
  }
}

export function statOf(fd: number): BigIntStats {
  return fstatSync(fd, { bigint: true });
}
