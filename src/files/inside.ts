/** Paths inside a container, from its root's descriptor: nothing that the container put there leads out of it. */
import { type BigIntStats, constants, readlinkSync } from 'node:fs';
import { posix } from 'node:path';
import { errnoOf, systemReason } from '../errors.js';
import { O_PATH, openInRoot } from '../sys/files.js';
import { type Descriptors, statOf } from './descriptors.js';
import { badDestination, badSource } from './fault.js';
import { isKernels } from './pack.js';
import { type CopyDestination, followsLink, withoutEnding } from './path.js';

const DIRECTORY = O_PATH | constants.O_DIRECTORY;
const MOST_LINKS = 40;

export interface Found {
  /** The directory that it lies in, open. */
  directory: number;
  name: Buffer;
  /** It itself, open. */
  fd: number;
  stat: BigIntStats;
  /** Its path; where links were followed, that of what they led to. */
  path: string;
}

export class Inside {
  readonly root: number;
  readonly #descriptors: Descriptors;
  readonly #bad: typeof badSource;

  /** @param bad what a path that leads nowhere is */
  constructor(descriptors: Descriptors, root: number, bad: typeof badSource) {
    this.#descriptors = descriptors;
    this.root = root;
    this.#bad = bad;
  }

  /** What is to be copied out. @param path of absolutePath @throws ERR_TSRUN_COPY_SOURCE */
  source(path: string, follow: boolean): Found {
    const real = follow || followsLink(path) ? this.#followed(path) : path;
    const found = this.#find(real);
    if (found === undefined) throw badSource(`there is no ${path} in the container`, path, 'look what there is with: tsrun exec NAME ls');
    if (followsLink(path) && !found.stat.isDirectory())
      throw badSource(`${path} in the container is not a directory`, path, 'leave out the slash behind it');
    if (isKernels(this.#descriptors.of(found.directory)) || isKernels(this.#descriptors.of(found.fd))) {
      throw badSource(`${path} is the kernel's, not a file of the container`, path, 'read it with: tsrun exec NAME cat');
    }
    return found;
  }

  /** Where it is to go; a link is what it leads to, also where that is not there yet. */
  destination(path: string): CopyDestination {
    const real = this.#followed(path);
    const found = this.#find(real);
    return {
      path: real + path.slice(withoutEnding(path).length),
      is: found === undefined ? undefined : found.stat.isDirectory() ? 'directory' : 'other',
    };
  }

  /** @throws ERR_TSRUN_COPY_DESTINATION */
  directory(path: string): number {
    try {
      return openInRoot(this.root, path, DIRECTORY);
    } catch (error) {
      const message =
        errnoOf(error) === 'ENOTDIR'
          ? `${path} in the container is not a directory`
          : `there is no directory ${path} in the container${errnoOf(error) === 'ENOENT' ? '' : `: ${systemReason(error)}`}`;
      throw badDestination(message, path, 'make it first: tsrun exec NAME mkdir', error);
    }
  }

  /** Links at the end of the path taken one by one; those on the way are the kernel's to follow. */
  #followed(path: string): string {
    let at = withoutEnding(path);
    for (let links = 0; links < MOST_LINKS; links++) {
      const target = this.#linkAt(at);
      if (target === undefined) return at;
      // Not made shorter: what `..` means behind a link is known to the kernel alone.
      at = posix.isAbsolute(target) ? target : `${posix.dirname(at)}/${target}`;
    }
    throw this.#bad(`${path} in the container leads through too many links`, path, 'name what they lead to');
  }

  #linkAt(path: string): string | undefined {
    if (['', '.', '..'].includes(posix.basename(path)) || path.endsWith('/')) return undefined;
    const found = this.#find(path);
    if (!found?.stat.isSymbolicLink()) return undefined;
    return readlinkSync(this.#descriptors.at(found.directory, found.name), 'utf8');
  }

  /** Undefined when there is nothing. Descriptors stay open: there are few. */
  #find(path: string): Found | undefined {
    const base = posix.basename(path);
    try {
      if (['', '.', '..'].includes(base) || path.endsWith('/')) {
        const directory = openInRoot(this.root, path, DIRECTORY);
        return { directory, name: HERE, fd: directory, stat: statOf(directory), path };
      }
      const directory = openInRoot(this.root, posix.dirname(path), DIRECTORY);
      const name = Buffer.from(base);
      const fd = this.#descriptors.look(directory, name);
      return fd === undefined ? undefined : { directory, name, fd, stat: statOf(fd), path };
    } catch (error) {
      if (['ENOENT', 'ENOTDIR'].includes(errnoOf(error) ?? '')) return undefined;
      throw this.#bad(`${path} in the container cannot be looked at: ${systemReason(error)}`, path, 'check the path', error);
    }
  }
}

/** A directory that was opened itself. */
const HERE = Buffer.from('.');
