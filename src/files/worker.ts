/**
 * The program that works on a container's files, for cp and diff. The native helper starts it in the container's user namespace, with all
 * capabilities there, still under the caller's own uid, in the host's own mount and pid namespaces: what it loads is the host's, and no process of
 * the container sees it. It loads everything, opens what it was brought to, becomes the container's root, and makes a directory without files its
 * root: from then on there is nothing that it could load, and no path but those behind its descriptors.
 * argv[2] is a FilesJob. Exit status 1 means that the last line on standard error is a FilesFailure.
 */
import { openSync, readSync } from 'node:fs';
import { asTsrunError, errnoOf } from '../errors.js';
import { LIMITS } from '../layer/limits.js';
import { TarReader } from '../layer/tar/reader.js';
import { becomeUndumpable, chroot, dieWithParent, O_PATH, syncfs } from '../sys/files.js';
import { closing, Descriptors, statOf } from './descriptors.js';
import { changesOf } from './diff.js';
import { ContainerDirectories } from './directories.js';
import { badDestination, badSource, ofArchive } from './fault.js';
import { Inside } from './inside.js';
import type { Become, ChangesetJob, DiffJob, FilesFailure, FilesJob, FilesMessage, LeftOut, ReadJob, Report, WriteJob } from './job.js';
import { isTold, LayerPacker, rootHeader, Sockets } from './layer.js';
import { isKernels, pack } from './pack.js';
import { landingOf, nameOf } from './path.js';
import { recordedOwners } from './recorded.js';
import { Unpacker } from './unpack.js';
import { writeAll } from './write-all.js';

const STDIN = 0;
const STDOUT = 1;
const CHUNK = 256 * 1024;

async function main(): Promise<void> {
  const job = JSON.parse(process.argv[2] ?? '') as FilesJob;
  if ('changed' in job) await (job.changeset ? changeset(job, job.changeset) : diff(job));
  else if ('whole' in job) whole(enter(job.become));
  else if ('read' in job) read(job, enter(job.become));
  else write(job, enter(job.become));
}

/** @returns the container's root, the working directory at first */
function enter({ uid, gid, leavesGroups }: Become): number {
  const root = openSync('.', O_PATH);
  process.umask(0);
  process.chdir('/proc/self/fd');
  if (leavesGroups) process.setgroups?.([]);
  process.setgid?.(gid);
  process.setuid?.(uid);
  dieWithParent();
  becomeUndumpable();
  chroot('/proc/self/fdinfo');
  return root;
}

/** Behind enter: the working directory is that of our own descriptors. */
const DESCRIPTORS = new Descriptors('');

function read({ read: path, follow, as }: ReadJob, root: number): void {
  const { directory, name, fd, stat, path: real } = new Inside(DESCRIPTORS, root, badSource).source(path, follow);
  send({ found: { isDirectory: stat.isDirectory(), name: nameOf(path) } });
  const own = nameOf(follow ? real : path);
  const isRoot = stat.isDirectory() && isSame(root, fd);
  const top = as ?? (own === '' ? '.' : own);
  for (const piece of pack({ descriptors: DESCRIPTORS, directory, name, fd, as: Buffer.from(top), isRoot })) writeAll(STDOUT, piece);
}

function isSame(one: number, other: number): boolean {
  const [a, b] = [statOf(one), statOf(other)];
  return a.dev === b.dev && a.ino === b.ino;
}

function write(job: WriteJob, root: number): void {
  const inside = new Inside(DESCRIPTORS, root, badDestination);
  const { directory, top } = place(job, inside);
  const { fd, report } = unpackTo(inside, directory, top, job);
  if (job.sync) closing(fd, syncfs);
  send({ done: report });
}

