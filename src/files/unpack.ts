/**
 * Entries of a tar become files below one directory, by docker's rules of overwriting: a directory is merged into one that is there, any other
 * file takes the place of another, and neither takes the other's. Nothing is written through: what is replaced is unlinked, what is made is new.
 */
import { chmodSync, chownSync, closeSync, constants, linkSync, mkdirSync, openSync, symlinkSync, unlinkSync } from 'node:fs';
import { errnoOf } from '../errors.js';
import { show } from '../layer/fault.js';
import { FileWriter } from '../layer/file.js';
import { LIMITS } from '../layer/limits.js';
import { placeOf } from '../layer/name.js';
import type { TarEntry } from '../layer/tar/entry.js';
import type { TarHandler } from '../layer/tar/reader.js';
import { mknod, O_PATH, setxattr, utimes } from '../sys/files.js';
import { closing, type Descriptors, statOf } from './descriptors.js';
import { badDestination, notWritten } from './fault.js';
import type { Report } from './job.js';

/** Directories below the one that is written to. */
export interface Directories {
  /** A descriptor of the one with this name, which is made with those above it where it is missing. @param names its components */
  open(names: readonly Buffer[]): number;
}

export interface UnpackInput {
  descriptors: Descriptors;
  directories: Directories;
  /** What becomes of the first component of all names; '' takes it away; undefined: all names are as they are. */
  top?: string;
  /** `callers`: as they are made. `root`: the container root's. `kept`: as the tar has them, where the map has those. */
  owners: 'callers' | 'root' | 'kept';
  /** What makes a program more than its caller is kept: setuid and setgid bits, file capabilities. */
  privileges: boolean;
}

const NEW_FILE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
const REPORTED = 10;
/** Bytes of names of directories whose metadata waits until the end. */
const REMEMBERED = LIMITS.rememberedBytes;

interface Place {
  /** Components of the directory that it lies in. */
  parent: Buffer[];
  base: Buffer;
}

/** To be called as a TarReader does; then finish(). */
export class Unpacker implements TarHandler {
  readonly #input: UnpackInput;
  /** The directory written to last, which is mostly the next one too. */
  #parent: { key: string; fd: number } | undefined;
  #open: { entry: TarEntry; writer: FileWriter } | undefined;
  /** Times and modes of directories: what is made inside changes the one and may need the other. */
  readonly #later = new Map<string, { place: Place; entry: TarEntry }>();
  #remembered = 0;
  readonly #report: Report = { devices: [], strangers: 0 };

  constructor(input: UnpackInput) {
    this.#input = input;
  }

  entry(entry: TarEntry): void {
    this.#within(entry, () => this.#apply(entry));
  }

  data(bytes: Buffer): void {
    const open = this.#open;
    if (open !== undefined) this.#within(open.entry, () => open.writer.write(bytes));
  }

