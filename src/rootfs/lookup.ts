/**
 * Reads a file of an image as the container would see it, from its unpacked layers, without mounting them. Links are resolved here,
 * inside the root; the host's kernel never follows one that the image chose.
 */
import { closeSync, constants, fstatSync, lstatSync, openSync, readlinkSync, readSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { errnoOf, TsrunError } from '../errors.js';
import type { HostPath } from '../paths.js';
import { lgetxattr } from '../sys/files.js';

const LINKS = 40;
/** More than any real passwd or group has, little enough to read (CVE-2024-9676). */
const ACCOUNTS_LIMIT = 1 << 20;

/** The image's own accounts, as text. @param layers the topmost first; or one plain directory */
export function readAccounts(layers: readonly HostPath[]): { passwd: string; group: string } {
  const [passwd, group] = ['/etc/passwd', '/etc/group'].map((path) => readFromLayers(layers, path, ACCOUNTS_LIMIT)) as [string, string];
  return { passwd, group };
}

/** @param layers the topmost first */
export function isFileInLayers(layers: readonly HostPath[], path: string): boolean {
  const found = resolve(layers, path.split('/'), LINKS);
  return found !== undefined && (statOf(found)?.isFile() ?? false);
}

/**
 * The text of a regular file; '' when there is none.
 * @param layers the topmost first
 * @param limit bytes; a larger file is ERR_TSRUN_CONFIG_INVALID
 */
export function readFromLayers(layers: readonly HostPath[], path: string, limit: number): string {
  const found = resolve(layers, path.split('/'), LINKS);
  return found === undefined ? '' : readBounded(found, path, limit);
}

/** The host path of what the merged view shows at these components, links followed; undefined when nothing, or a loop, is there. */
function resolve(layers: readonly HostPath[], components: readonly string[], links: number): string | undefined {
  const stack: Place[] = [{ names: [], directories: layers }];
  const rest = components.filter((name) => name !== '' && name !== '.');
  for (let name = rest.shift(); name !== undefined; name = rest.shift()) {
    const here = stack[stack.length - 1] as Place;
    if (name === '..') {
      if (stack.length > 1) stack.pop();
      continue;
    }
    const entry = look(here.directories, name);
    if (entry === undefined) return undefined;
    if ('directories' in entry) {
      stack.push({ names: [...here.names, name], directories: entry.directories });
    } else if (entry.stat.isSymbolicLink()) {
      if (links === 0) return undefined;
      const target = readlinkSync(entry.path);
      const base = target.startsWith('/') ? [] : here.names;
      return resolve(layers, [...base, ...target.split('/'), ...rest], links - 1);
    } else return rest.length === 0 ? entry.path : undefined;
  }
  return undefined;
}

interface Place {
  names: readonly string[];
  /** The directories that overlay merges here, the topmost first. */
  directories: readonly string[];
}

type Entry = { directories: string[] } | { path: string; stat: Stats };

/** overlayfs.rst: the topmost layer wins; directories merge until one is opaque; a 0/0 device is a whiteout. */
function look(directories: readonly string[], name: string): Entry | undefined {
  const merged: string[] = [];
  for (const [index, directory] of directories.entries()) {
    const path = join(directory, name);
    const stat = statOf(path);
    if (stat === undefined) continue;
    if (stat.isCharacterDevice() && stat.rdev === 0) break;
    if (!stat.isDirectory()) {
      if (merged.length === 0) return { path, stat };
      break;
    }
    merged.push(path);
    if (index < directories.length - 1 && isOpaque(path)) break;
  }
  return merged.length === 0 ? undefined : { directories: merged };
}

function statOf(path: string): Stats | undefined {
  try {
    return lstatSync(path);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'EACCES', 'ENAMETOOLONG'].includes(errnoOf(error) ?? '')) return undefined;
    throw error;
  }
}

function isOpaque(path: string): boolean {
  try {
    return lgetxattr(path, 'user.overlay.opaque').toString() === 'y';
  } catch {
    return false;
  }
}

/** A fifo must not block and a device must not answer: only regular files are read. */
function readBounded(host: string, path: string, limit: number): string {
  let fd: number;
  try {
    fd = openSync(host, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (errnoOf(error) === 'EACCES') return '';
    throw error;
  }
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile()) return '';
    if (stat.size > limit)
      throw new TsrunError('ERR_TSRUN_CONFIG_INVALID', `${path} of the image is ${stat.size} bytes long, more than tsrun reads`, {
        subject: path,
        hint: `it may have ${limit} bytes; name users by number with -u`,
      });
    const buffer = Buffer.alloc(stat.size);
    return buffer.subarray(0, readSync(fd, buffer, 0, stat.size, 0)).toString('utf8');
  } finally {
    closeSync(fd);
  }
}
