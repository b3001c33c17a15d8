/**
 * Applies the entries of one layer to the working directory, which is `/` of this process wherever it could chroot: GNU tar's sequential
 * extraction as root (-p, numeric and same owner, extended attributes) plus the whiteouts of image-spec layer.md. Synchronous throughout:
 * this process does nothing else.
 */
import { chmodSync, closeSync, constants, fchmodSync, fchownSync, lchownSync, lstatSync, mkdirSync, openSync, symlinkSync } from 'node:fs';
import { errnoOf, TsrunError } from '../errors.js';
import { mknod, type Times, utimensat } from '../sys/files.js';
import { asOwn, nameInterpreter, relativeLink } from './confined.js';
import { Devices } from './device.js';
import { invalid, overLimit, refused, show } from './fault.js';
import { FileWriter } from './file.js';
import { HardLinks } from './hardlink.js';
import type { LayerJob, LayerReport, RootMetadata } from './job.js';
import type { Limits } from './limits.js';
import { placeOf } from './name.js';
import { Owners } from './owner.js';
import type { TarEntry } from './tar/entry.js';
import type { TarHandler } from './tar/reader.js';
import { NotSelfContained, ROOT, Tree } from './tree.js';
import { OverlayWhiteouts, RemovingWhiteouts, type Whiteout, type Whiteouts, whiteoutOf } from './whiteout.js';
import { Xattrs } from './xattr.js';

const NEW_FILE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
const SET_ID_BITS = 0o6000;

export class LayerApplier implements TarHandler {
  readonly #limits: Limits;
  readonly #tree: Tree;
  readonly #whiteouts: Whiteouts;
  readonly #owners: Owners;
  readonly #xattrs = new Xattrs();
  readonly #devices = new Devices();
  readonly #links: HardLinks;
  readonly #confined: string | undefined;
  #open: { path: Buffer; entry: TarEntry; writer: FileWriter } | undefined;
  #entries = 0;
  #bytes = 0;
  #root: RootMetadata | undefined;

  /** The process has umask 0 and is in its target. */
  constructor(job: Pick<LayerJob, 'mode' | 'ids' | 'confined'>, limits: Limits) {
    this.#limits = limits;
    this.#confined = job.confined;
    this.#tree = new Tree(job.mode, limits, job.confined !== undefined);
    this.#whiteouts = job.mode === 'alone' ? new OverlayWhiteouts(this.#tree) : new RemovingWhiteouts(this.#tree);
    this.#owners = new Owners(job.ids);
    this.#links = new HardLinks(this.#tree, this.#devices, job.mode, limits, job.confined !== undefined);
  }

