/**
 * A name in a directory that is open, found one component at a time as openat(2) does it, which Node lacks: nobody who renames or links
 * meanwhile leads us elsewhere. Links of the caller and of root are followed, never one that another user may point where he likes.
 */
import { closeSync, constants, fstatSync, mkdirSync, openSync } from 'node:fs';
import { resolve } from 'node:path';
import { errnoOf } from '../errors.js';
import { O_PATH, readLink } from './files.js';

export interface Place {
  directory: OpenDirectory;
  /** One component; what it names, if anything, was no link. */
  name: string;
  /** The path's last component was a link to it. */
  linked: boolean;
}

/** Holds on to a directory wherever it is moved. */
export class OpenDirectory {
  constructor(readonly fd: number) {}

  /** It itself, whose last component is no link. */
  get path(): string {
    return this.at('.');
  }

  /** @param name one component */
  at(name: string): string {
    return `/proc/self/fd/${this.fd}/${name}`;
  }

  [Symbol.dispose](): void {
    closeSync(this.fd);
  }
}

/** Where it leads is another user's choice. */
export class ForeignLink extends Error {
  constructor(
    readonly path: string,
    readonly uid: number,
  ) {
    super(`a link that belongs to another user (${uid}) stands in the way`);
  }
}

/** The kernel's own limit (path_resolution(7)). */
const MOST_LINKS = 40;

/**
 * @param make the mode of directories that are missing on the way; undefined: they are not made
 * @throws ForeignLink, and what the system says
 */
export function findPlace(path: string, make?: number): Place {
  const walk = new Walk(path, make);
  try {
    for (;;) {
      const place = walk.step();
      if (place !== undefined) return place;
    }
  } catch (error) {
    walk.directory[Symbol.dispose]();
    throw error;
  }
}

class Walk {
  directory = openAt('/');
  #rest: string[];
  #linked = false;
  #links = 0;

  constructor(
    readonly path: string,
    readonly make: number | undefined,
  ) {
    this.#rest = componentsOf(resolve(path));
  }

  step(): Place | undefined {
    const [name = '.', ...after] = this.#rest;
    const isLast = after.length === 0;
    if (isLast && ['.', '..'].includes(name)) {
      this.#enter(openAt(this.directory.at(name)));
      return this.#place('.');
    }
    const fd = look(this.directory, name);
    if (fd === undefined) return isLast ? this.#place(name) : this.#makeOne(name);
    const stat = fstatSync(fd);
    if (stat.isSymbolicLink()) {
      const target = closing(fd, () => readLink(fd));
      this.#follow(target, stat.uid, after);
      this.#linked ||= isLast;
      return undefined;
    }
    if (isLast) {
      closeSync(fd);
      return this.#place(name);
    }
    this.#enter(new OpenDirectory(fd));
    if (!stat.isDirectory()) throw failure('ENOTDIR', this.path);
    this.#rest = after;
    return undefined;
  }

  #place(name: string): Place {
    return { directory: this.directory, name, linked: this.#linked };
  }

  #enter(directory: OpenDirectory): void {
    this.directory[Symbol.dispose]();
    this.directory = directory;
  }

  #follow(target: string, owner: number, after: readonly string[]): void {
    if (![0, process.getuid?.() ?? 0].includes(owner)) throw new ForeignLink(this.path, owner);
    this.#links += 1;
    if (this.#links > MOST_LINKS) throw failure('ELOOP', this.path);
    this.#rest = [...componentsOf(target), ...after];
    if (target.startsWith('/')) this.#enter(openAt('/'));
  }

  /** It is looked at again: it may be a link by then. */
  #makeOne(name: string): undefined {
    if (this.make === undefined) throw failure('ENOENT', this.path);
    try {
      mkdirSync(this.directory.at(name), { mode: this.make });
    } catch (error) {
      if (errnoOf(error) !== 'EEXIST') throw error;
    }
  }
}

function componentsOf(path: string): string[] {
  return path.split('/').filter((name) => name !== '');
}

function openAt(path: string): OpenDirectory {
  return new OpenDirectory(openSync(path, O_PATH | constants.O_DIRECTORY));
}

function look(directory: OpenDirectory, name: string): number | undefined {
  try {
    return openSync(directory.at(name), O_PATH | constants.O_NOFOLLOW);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function closing<T>(fd: number, act: () => T): T {
  try {
    return act();
  } finally {
    closeSync(fd);
  }
}

function failure(code: string, path: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${code}: ${path}`), { code, path });
}
