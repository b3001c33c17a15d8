/** The caller's side of a copy: paths of the host's, which are followed as the caller's own programs would. */
import { closeSync, constants, fstatSync, lstatSync, openSync, readlinkSync, realpathSync, type Stats, statSync } from 'node:fs';
import { posix } from 'node:path';
import { systemReason } from '../errors.js';
import { O_PATH } from '../sys/files.js';
import { Descriptors } from './descriptors.js';
import { badDestination, badSource } from './fault.js';
import { absolutePath, type CopyDestination, type CopySource, followsLink, landingOf, nameOf, withoutEnding } from './path.js';

const MOST_LINKS = 40;
const DIRECTORY = O_PATH | constants.O_DIRECTORY;

export interface HostSource extends CopySource {
  /** What it lies in, open. */
  directory: number;
  /** Its name there. */
  entry: Buffer;
  /** It itself, open. */
  fd: number;
}

/** @param follow a link is what it leads to @throws ERR_TSRUN_COPY_SOURCE */
export function hostSource(given: string, follow: boolean): HostSource {
  const path = absolutePath(given, process.cwd());
  const plain = withoutEnding(path);
  const opened: number[] = [];
  const open = (file: string | Buffer, flags: number) => opened[opened.push(openSync(file, flags)) - 1] as number;
  try {
    const real = follow || followsLink(path) ? realpathSync(plain) : plain;
    const directory = open(posix.dirname(real), DIRECTORY);
    const entry = Buffer.from(posix.basename(real) || '.');
    const fd = open(new Descriptors().at(directory, entry), O_PATH | constants.O_NOFOLLOW);
    const isDirectory = fstatSync(fd).isDirectory();
    if (followsLink(path) && !isDirectory) throw badSource(`${given} is not a directory`, given, 'leave out the slash behind it');
    return { isDirectory, name: nameOf(path), directory, entry, fd };
  } catch (error) {
    for (const each of opened) closeSync(each);
    if ((error as { code?: unknown }).code === 'ERR_TSRUN_COPY_SOURCE') throw error;
    throw badSource(`${given} cannot be copied: ${systemReason(error)}`, given, 'check the path, and that you may read it', error);
  }
}

/** A directory, open, and what the first entry is called in it. @throws ERR_TSRUN_COPY_DESTINATION */
export function hostLanding(source: CopySource, given: string): { directory: number; top: string } {
  const destination = hostDestination(given);
  const landing = landingOf(source, destination);
  if ('refused' in landing) {
    throw landing.refused === 'directory over a file'
      ? badDestination(`cannot copy a directory to ${given}, which is a file`, given, 'name a directory')
      : badDestination(`there is no directory ${given}`, given, 'make it first, or leave out the slash to give the file this name');
  }
  try {
    return { directory: openSync(landing.directory, DIRECTORY), top: landing.name };
  } catch (error) {
    throw badDestination(`${landing.directory} cannot be written to: ${systemReason(error)}`, given, 'check the path', error);
  }
}

/** @throws ERR_TSRUN_COPY_DESTINATION */
export function hostDestination(given: string): CopyDestination {
  const path = absolutePath(given, process.cwd());
  const plain = withoutEnding(path);
  let real = plain;
  for (let links = 0; statOf(real, lstatSync)?.isSymbolicLink(); links++) {
    if (links === MOST_LINKS) throw badDestination(`${given} leads through too many links`, given, 'name what they lead to');
    const target = readlinkSync(real);
    // Not made shorter: what `..` means behind a link is known to the kernel alone.
    real = posix.isAbsolute(target) ? target : `${posix.dirname(real)}/${target}`;
  }
  const stat = statOf(real, lstatSync);
  const at = real + path.slice(plain.length);
  if (stat !== undefined) {
    if (stat.isDirectory()) return { path: at, is: 'directory' };
    if (stat.isFile()) return { path: at, is: 'other' };
    throw badDestination(`${given} is neither a directory nor a file`, given, 'copy to another place; - prints an archive');
  }
  const parent = posix.dirname(real);
  if (!statOf(parent, statSync)?.isDirectory()) throw badDestination(`the directory ${parent} does not exist`, given, 'make it first');
  return { path: at, is: undefined };
}

function statOf(path: string, stat: (path: string, options: { throwIfNoEntry: false }) => Stats | undefined): Stats | undefined {
  try {
    return stat(path, { throwIfNoEntry: false });
  } catch (error) {
    throw badDestination(`${path} cannot be looked at: ${systemReason(error)}`, path, 'check the path', error);
  }
}
