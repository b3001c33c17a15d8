/**
 * What `cp` makes of its two paths: docker's rules (github.com/docker/cli/cli/command/container/cp.go, moby/go-archive copy.go). Pure.
 * A trailing `/.` means what is in a directory, a trailing `/` that it is one.
 */
import { posix } from 'node:path';

export interface CopyArgument {
  /** Undefined: a path of the host's, or `-`. */
  container?: string;
  path: string;
}

/** `NAME:PATH`, unless the word is an absolute path or begins with a dot: `./file:name`. */
export function splitArgument(word: string): CopyArgument {
  const colon = word.indexOf(':');
  if (word.startsWith('/') || word.startsWith('.') || colon < 0) return { path: word };
  return colon === 0 ? { path: word.slice(1) } : { container: word.slice(0, colon), path: word.slice(colon + 1) };
}

/** Go's filepath.Clean of an absolute path, with the ending that says more than the name. @param from what a relative one begins at */
export function absolutePath(path: string, from = '/'): string {
  const joined = posix.normalize(posix.isAbsolute(path) ? path : `${from}/${path}`);
  const clean = joined.length > 1 ? joined.replace(/\/+$/, '') : joined;
  if (meansContents(path)) return clean === '/' ? '/.' : `${clean}/.`;
  return path.endsWith('/') && clean !== '/' ? `${clean}/` : clean;
}

/** The last component is `.`: what is in the directory. */
function meansContents(path: string): boolean {
  return path === '' || posix.basename(path) === '.';
}

/** Only a directory can be meant. */
function meansDirectory(path: string): boolean {
  return path.endsWith('/') || meansContents(path);
}

/** Links are followed there also when they are the last component. @param path of absolutePath */
export function followsLink(path: string): boolean {
  return meansDirectory(path);
}

/** What the ending says of it taken away. @param path of absolutePath */
export function withoutEnding(path: string): string {
  return path.replace(/\/\.?$/, '') || '/';
}

/** What something is called in an archive, or in an existing directory; '' where its contents go by themselves. @param path of absolutePath */
export function nameOf(path: string): string {
  const base = posix.basename(path);
  return base === '.' ? '' : base;
}

export interface CopySource {
  isDirectory: boolean;
  /** By which it goes into an existing directory; '': its contents do. */
  name: string;
}

export interface CopyDestination {
  /** Of absolutePath; where it was a link, what that led to, with the same ending. */
  path: string;
  /** Undefined: there is nothing. */
  is: 'directory' | 'other' | undefined;
}

/** In which directory what is copied comes to lie, and by which name; '': a directory's contents alone. */
export type Landing = { directory: string; name: string } | { refused: 'directory over a file' | 'no such directory' };

/** archive.PrepareArchiveCopy */
export function landingOf(source: CopySource, destination: CopyDestination): Landing {
  const { path, is } = destination;
  if (is === 'directory') return { directory: path, name: source.name };
  if (is === 'other' && source.isDirectory) return { refused: 'directory over a file' };
  if (!source.isDirectory && meansDirectory(path)) return { refused: 'no such directory' };
  if (meansContents(path)) return { refused: 'no such directory' };
  return { directory: posix.dirname(path), name: posix.basename(path) };
}
