/**
 * Layers for containers without namespaces (`--isolation landlock`). Nothing leads this process into the target as if it were `/`, nor later the
 * container: so links are followed here, below the working directory, and those that begin at the root are kept as relative ones; programs name
 * their interpreters where they lie on the host; and all is its owner's to read and change, who has no capability to do it otherwise.
 */
import { closeSync, fstatSync, ftruncateSync, lstatSync, openSync, readlinkSync, readSync, symlinkSync, writeSync } from 'node:fs';
import { errnoOf } from '../errors.js';
import { utimensat } from '../sys/files.js';
import { childPath, parentPath } from './name.js';
import type { TarEntry } from './tar/entry.js';

const LINKS = 40;
const HERE: Buffer = Buffer.from('.');

/** As realpath(3) would in a root of its own, of a path that begins with `./`; undefined when it leads to no directory. */
export function realWithin(path: Buffer): Buffer | undefined {
  const rest = namesOf(path);
  let at = HERE;
  for (let links = 0, name = rest.shift(); name !== undefined; name = rest.shift()) {
    if (name === '.') continue;
    if (name === '..') {
      at = at.length > 1 ? parentPath(at) : HERE;
      continue;
    }
    const next = childPath(at, Buffer.from(name, 'latin1'));
    const stat = lookAt(next);
    if (stat?.isSymbolicLink()) {
      if (++links > LINKS) return undefined;
      const target = readlinkSync(next, { encoding: 'buffer' });
      if (target[0] === 0x2f) at = HERE;
      rest.unshift(...namesOf(target));
    } else if (stat?.isDirectory()) at = next;
    else return undefined;
  }
  return at;
}

function namesOf(path: Buffer): string[] {
  return path
    .toString('latin1')
    .split('/')
    .filter((name) => name !== '');
}

function lookAt(path: Buffer) {
  try {
    return lstatSync(path);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR') return undefined;
    throw error;
  }
}

/** @param path of the link itself */
export function relativeLink(path: Buffer, target: Buffer): Buffer {
  if (target[0] !== 0x2f) return target;
  const above = Buffer.from(upFrom(path));
  const below = Buffer.from(namesOf(target).join('/'), 'latin1');
  return above.length + below.length === 0 ? HERE : Buffer.concat([above, below]);
}

/**
 * A second name for a link, as if by link(2): the form of one that begins at the root depends on where it stands. Whatever leads to the root and
 * on from there is taken for such a one.
 */
export function linkAgain(first: Buffer, second: Buffer): void {
  const target = readlinkSync(first, { encoding: 'latin1' });
  const above = upFrom(first);
  const fromRoot = target.startsWith(above) && !/^\.\.(\/|$)/.test(target.slice(above.length));
  const link = fromRoot ? `/${target.slice(above.length)}` : target;
  symlinkSync(relativeLink(second, Buffer.from(link, 'latin1')), second);
  const { atimeNs: atime, mtimeNs: mtime } = lstatSync(first, { bigint: true });
  utimensat(second, { atime, mtime });
}

function upFrom(path: Buffer): string {
  return '../'.repeat(namesOf(parentPath(path)).length - 1);
}

/** What belongs to nobody but the caller needs no set-id bits, and neither he nor his programs may be kept out. */
export function asOwn(entry: TarEntry): TarEntry {
  if (entry.type === 'directory') return { ...entry, mode: (entry.mode & 0o1777) | 0o700 };
  return { ...entry, mode: (entry.mode & 0o777) | 0o600 };
}

const ELF_64_LITTLE = Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1]);
const HEADER = 64;
const PROGRAM_HEADER = 56;
const PT_INTERP = 3;
const INTERPRETER_MAX = 4096;
/** The kernel reads so much of a script, a zero byte included; larger ones are data. */
const SCRIPT_LINE = 255;
const SCRIPT_MAX = 4 << 20;

/**
 * The kernel looks interpreters up from the host's root. A program is told the place of its own at its end (its loaded parts stay as they
 * are), a script in its first line.
 * @param root where the target will lie on the host
 */
export function nameInterpreter(path: Buffer, root: string, mode: number): void {
  const fd = openSync(path, 'r+');
  try {
    const head = readAt(fd, 0, HEADER);
    if (head.subarray(0, ELF_64_LITTLE.length).equals(ELF_64_LITTLE)) nameLoader(fd, head, root);
    else if (mode & 0o111 && head.subarray(0, 2).toString() === '#!') nameShell(fd, root);
  } finally {
    closeSync(fd);
  }
}

/** elf(5): e_phoff, e_phentsize and e_phnum say where the program headers are; p_offset and p_filesz where a segment is in the file. */
function nameLoader(fd: number, head: Buffer, root: string): void {
  if (head.length < HEADER || head.readUInt16LE(54) !== PROGRAM_HEADER) return;
  const first = Number(head.readBigUInt64LE(32));
  for (let index = 0; index < head.readUInt16LE(56); index++) {
    const at = first + index * PROGRAM_HEADER;
    const header = readAt(fd, at, PROGRAM_HEADER);
    if (header.length < PROGRAM_HEADER || header.readUInt32LE(0) !== PT_INTERP) continue;
    const length = Number(header.readBigUInt64LE(32));
    const interpreter = length > 1 && length <= INTERPRETER_MAX ? readAt(fd, Number(header.readBigUInt64LE(8)), length - 1) : HERE;
    if (interpreter[0] !== 0x2f) return;
    const named = Buffer.concat([Buffer.from(root), interpreter, Buffer.of(0)]);
    const end = fstatSync(fd).size;
    writeSync(fd, named, 0, named.length, end);
    header.writeBigUInt64LE(BigInt(end), 8);
    header.writeBigUInt64LE(BigInt(named.length), 32);
    writeSync(fd, header, 0, header.length, at);
    return;
  }
}

function nameShell(fd: number, root: string): void {
  const { size } = fstatSync(fd);
  const text = size > SCRIPT_MAX ? HERE : readAt(fd, 0, size);
  const [, space = '', shell = ''] = /^#!([ \t]*)(\/[^\n]*)/.exec(text.subarray(0, SCRIPT_LINE).toString('latin1')) ?? [];
  const line = `#!${root}${shell}`;
  if (shell === '' || line.length >= SCRIPT_LINE) return;
  const whole = Buffer.concat([Buffer.from(line, 'latin1'), text.subarray(2 + space.length + shell.length)]);
  ftruncateSync(fd, 0);
  writeSync(fd, whole, 0, whole.length, 0);
}

function readAt(fd: number, position: number, length: number): Buffer {
  if (!Number.isSafeInteger(position)) return Buffer.alloc(0); // the file says so, and may say anything
  const bytes = Buffer.alloc(length);
  return bytes.subarray(0, readSync(fd, bytes, 0, length, position));
}