/** @throws ERR_TSRUN_COPY_DESTINATION */
function place({ write: path, source }: WriteJob, inside: Inside): { directory: string; top?: string } {
  const destination = inside.destination(path);
  if (source === undefined) {
    if (destination.is === 'directory') return { directory: destination.path };
    throw badDestination(`${path} in the container is not a directory`, path, 'an archive goes into a directory that is there');
  }
  const landing = landingOf(source, destination);
  if ('refused' in landing) {
    const isFile = landing.refused === 'directory over a file';
    const message = isFile
      ? `cannot copy a directory to ${path}, which is a file in the container`
      : `there is no directory ${path} in the container`;
    throw badDestination(message, path, isFile ? 'name a directory' : 'make it first, or leave out the slash to give the file this name');
  }
  return { directory: landing.directory, top: landing.name };
}

function unpackTo(inside: Inside, directory: string, top: string | undefined, { keepOwners }: WriteJob): { fd: number; report: Report } {
  const fd = inside.directory(directory);
  if (isKernels(DESCRIPTORS.of(fd))) {
    throw badDestination(`${directory} is the kernel's, not a directory of the container`, directory, 'copy to another place');
  }
  send({ ready: true });
  const unpacker = new Unpacker({
    descriptors: DESCRIPTORS,
    directories: new ContainerDirectories(DESCRIPTORS, inside.root, directory),
    ...(top === undefined ? {} : { top }),
    owners: keepOwners ? 'kept' : 'root',
    privileges: true,
  });
  const reader = new TarReader(unpacker, LIMITS);
  const chunk = Buffer.allocUnsafeSlow(CHUNK);
  for (let length = readSome(chunk); length > 0; length = readSome(chunk)) reader.push(chunk.subarray(0, length));
  reader.end();
  return { fd, report: unpacker.finish() };
}

/** 0 at the end. */
function readSome(chunk: Buffer): number {
  for (;;) {
    try {
      return readSync(STDIN, chunk, 0, chunk.length, null);
    } catch (error) {
      if (errnoOf(error) !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    }
  }
}

const MANY = 500;

/** Under the caller's uid still, with the capability to look into what the container's ids own; nothing is written. */
function diff(job: DiffJob): void {
  const changes = changesOf(new Descriptors(), job);
  send({ changes: [] });
  for (let at = 0; at < changes.length; at += MANY) send({ changes: changes.slice(at, at + MANY) });
}

async function changeset(job: DiffJob, asked: ChangesetJob): Promise<void> {
  const descriptors = new Descriptors();
  const changes = changesOf(descriptors, job);
  const layer = new LayerPacker(descriptors, job, changes, asked, await recordedOwners(changes, asked.layers ?? []));
  send({ entries: layer.entries });
  for (const piece of layer.pieces()) writeAll(STDOUT, piece);
  leftOut(layer.sockets);
}

function whole(root: number): void {
  send({ found: { isDirectory: true, name: '' } });
  const sockets = new Sockets();
  const options = { userAttributes: true, sparse: true, oneMount: true, onSocket: sockets.add.bind(sockets) };
  const stat = statOf(root);
  if (isTold(stat)) writeAll(STDOUT, rootHeader(stat));
  for (const piece of pack({ descriptors: DESCRIPTORS, directory: root, name: Buffer.from('.'), fd: root, as: Buffer.alloc(0) }, options))
    writeAll(STDOUT, piece);
  leftOut(sockets);
}

function leftOut({ names, count }: Sockets): void {
  const left: LeftOut = { sockets: names, socketCount: count };
  if (count > 0) writeAll(2, Buffer.from(`${JSON.stringify(left)}\n`));
}

function send(message: FilesMessage): void {
  writeAll(STDOUT, Buffer.from(`${JSON.stringify(message)}\n`));
}

main().catch((error: unknown) => {
  // Nobody reads any more: whoever asked has gone.
  if (errnoOf(error) === 'EPIPE') process.exit(141);
  if (process.env['TSRUN_DEBUG']) console.error(error);
  const failure: FilesFailure = { error: asTsrunError(ofArchive(error)).toJSON() };
  writeAll(2, Buffer.from(`${JSON.stringify(failure)}\n`));
  process.exit(1);
});
