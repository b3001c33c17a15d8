/**
 * A file or a tree as a tar, read through descriptors: whoever changes the tree meanwhile can make an entry vanish, but not lead us out of it.
 * Owners, modes, times to the nanosecond, links of both kinds, fifos and file capabilities are kept; sockets are left out, as docker does.
 */
import { type BigIntStats, closeSync, readdirSync, readlinkSync, readSync, statfsSync } from 'node:fs';
import { errnoOf } from '../errors.js';
import { show } from '../layer/fault.js';
import { END_OF_ARCHIVE, headersOf, paddingOf, type WrittenEntry } from '../layer/tar/writer.js';
import { carriedAttributes } from './attributes.js';
import { type Descriptors, statOf } from './descriptors.js';
import { badSource, notRead } from './fault.js';
import { type DataExtent, extentsOf } from './sparse.js';

/** What more than a copy's tar is wanted of it. */
export interface PackOptions {
  /** The user's attributes as well. */
  userAttributes?: boolean;
  /** Holes are not written out. */
  sparse?: boolean;
  /** Of what is mounted below there is the mount point alone. */
  oneMount?: boolean;
  /** Whom an entry is said to belong to, in place of who has it. */
  ownerOf?: (name: Buffer, stat: BigIntStats) => { uid: number; gid: number } | undefined;
  onSocket?: (name: Buffer) => void;
}

export interface PackInput {
  descriptors: Descriptors;
  /** The directory that it lies in, and its name there. */
  directory: number;
  name: Buffer;
  /** What was found there, open: nobody puts another thing in its place meanwhile. */
  fd: number;
  /** What the first entry is called; the others begin with it. Nothing: it has no entry, and the others have their own names alone. */
  as: Buffer;
  /** It is a container's root directory: what the kernel and tsrun mounted over it is left out. */
  isRoot?: boolean;
}

const CHUNK = 256 * 1024;
/** Two descriptors are open for each level. */
const DEEPEST = 500;

/** Pieces of any size. @throws ERR_TSRUN_COPY_SOURCE */
export function* pack(input: PackInput, options: PackOptions = {}): Generator<Buffer> {
  yield* gathered(new Packer(input.descriptors, options).archive(input));
}

/** Many small headers in one piece. */
export function* gathered(pieces: Iterable<Buffer>): Generator<Buffer> {
  let held: Buffer[] = [];
  let size = 0;
  for (const piece of pieces) {
    held.push(piece);
    size += piece.length;
    if (size < CHUNK / 4) continue;
    yield held.length === 1 ? piece : Buffer.concat(held);
    held = [];
    size = 0;
  }
  if (size > 0) yield Buffer.concat(held);
}

export class Packer {
  readonly #descriptors: Descriptors;
  readonly #options: PackOptions;
  /** Files with several names: device and inode → the name that came first. */
  readonly #linked = new Map<string, Buffer>();
  #mount = '';

  constructor(descriptors: Descriptors, options: PackOptions = {}) {
    this.#descriptors = descriptors;
    this.#options = options;
  }

  *archive({ directory, name, fd, as, isRoot = false }: PackInput): Generator<Buffer> {
    if (this.#options.oneMount) this.#mount = this.#descriptors.mountOf(fd);
    yield* this.#opened(fd, this.#descriptors.at(directory, name), as, undefined, isRoot, 0);
    yield END_OF_ARCHIVE;
  }

  /** One entry, a directory without what is in it. What went meanwhile is no failure. */
  *single(directory: number, name: Buffer, as: Buffer): Generator<Buffer> {
    const fd = reading(as, () => this.#descriptors.look(directory, name));
    if (fd === undefined) return;
    try {
      const stat = statOf(fd);
      if (stat.isDirectory()) yield this.#headers('directory', stat, Buffer.concat([as, SLASH]), fd);
      else yield* this.#leaf(fd, stat, this.#descriptors.at(directory, name), as);
    } finally {
      closeSync(fd);
    }
  }

  /** What went since its directory was read is no failure. */
  *#entry(directory: number, name: Buffer, as: Buffer, above: bigint, depth: number): Generator<Buffer> {
    const fd = reading(as, () => this.#descriptors.look(directory, name));
    if (fd === undefined) return;
    try {
      yield* this.#opened(fd, this.#descriptors.at(directory, name), as, above, false, depth);
    } finally {
      closeSync(fd);
    }
  }

  *#opened(fd: number, path: Buffer, as: Buffer, above: bigint | undefined, isRoot: boolean, depth: number): Generator<Buffer> {
    if (depth > DEEPEST) throw badSource(`more than ${DEEPEST} directories lie in each other`, as, 'copy a part of it');
    const stat = statOf(fd);
    if (stat.isDirectory()) yield* this.#directory(fd, stat, as, above, isRoot, depth);
    else yield* this.#leaf(fd, stat, path, as);
  }

  *#leaf(fd: number, stat: BigIntStats, path: Buffer, as: Buffer): Generator<Buffer> {
    if (stat.isFile()) yield* this.#file(fd, stat, as);
    else if (stat.isSymbolicLink()) yield* this.#symlink(stat, as, path);
    else if (stat.isSocket()) this.#options.onSocket?.(as);
    else yield this.#headers(nodeType(stat), stat, as);
  }

