/**
 * A file or a tree as a tar, read through descriptors: whoever changes the tree meanwhile can make an entry vanish, but not lead us out of it.
 * Owners, modes, times to the nanosecond, links of both kinds, fifos and file capabilities are kept; sockets are left out, as docker does.
 */
import { type BigIntStats, closeSync, readdirSync, readlinkSync, readSync, statfsSync } from 'node:fs';
import { errnoOf } from '../errors.js';
import { show } from '../layer/fault.js';
import { END_OF_ARCHIVE, headersOf, paddingOf, type WrittenEntry } from '../layer/tar/writer.js';
import { getxattr } from '../sys/files.js';
import { type Descriptors, statOf } from './descriptors.js';
import { badSource, notRead } from './fault.js';

export interface PackInput {
  descriptors: Descriptors;
  /** The directory that it lies in, and its name there. */
  directory: number;
  name: Buffer;
  /** What was found there, open: nobody puts another thing in its place meanwhile. */
  fd: number;
  /** What the first entry is called; the others begin with it. */
  as: Buffer;
  /** It is a container's root directory: what the kernel and tsrun mounted over it is left out. */
  isRoot?: boolean;
}

const CHUNK = 256 * 1024;
/** Two descriptors are open for each level. */
const DEEPEST = 500;
const CAPABILITY = 'security.capability';

/** Pieces of any size. @throws ERR_TSRUN_COPY_SOURCE */
export function* pack(input: PackInput): Generator<Buffer> {
  yield* gathered(new Packer(input.descriptors).archive(input));
}

/** Many small headers in one piece. */
function* gathered(pieces: Iterable<Buffer>): Generator<Buffer> {
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

class Packer {
  readonly #descriptors: Descriptors;
  /** Files with several names: device and inode → the name that came first. */
  readonly #linked = new Map<string, Buffer>();

  constructor(descriptors: Descriptors) {
    this.#descriptors = descriptors;
  }

  *archive({ directory, name, fd, as, isRoot = false }: PackInput): Generator<Buffer> {
    yield* this.#opened(fd, this.#descriptors.at(directory, name), as, undefined, isRoot, 0);
    yield END_OF_ARCHIVE;
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
    else if (stat.isFile()) yield* this.#file(fd, stat, as);
    else if (stat.isSymbolicLink()) yield* this.#symlink(stat, as, path);
    else if (!stat.isSocket()) yield headersOf(entryOf(nodeType(stat), stat, as));
  }

  *#directory(fd: number, stat: BigIntStats, as: Buffer, above: bigint | undefined, isRoot: boolean, depth: number): Generator<Buffer> {
    yield headersOf(entryOf('directory', stat, Buffer.concat([as, SLASH])));
    if (above !== undefined && above !== stat.dev && isKernels(this.#descriptors.of(fd))) return;
    const listed = reading(as, () => this.#descriptors.open(fd));
    try {
      const names = reading(as, () => readdirSync(`${this.#descriptors.of(listed)}/`, { encoding: 'buffer' }));
      for (const name of names.sort(Buffer.compare)) {
        if (isRoot && name.equals(DEV) && this.#descriptors.stat(listed, name)?.dev !== stat.dev) continue;
        yield* this.#entry(listed, name, Buffer.concat([as, SLASH, name]), stat.dev, depth + 1);
      }
    } finally {
      closeSync(listed);
    }
  }

  *#file(fd: number, stat: BigIntStats, as: Buffer): Generator<Buffer> {
    const first = stat.nlink > 1n ? this.#first(stat, as) : undefined;
    if (first !== undefined) {
      yield headersOf({ ...entryOf('hardlink', stat, as), link: first });
      return;
    }
    const open = reading(as, () => this.#descriptors.open(fd));
    try {
      const size = Number(stat.size);
      yield headersOf({ ...entryOf('file', stat, as), size, xattrs: capabilityOf(this.#descriptors.of(open)) });
      for (let at = 0; at < size; ) {
        const piece = Buffer.allocUnsafe(Math.min(CHUNK, size - at));
        const length = reading(as, () => readSync(open, piece, 0, piece.length, at));
        if (length === 0) throw badSource(`${show(as)} became shorter while it was copied`, as, 'stop what writes to it, or copy it again');
        at += length;
        yield length === piece.length ? piece : piece.subarray(0, length);
      }
      yield paddingOf(size);
    } finally {
      closeSync(open);
    }
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
    yield headersOf({ ...entryOf('symlink', stat, as), link });
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

function capabilityOf(path: string): WrittenEntry['xattrs'] {
  try {
    return [{ name: CAPABILITY, value: getxattr(path, CAPABILITY) }];
  } catch {
    return []; // it has none, or its file system has none
  }
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
