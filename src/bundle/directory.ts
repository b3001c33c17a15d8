/** The directory of a bundle, or of an image's files: it belongs to the caller, so nothing that lies in it is ever touched. */
import { fchmodSync, fchownSync, fstatSync, lstatSync, mkdirSync, readdirSync, rmdirSync } from 'node:fs';
import { errnoOf, systemReason, TsrunError } from '../errors.js';
import type { HostPath } from '../paths.js';
import { type Lock, tryLockDirectory } from '../sys/flock.js';
import { ForeignLink, findPlace, OpenDirectory, type Place } from '../sys/place.js';

/**
 * Open, so that it stays the one that was found empty, whatever another user puts in its name's place; and locked against others who
 * would fill it. All that is done in it goes by its descriptor.
 */
export class ClaimedDirectory extends OpenDirectory {
  readonly #place: Place;
  readonly #before: { mode: number; uid: number; gid: number };

  /** @param made it was not there before */
  constructor(
    readonly asked: HostPath,
    place: Place,
    lock: Lock,
    readonly made: boolean,
  ) {
    super(lock.fd);
    this.#place = place;
    this.#before = fstatSync(lock.fd);
  }

  /** Its last component. */
  get name(): string {
    return this.#place.name;
  }

  /** Whatever the caller's umask is. */
  give(mode: number, owner: { uid: number; gid: number } | undefined): void {
    fchmodSync(this.fd, mode);
    if (owner) fchownSync(this.fd, owner.uid, owner.gid);
  }

  /** As it was, once it is empty: gone, or with the owner and mode that it had. What cannot be undone lies where the user looks. */
  giveBack(): void {
    const { mode, uid, gid } = this.#before;
    try {
      fchownSync(this.fd, uid, gid);
      fchmodSync(this.fd, mode & 0o7777);
      if (this.made) this.#remove();
    } catch {
      // What it is given back for is told.
    }
  }

  #remove(): void {
    const path = this.#place.directory.at(this.name);
    const [mine, there] = [fstatSync(this.fd), lstatSync(path, { throwIfNoEntry: false })];
    if (there?.ino === mine.ino && there.dev === mine.dev) rmdirSync(path);
  }

  override [Symbol.dispose](): void {
    super[Symbol.dispose]();
    this.#place.directory[Symbol.dispose]();
  }
}

/** Makes the directory, or takes one that is empty. @throws ERR_TSRUN_FILE_EXISTS, ERR_TSRUN_BUNDLE */
export function claimDirectory(path: HostPath, what: What = 'bundle'): ClaimedDirectory {
  try {
    const place = findPlace(path, 0o777);
    try {
      return claim(path, place);
    } catch (error) {
      place.directory[Symbol.dispose]();
      throw error;
    }
  } catch (error) {
    if (['ENOTDIR', 'ELOOP'].includes(errnoOf(error) ?? '')) throw taken(`${path} is not a directory`, path);
    throw bundleFailure(error, path, what);
  }
}

function claim(path: HostPath, place: Place): ClaimedDirectory {
  const at = place.directory.at(place.name);
  const made = make(at);
  const lock = tryLockDirectory(at, 'exclusive');
  if (lock === undefined) throw taken(`the directory ${path} is being filled by another process`, path);
  const claimed = new ClaimedDirectory(path, place, lock, made);
  if (readdirSync(claimed.path).length === 0) return claimed;
  lock.release();
  throw taken(`the directory ${path} is not empty`, path);
}

function make(path: string): boolean {
  try {
    mkdirSync(path, { mode: 0o777 });
    return true;
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return false;
    throw error;
  }
}

function taken(message: string, path: HostPath): TsrunError {
  return new TsrunError('ERR_TSRUN_FILE_EXISTS', message, {
    subject: path,
    hint: 'name a directory that does not exist yet, or an empty one',
  });
}

type What = 'bundle' | 'directory';

/** A failure to write there, told of the bundle or the directory: the store has nothing to do with it. */
export function bundleFailure(cause: unknown, path: HostPath, what: What = 'bundle'): unknown {
  const errno = errnoOf(cause);
  const full = errno === 'ENOSPC' || errno === 'EDQUOT' || (cause instanceof TsrunError && cause.code === 'ERR_TSRUN_DISK_FULL');
  const foreign = cause instanceof ForeignLink;
  if (!full && !foreign && errno === undefined) return cause;
  return new TsrunError(full ? 'ERR_TSRUN_DISK_FULL' : 'ERR_TSRUN_BUNDLE', `cannot write the ${what} ${path}: ${systemReason(cause)}`, {
    subject: path,
    hint: full ? 'free some space there, or name a directory on another disk' : 'name a directory that you may write to',
    cause,
  });
}