  end(): void {
    const open = this.#open;
    if (open === undefined) return;
    this.#within(open.entry, () => {
      open.writer.finish();
      this.#dress(open.writer.fd, open.entry);
    });
    this.#close();
  }

  /** Once all is there. */
  finish(): Report {
    for (const { place, entry } of [...this.#later.values()].reverse()) {
      this.#within(entry, () => this.#dressDirectory(place, entry));
    }
    this.abandon();
    return this.#report;
  }

  /** Lets go of what is open, whatever came of it. */
  abandon(): void {
    this.#close();
    if (this.#parent !== undefined) closeSync(this.#parent.fd);
    this.#parent = undefined;
  }

  #close(): void {
    if (this.#open !== undefined) closeSync(this.#open.writer.fd);
    this.#open = undefined;
  }

  #within<T>({ name }: TarEntry, act: () => T): T {
    try {
      return act();
    } catch (error) {
      throw notWritten(error, this.#shown(name));
    }
  }

  /** As it is called where it goes. */
  #shown(name: Buffer): Buffer {
    const { top } = this.#input;
    if (top === undefined) return name;
    const slash = name.indexOf('/');
    const below = slash < 0 ? Buffer.alloc(0) : name.subarray(slash);
    return Buffer.concat([Buffer.from(top === '' ? '.' : top), below]);
  }

  #apply(entry: TarEntry): void {
    const place = this.#placeOf(entry.name);
    if (place === undefined) {
      if (entry.type !== 'directory')
        throw badDestination(`${show(entry.name)} has no name there`, entry.name, 'name a file to copy it to');
      return; // the directory itself, which is there and stays as it is
    }
    const parent = this.#parentOf(place);
    if (entry.type === 'directory') this.#directory(parent, place, entry);
    else if (entry.type === 'character' || entry.type === 'block') this.#leaveOut(entry);
    else this.#make(parent, place.base, entry);
  }

  /** Undefined for the directory itself. Names with `..` are refused; a slash in front means nothing. */
  #placeOf(name: Buffer): Place | undefined {
    const { parent, base } = placeOf(name, LIMITS);
    if (base.length === 0) return undefined;
    const names = [...split(parent), base];
    const { top } = this.#input;
    if (top !== undefined) names.splice(0, 1, ...(top === '' ? [] : [Buffer.from(top)]));
    const last = names.pop();
    return last === undefined ? undefined : { parent: names, base: last };
  }

  #parentOf({ parent }: Place): number {
    const key = parent.map((name) => name.toString('latin1')).join('/');
    if (this.#parent?.key === key) return this.#parent.fd;
    const fd = this.#input.directories.open(parent);
    if (this.#parent !== undefined) closeSync(this.#parent.fd);
    this.#parent = { key, fd };
    return fd;
  }

  #directory(parent: number, place: Place, entry: TarEntry): void {
    const there = this.#input.descriptors.stat(parent, place.base);
    if (there !== undefined && !there.isDirectory()) {
      throw badDestination(
        `cannot overwrite the file ${show(entry.name)} with a directory`,
        entry.name,
        'remove it first, or copy elsewhere',
      );
    }
    if (there === undefined) mkdirSync(this.#input.descriptors.at(parent, place.base), 0o700);
    const key = [...place.parent, place.base].map((name) => name.toString('latin1')).join('/');
    if (!this.#later.has(key)) this.#remembered += key.length;
    if (this.#remembered > REMEMBERED)
      throw badDestination('the names of the directories are too long in sum', entry.name, 'copy a part of it');
    this.#later.delete(key); // the last one of a name counts, and comes after what it lies in
    this.#later.set(key, { place, entry });
  }

  #dressDirectory(place: Place, entry: TarEntry): void {
    const { descriptors } = this.#input;
    const parent = this.#parentOf(place);
    const fd = openSync(descriptors.at(parent, place.base), O_PATH | constants.O_NOFOLLOW | constants.O_DIRECTORY);
    closing(fd, () => this.#dress(fd, entry));
  }

  #leaveOut({ name }: TarEntry): void {
    if (this.#report.devices.length < REPORTED) this.#report.devices.push(show(name));
  }

  #make(parent: number, base: Buffer, entry: TarEntry): void {
    const { descriptors } = this.#input;
    const path = descriptors.at(parent, base);
    const target = entry.type === 'hardlink' ? this.#targetOf(entry) : undefined;
    this.#clear(parent, base, entry);
    switch (entry.type) {
      case 'file':
        this.#open = { entry, writer: new FileWriter(openSync(path, NEW_FILE, 0o600), entry, true) };
        return;
      case 'symlink':
        symlinkSync(entry.link, path);
        this.#dressNew(path, entry, constants.S_IFLNK);
        return;
      case 'hardlink':
        this.#link(target, path, entry);
        return;
      case 'fifo':
        mknod(path, constants.S_IFIFO | 0o600);
        this.#dressNew(path, entry, constants.S_IFIFO);
        return;
    }
  }

  #targetOf(entry: TarEntry): Place | undefined {
    const place = this.#placeOf(entry.link);
    if (place === undefined)
      throw badDestination(`${show(entry.name)} is a hard link to a directory`, entry.name, 'no tar program makes such a link');
    return place;
  }

  /** link(2) follows no link at the end of either name. */
  #link(target: Place | undefined, path: Buffer, entry: TarEntry): void {
    if (target === undefined) return;
    const { descriptors, directories } = this.#input;
    try {
      closing(directories.open(target.parent), (directory) => linkSync(descriptors.at(directory, target.base), path));
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') throw error;
      const hint = 'give an archive that has the file as well';
      throw badDestination(`${show(entry.name)} is a hard link to ${show(entry.link)}, which is not there`, entry.name, hint, error);
    }
  }

  /** The mounts are another namespace's: to unlink what one stands on would take it away there, with no EBUSY for us. */
  #clear(parent: number, base: Buffer, { name }: TarEntry): void {
    const { descriptors } = this.#input;
    const there = descriptors.look(parent, base);
    if (there === undefined) return;
    const [isDirectory, isMount] = closing(there, (fd) => [
      statOf(fd).isDirectory(),
      descriptors.mountOf(fd) !== descriptors.mountOf(parent),
    ]);
    if (isMount) throw notWritten(Object.assign(new Error('EBUSY'), { code: 'EBUSY' }), name);
    if (isDirectory) {
      throw badDestination(`cannot overwrite the directory ${show(name)} with a file`, name, 'remove it first, or copy elsewhere');
    }
    unlinkSync(this.#input.descriptors.at(parent, base));
  }

  /** What has no descriptor yet. Somebody may have put another thing in its place: that is left as it is. */
  #dressNew(path: Buffer, entry: TarEntry, type: number): void {
    closing(openSync(path, O_PATH | constants.O_NOFOLLOW), (fd) => {
      if ((Number(statOf(fd).mode) & constants.S_IFMT) === type) this.#dress(fd, entry);
    });
  }

  /**
   * Owner, then what a change of owner takes away: mode and capabilities; the times last. By its descriptor: by its name whoever may write to the
   * directory would get all that for a file of his choice, by a hard link, while the contents are on their way.
   */
  #dress(fd: number, entry: TarEntry): void {
    const path = this.#input.descriptors.of(fd);
    const { owners, privileges } = this.#input;
    if (owners === 'root') giveToRoot(path);
    if (owners === 'kept') this.#keepOwner(path, entry);
    if (entry.type !== 'symlink') chmodSync(path, entry.mode & (privileges ? 0o7777 : 0o1777)); // a link has no mode
    if (privileges && entry.type === 'file') setCapability(path, entry);
    utimes(path, { atime: entry.atime ?? entry.mtime, mtime: entry.mtime });
  }

  #keepOwner(path: string, { uid, gid }: TarEntry): void {
    try {
      chownSync(path, uid, gid);
    } catch (error) {
      // The map does not have it; or, with a single id, may not give to another.
      if (!['EINVAL', 'EOVERFLOW', 'EPERM'].includes(errnoOf(error) ?? '')) throw error;
      this.#report.strangers++;
      giveToRoot(path);
    }
  }
}

/** Whoever puts containers of this map together: its root, where it has one. */
function giveToRoot(path: string): void {
  chownSync(path, process.getuid?.() ?? 0, process.getgid?.() ?? 0);
}

function setCapability(path: string, { xattrs }: TarEntry): void {
  const capability = xattrs.find(({ name }) => name === 'security.capability');
  if (capability === undefined) return;
  try {
    setxattr(path, capability.name, capability.value);
  } catch (error) {
    if (!['ENOTSUP', 'EOPNOTSUPP', 'EPERM', 'EINVAL'].includes(errnoOf(error) ?? '')) throw error;
  }
}

function split(path: Buffer): Buffer[] {
  const names: Buffer[] = [];
  for (let start = 0; start < path.length; ) {
    const slash = path.indexOf(0x2f, start);
    const end = slash === -1 ? path.length : slash;
    names.push(path.subarray(start, end));
    start = end + 1;
  }
  return names;
}
