/** The two places that a tar is unpacked to: a directory of the caller's, and one of a container. */
import { closeSync, constants, mkdirSync, openSync } from 'node:fs';
import { errnoOf } from '../errors.js';
import { show } from '../layer/fault.js';
import { O_PATH, openInRoot } from '../sys/files.js';
import { closing, type Descriptors } from './descriptors.js';
import { badDestination } from './fault.js';
import type { Directories } from './unpack.js';

const DIRECTORY = O_PATH | constants.O_DIRECTORY;
const SLASH = Buffer.from('/');
const PARENT_MODE = 0o755;

/**
 * Below a directory of the host's. A link there is never followed: what comes out of a container, or a container that has the directory mounted,
 * may have made it.
 */
export class HostDirectories implements Directories {
  readonly #descriptors: Descriptors;
  readonly #top: number;

  /** @param top open, the caller's to close */
  constructor(descriptors: Descriptors, top: number) {
    this.#descriptors = descriptors;
    this.#top = top;
  }

  open(names: readonly Buffer[]): number {
    let fd = openSync(this.#descriptors.of(this.#top), DIRECTORY);
    for (const name of names) {
      const below = closing(fd, (above) => this.#enter(above, name));
      fd = below;
    }
    return fd;
  }

  #enter(above: number, name: Buffer): number {
    const path = this.#descriptors.at(above, name);
    try {
      return orMade(
        () => openSync(path, DIRECTORY | constants.O_NOFOLLOW),
        () => mkdirSync(path, PARENT_MODE),
      );
    } catch (error) {
      if (!['ENOTDIR', 'ELOOP'].includes(errnoOf(error) ?? '')) throw error;
      const hint = 'no link is followed there: remove it, or copy elsewhere';
      throw badDestination(`${show(name)} is no directory`, name, hint, error);
    }
  }
}

/** Below a directory of a container. Links lead where they lead inside: the kernel sees to it that this is below the container's root. */
export class ContainerDirectories implements Directories {
  readonly #descriptors: Descriptors;
  readonly #root: number;
  readonly #top: Buffer;

  /** @param top its path inside */
  constructor(descriptors: Descriptors, root: number, top: string) {
    this.#descriptors = descriptors;
    this.#root = root;
    this.#top = Buffer.from(top);
  }

  open(names: readonly Buffer[]): number {
    const path = Buffer.concat([this.#top, ...names.flatMap((name) => [SLASH, name])]);
    return orMade(
      () => openInRoot(this.#root, path, DIRECTORY),
      () => {
        const above = this.open(names.slice(0, -1));
        try {
          mkdirSync(this.#descriptors.at(above, names.at(-1) as Buffer), PARENT_MODE);
        } finally {
          closeSync(above);
        }
      },
      names.length > 0,
    );
  }
}

/** An archive need not say what its entries lie in. */
function orMade(open: () => number, make: () => void, mayMake = true): number {
  try {
    return open();
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT' || !mayMake) throw error;
  }
  make();
  return open();
}