  entry(entry: TarEntry): void {
    if (++this.#entries > this.#limits.entries) throw overLimit(`the layer has more than ${this.#limits.entries} entries`);
    try {
      this.#apply(this.#confined === undefined ? entry : asOwn(entry));
    } catch (error) {
      throw explain(error, entry.name);
    }
  }

  data(bytes: Buffer): void {
    if (this.#open === undefined) return;
    try {
      this.#open.writer.write(bytes);
    } catch (error) {
      throw explain(error, this.#open.entry.name);
    }
  }

  end(): void {
    if (this.#open === undefined) return;
    const { path, entry, writer } = this.#open;
    this.#open = undefined;
    try {
      writer.finish();
      this.#bytes += writer.written;
      this.#owners.give(entry, (uid, gid) => fchownSync(writer.fd, uid, gid));
      if (entry.mode & SET_ID_BITS) fchmodSync(writer.fd, entry.mode);
      closeSync(writer.fd);
      if (this.#confined !== undefined) nameInterpreter(path, this.#confined, entry.mode);
      this.#xattrs.apply(path, entry);
      utimensat(path, timesOf(entry));
    } catch (error) {
      throw explain(error, entry.name);
    }
  }

  /** What can be done only once every entry is there. */
  finish(): LayerReport {
    this.#links.finish();
    this.#tree.finish();
    this.#owners.finish();
    return {
      entries: this.#entries,
      bytes: this.#bytes,
      ...(this.#root === undefined ? {} : { root: this.#root }),
      squashedOwners: this.#owners.squashed,
      skippedDevices: this.#devices.skipped,
      skippedXattrs: this.#xattrs.skipped,
    };
  }

  #apply(entry: TarEntry): void {
    const place = placeOf(entry.name, this.#limits);
    this.#xattrs.refuseOverlays(entry);
    const whiteout = whiteoutOf(place, entry.name);
    if (whiteout !== undefined) {
      this.#applyWhiteout(whiteout, entry);
      return;
    }
    if (place.base.length === 0 && entry.type !== 'directory') throw refused(`the root directory would become a ${entry.type}`, entry.name);
    const path = this.#tree.path(place, entry.name);
    if (this.#make(path, entry)) this.#tree.bring(path);
  }

  #applyWhiteout(whiteout: Whiteout, { name, type }: TarEntry): void {
    if (type === 'directory') throw refused('a directory has the name of a whiteout', name);
    if ('opaque' in whiteout) this.#whiteouts.opaque(whiteout.opaque, name);
    else this.#whiteouts.hide(whiteout.hides, name);
  }

  /** False when the entry is left out, or made later. */
  #make(path: Buffer, entry: TarEntry): boolean {
    switch (entry.type) {
      case 'file':
        this.#open = {
          path,
          entry,
          writer: new FileWriter(
            this.#inPlaceOf(path, () => openSync(path, NEW_FILE, entry.mode)),
            entry,
          ),
        };
        return true;
      case 'directory':
        this.#makeDirectory(path, entry);
        return true;
      case 'symlink':
        this.#inPlaceOf(path, () => symlinkSync(this.#confined === undefined ? entry.link : relativeLink(path, entry.link), path));
        this.#owners.give(entry, (uid, gid) => lchownSync(path, uid, gid));
        this.#xattrs.apply(path, entry);
        utimensat(path, timesOf(entry));
        return true;
      case 'hardlink':
        return this.#links.make(path, entry);
      case 'fifo':
        this.#makeNode(path, entry, constants.S_IFIFO);
        return true;
      case 'character':
      case 'block':
        if (!this.#devices.mayMake(path, entry)) return false;
        this.#makeNode(path, entry, entry.type === 'block' ? constants.S_IFBLK : constants.S_IFCHR);
        return true;
    }
  }

  /** A directory over a directory keeps the contents and takes the new metadata. */
  #makeDirectory(path: Buffer, entry: TarEntry): void {
    try {
      mkdirSync(path, entry.mode);
    } catch (error) {
      if (errnoOf(error) !== 'EEXIST') throw error;
      if (!lstatSync(path).isDirectory()) {
        this.#tree.clear(path);
        mkdirSync(path, entry.mode);
        this.#whiteouts.replaced(path, entry.name);
      }
    }
    this.#owners.give(entry, (uid, gid) => lchownSync(path, uid, gid));
    // Always: mkdir(2) does not set setuid and setgid bits, and inherits the latter from a setgid parent.
    chmodSync(path, entry.mode);
    this.#xattrs.apply(path, entry);
    this.#tree.setTimesLater(path, timesOf(entry));
    if (path.equals(ROOT)) this.#root = { mode: entry.mode, uid: entry.uid, gid: entry.gid, mtime: String(entry.mtime) };
  }

  #makeNode(path: Buffer, entry: TarEntry, type: number): void {
    this.#inPlaceOf(path, () => mknod(path, type | entry.mode, entry.major, entry.minor));
    this.#owners.give(entry, (uid, gid) => lchownSync(path, uid, gid));
    if (entry.mode & SET_ID_BITS) chmodSync(path, entry.mode);
    this.#xattrs.apply(path, entry);
    utimensat(path, timesOf(entry));
  }

  /** `make` fails with EEXIST rather than follow or reuse what is there: that goes first, then. */
  #inPlaceOf<T>(path: Buffer, make: () => T): T {
    try {
      return make();
    } catch (error) {
      if (errnoOf(error) !== 'EEXIST') throw error;
      this.#tree.clear(path);
      return make();
    }
  }
}

function timesOf({ atime, mtime }: TarEntry): Times {
  return { atime: atime ?? mtime, mtime };
}

/** Errors of the file system that the layer's own shape brings about; the rest is the store's trouble. */
const OF_THE_LAYER = [
  'EEXIST',
  'EISDIR',
  'ELOOP',
  'EFBIG',
  'EINVAL',
  'EMLINK',
  'ENAMETOOLONG',
  'ENOENT',
  'ENOTDIR',
  'ENOTEMPTY',
  'ERANGE',
  'E2BIG',
];

function explain(error: unknown, name: Buffer): unknown {
  if (error instanceof TsrunError || error instanceof NotSelfContained) return error;
  const code = errnoOf(error);
  if (code === undefined) return error;
  if (OF_THE_LAYER.includes(code)) return invalid(`${show(name)} cannot be unpacked (${code})`, name, error);
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    const hint = 'free some space, or put the store elsewhere with --root';
    return new TsrunError('ERR_TSRUN_DISK_FULL', `no space left while unpacking ${show(name)}`, {
      subject: show(name),
      hint,
      cause: error,
    });
  }
  const hint = 'check the permissions and the health of the file system that the store lies on';
  return new TsrunError('ERR_TSRUN_STORE_UNREADABLE', `cannot write ${show(name)} (${code})`, { subject: show(name), hint, cause: error });
}
