/**
 * File system calls that Node lacks. Paths are strings or bytes (a name in a layer need not be UTF-8); errors are those of node:fs
 * ({ code, errno, syscall, path }). All are synchronous.
 */
import { libcFunction } from './koffi.js';

export type Path = string | Buffer;

const AT_FDCWD = -100;
const AT_SYMLINK_NOFOLLOW = 0x100;
/** getxattr(2), listxattr(2): the kernel's own limits. */
const XATTR_SIZE_MAX = 65536;

const native = {
  lsetxattr: libcFunction('lsetxattr', ['int', ['void *', 'void *', 'void *', 'size_t', 'int']]),
  setxattr: libcFunction('setxattr', ['int', ['void *', 'void *', 'void *', 'size_t', 'int']]),
  getxattr: libcFunction('getxattr', ['long', ['void *', 'void *', 'void *', 'size_t']]),
  lgetxattr: libcFunction('lgetxattr', ['long', ['void *', 'void *', 'void *', 'size_t']]),
  llistxattr: libcFunction('llistxattr', ['long', ['void *', 'void *', 'size_t']]),
  listxattr: libcFunction('listxattr', ['long', ['void *', 'void *', 'size_t']]),
  lseek: libcFunction('lseek', ['long', ['int', 'long', 'int']]),
  lremovexattr: libcFunction('lremovexattr', ['int', ['void *', 'void *']]),
  utimensat: libcFunction('utimensat', ['int', ['int', 'void *', 'void *', 'int']]),
  chroot: libcFunction('chroot', ['int', ['void *']]),
  syncfs: libcFunction('syncfs', ['int', ['int']]),
  // glibc before 2.33 has no symbol for mknod, so this is the system call itself.
  mknodat: libcFunction('syscall', ['long', ['long', 'int', 'void *', 'unsigned int', 'unsigned long']], 'mknod'),
  // No C library has a symbol for this one.
  openat2: libcFunction('syscall', ['long', ['long', 'int', 'void *', 'void *', 'unsigned long']], 'openat2'),
  readlinkat: libcFunction('readlinkat', ['long', ['int', 'void *', 'void *', 'size_t']]),
  prctl: libcFunction('prctl', ['int', ['int', 'unsigned long', 'unsigned long', 'unsigned long', 'unsigned long']]),
};

const SYS_MKNODAT: Readonly<Record<string, number>> = { x64: 259, arm64: 33 };

/** The path as C wants it. A NUL inside would silently name another file. */
function cString(path: Path, syscall: string): Buffer {
  const bytes = typeof path === 'string' ? Buffer.from(path) : path;
  if (bytes.includes(0)) throw new TypeError(`${syscall}: a path or name holds a NUL byte`);
  const terminated = Buffer.allocUnsafe(bytes.length + 1);
  bytes.copy(terminated);
  terminated[bytes.length] = 0;
  return terminated;
}

/** Sets an extended attribute of the entry itself (a link is not followed). */
export function lsetxattr(path: Path, name: Path, value: Buffer): void {
  native.lsetxattr(path, cString(path, 'lsetxattr'), cString(name, 'lsetxattr'), value, value.length, 0);
}

/** The same of what a link leads to, such as a descriptor's name in /proc/self/fd. */
export function setxattr(path: Path, name: Path, value: Buffer): void {
  native.setxattr(path, cString(path, 'setxattr'), cString(name, 'setxattr'), value, value.length, 0);
}

/** The value; ENODATA when there is no such attribute. */
export function lgetxattr(path: Path, name: Path): Buffer {
  return attributeOf('lgetxattr', path, name);
}

/** As lgetxattr, of what a link leads to. */
export function getxattr(path: Path, name: Path): Buffer {
  return attributeOf('getxattr', path, name);
}

function attributeOf(call: 'lgetxattr' | 'getxattr', path: Path, name: Path): Buffer {
  const value = Buffer.allocUnsafe(XATTR_SIZE_MAX);
  const length = native[call](path, cString(path, call), cString(name, call), value, value.length);
  return Buffer.from(value.subarray(0, length));
}

/** ENODATA when there is no such attribute. */
export function lremovexattr(path: Path, name: Path): void {
  native.lremovexattr(path, cString(path, 'lremovexattr'), cString(name, 'lremovexattr'));
}

/** The names of all extended attributes that this process may see. */
export function llistxattr(path: Path): Buffer[] {
  return namesOfAttributes('llistxattr', path);
}

/** As llistxattr, of what a link leads to. */
export function listxattr(path: Path): Buffer[] {
  return namesOfAttributes('listxattr', path);
}

function namesOfAttributes(call: 'llistxattr' | 'listxattr', path: Path): Buffer[] {
  const list = Buffer.allocUnsafe(XATTR_SIZE_MAX);
  const length = native[call](path, cString(path, call), list, list.length);
  const names: Buffer[] = [];
  for (let start = 0; start < length; ) {
    const end = list.indexOf(0, start);
    names.push(Buffer.from(list.subarray(start, end)));
    start = end + 1;
  }
  return names;
}