  /** @param fd of what may have attributes */
  #headers(type: WrittenEntry['type'], stat: BigIntStats, as: Buffer, fd?: number, more: Partial<WrittenEntry> = {}): Buffer {
    const { userAttributes = false, ownerOf } = this.#options;
    const xattrs = fd === undefined ? [] : carriedAttributes(this.#descriptors.of(fd), type, userAttributes);
    return headersOf({ ...entryOf(type, stat, as), ...ownerOf?.(as, stat), xattrs, ...more });
  }

  *#directory(fd: number, stat: BigIntStats, as: Buffer, above: bigint | undefined, isRoot: boolean, depth: number): Generator<Buffer> {
    if (as.length > 0) yield this.#headers('directory', stat, Buffer.concat([as, SLASH]), fd);
    if (above !== undefined && above !== stat.dev && isKernels(this.#descriptors.of(fd))) return;
    if (this.#options.oneMount && above !== undefined && this.#isOtherMount(fd)) return;
    const listed = reading(as, () => this.#descriptors.open(fd));
    try {
      const names = reading(as, () => readdirSync(`${this.#descriptors.of(listed)}/`, { encoding: 'buffer' }));
      for (const name of names.sort(Buffer.compare)) {
        if (isRoot && name.equals(DEV) && this.#descriptors.stat(listed, name)?.dev !== stat.dev) continue;
        yield* this.#entry(listed, name, as.length > 0 ? Buffer.concat([as, SLASH, name]) : name, stat.dev, depth + 1);
      }
    } finally {
      closeSync(listed);
    }
  }

  *#file(fd: number, stat: BigIntStats, as: Buffer): Generator<Buffer> {
    const first = stat.nlink > 1n ? this.#first(stat, as) : undefined;
    if (first !== undefined) {
      yield this.#headers('hardlink', stat, as, undefined, { link: first });
      return;
    }
    const open = reading(as, () => this.#descriptors.open(fd));
    try {
      const size = Number(stat.size);
      const extents = this.#options.sparse ? reading(as, () => extentsOf(open, stat)) : undefined;
      yield this.#headers('file', stat, as, open, extents ? { size, extents } : { size });
      yield* this.#contents(open, as, extents ?? [{ offset: 0, length: size }]);
    } finally {
      closeSync(open);
    }
  }

  *#contents(open: number, as: Buffer, extents: readonly DataExtent[]): Generator<Buffer> {
    let stored = 0;
    for (const { offset, length: most } of extents) {
      for (let done = 0; done < most; ) {
        const piece = Buffer.allocUnsafe(Math.min(CHUNK, most - done));
        const length = reading(as, () => readSync(open, piece, 0, piece.length, offset + done));
        if (length === 0) throw badSource(`${show(as)} became shorter while it was copied`, as, 'stop what writes to it, or copy it again');
        done += length;
        yield length === piece.length ? piece : piece.subarray(0, length);
      }
      stored += most;
    }
    yield paddingOf(stored);
  }

  #isOtherMount(fd: number): boolean {
    return this.#descriptors.mountOf(fd) !== this.#mount;
  }

  #first({ dev, ino }: BigIntStats, as: Buffer): Buffer | undefined {
    const key = `${dev}:${ino}`;
    const first = this.#linked.get(key);
    if (first === undefined) this.#linked.set(key, as);
    return first;
  }

  *#symlink(stat: BigIntStats, as: Buffer, path: Buffer): Generator<Buffer> {
    let link: Buffer;
    try {
      link = readlinkSync(path, { encoding: 'buffer' });
    } catch (error) {
      // It is something else by now.
      if (['EINVAL', 'ENOENT'].includes(errnoOf(error) ?? '')) return;
      throw notRead(error, as);
    }
    yield this.#headers('symlink', stat, as, undefined, { link });
  }
}

const SLASH = Buffer.from('/');
/** tsrun's own, not the container's files. */
const DEV = Buffer.from('dev');
const NO_BYTES = Buffer.alloc(0);

function reading<T>(name: Buffer, act: () => T): T {
  try {
    return act();
  } catch (error) {
    throw notRead(error, name);
  }
}

function entryOf(type: WrittenEntry['type'], stat: BigIntStats, name: Buffer): WrittenEntry {
  return {
    type,
    name,
    link: NO_BYTES,
    mode: Number(stat.mode & 0o7777n),
    uid: Number(stat.uid),
    gid: Number(stat.gid),
    mtime: stat.mtimeNs,
    size: 0,
    major: Number((stat.rdev >> 8n) & 0xfffn),
    minor: Number((stat.rdev & 0xffn) | ((stat.rdev >> 12n) & 0xfff00n)),
    xattrs: [],
  };
}

function nodeType(stat: BigIntStats): 'fifo' | 'block' | 'character' {
  return stat.isFIFO() ? 'fifo' : stat.isBlockDevice() ? 'block' : 'character';
}

/** statfs(2): proc, sysfs, cgroup, cgroup2, devpts, mqueue, debugfs, tracefs, securityfs, bpf, binfmt_misc, configfs, fusectl. */
const KERNELS = new Set([
  0x9fa0, 0x62656572, 0x27e0eb, 0x63677270, 0x1cd1, 0x19800202, 0x64626720, 0x74726163, 0x73636673, 0xcafe4a11, 0x42494e4d, 0x62656570,
  0x65735543,
]);

/** No file there ends, or has a size. @param path of a descriptor */
export function isKernels(path: string): boolean {
  return KERNELS.has(statfsSync(path).type);
}