/**
 * Makes a device, fifo or other node; never follows a link (EEXIST).
 * @param mode type (constants.S_IFCHR…) and permissions, these less the umask
 */
export function mknod(path: Path, mode: number, major = 0, minor = 0): void {
  const number = SYS_MKNODAT[process.arch];
  if (number === undefined) throw new TypeError(`mknod: not known on ${process.arch}`);
  // The kernel's encoding (include/linux/kdev_t.h, new_encode_dev): 12 bits of major, 20 of minor.
  const device = ((minor & 0xff) | ((major & 0xfff) << 8) | ((minor & 0xfff00) << 12)) >>> 0;
  native.mknodat(path, number, AT_FDCWD, cString(path, 'mknod'), mode, device);
}

/** Nanoseconds since 1970; negative before. */
export interface Times {
  atime: bigint;
  mtime: bigint;
}

const BILLION = 1_000_000_000n;

/** Sets both times of the entry itself (a link is not followed). */
export function utimensat(path: Path, times: Times): void {
  setTimes(path, times, AT_SYMLINK_NOFOLLOW);
}

/** Sets both times of what a link leads to, such as a descriptor's name in /proc/self/fd. */
export function utimes(path: Path, times: Times): void {
  setTimes(path, times, 0);
}

function setTimes(path: Path, times: Times, flags: number): void {
  const specs = Buffer.allocUnsafe(32);
  writeTimespec(specs, 0, times.atime);
  writeTimespec(specs, 16, times.mtime);
  native.utimensat(path, AT_FDCWD, cString(path, 'utimensat'), specs, flags);
}

/** tv_nsec is never negative: -0.5 s is second -1 and 500 000 000 ns. */
function writeTimespec(into: Buffer, offset: number, time: bigint): void {
  const nanoseconds = ((time % BILLION) + BILLION) % BILLION;
  into.writeBigInt64LE((time - nanoseconds) / BILLION, offset);
  into.writeBigInt64LE(nanoseconds, offset + 8);
}

const PATH_MAX = 4096;

/** Where a link leads that is open itself (O_PATH, O_NOFOLLOW): nobody puts another one in its place meanwhile. */
export function readLink(fd: number): string {
  const target = Buffer.allocUnsafe(PATH_MAX);
  const length = native.readlinkat(undefined, fd, cString('', 'readlinkat'), target, target.length);
  return target.toString('utf8', 0, length);
}

/** Changes the root directory of the whole process; the working directory stays where it is. */
export function chroot(path: Path): void {
  native.chroot(path, cString(path, 'chroot'));
}

/** Writes everything cached of the file system that `fd` lies on. */
export function syncfs(fd: number): void {
  native.syncfs(undefined, fd);
}

const SEEK_DATA = 3;
const SEEK_HOLE = 4;

/** Where the next bytes that are stored begin, or the next hole does (lseek(2)). ENXIO: there are none up to the end. */
export function seek(fd: number, from: number, to: 'data' | 'hole'): number {
  return native.lseek(undefined, fd, from, to === 'data' ? SEEK_DATA : SEEK_HOLE);
}

const SYS_OPENAT2 = 437;
const RESOLVE_NO_MAGICLINKS = 0x02;
const RESOLVE_IN_ROOT = 0x10;
/** Somebody renamed directories meanwhile: the kernel could not be sure. */
const TRIES = 128;

/**
 * Opens a path as if `root` were the root directory, whatever its links say and whoever changes them meanwhile (openat2(2)). Links that
 * procfs makes up are not followed.
 * @returns a descriptor, closed on exec
 */
export function openInRoot(root: number, path: Path, flags: number): number {
  const how = Buffer.alloc(24);
  how.writeBigUInt64LE(BigInt(flags | O_CLOEXEC), 0);
  how.writeBigUInt64LE(BigInt(RESOLVE_NO_MAGICLINKS | RESOLVE_IN_ROOT), 16);
  for (let tries = 1; ; tries++) {
    try {
      return native.openat2(path, SYS_OPENAT2, root, cString(path, 'openat2'), how, how.length);
    } catch (error) {
      if (tries === TRIES || (error as { code?: unknown }).code !== 'EAGAIN') throw error;
    }
  }
}

/** open(2) flags that Node has no names for. */
export const O_PATH = 0o10000000;
const O_CLOEXEC = 0o2000000;

const PR_SET_PDEATHSIG = 1;
const PR_SET_DUMPABLE = 4;
const SIGKILL = 9;

/** This process ends with the one that started it. To be called after the last change of ids, which takes it back. */
export function dieWithParent(): void {
  native.prctl(undefined, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
}

/** Nobody but the host's root looks into this process from now on, not even who has its ids. */
export function becomeUndumpable(): void {
  native.prctl(undefined, PR_SET_DUMPABLE, 0, 0, 0, 0);
}
