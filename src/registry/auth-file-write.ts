/** Changes a file of logins: under a lock, whole or not at all, for its owner alone. */

import { randomBytes } from 'node:crypto';
import { closeSync, constants, fchmodSync, fchownSync, fstatSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { errnoOf, systemReason, TsrunError } from '../errors.js';
import { type Lock, lockDirectory } from '../sys/flock.js';
import { ForeignLink, findPlace, type OpenDirectory, type Place } from '../sys/place.js';
import { type AuthFile, readAuthFile } from './auth-files.js';
import { memberText, withMember } from './json-members.js';

/** Names of `auths` → what they are to be; undefined takes one away. */
export type Changes = Readonly<Record<string, object | undefined>>;

/**
 * @param choose what is to be changed, of the file as it is now
 * @returns whether anything was
 * @throws ERR_TSRUN_CREDENTIALS_INVALID
 */
export async function changeAuths(path: string, choose: (file: AuthFile) => Changes, signal?: AbortSignal): Promise<boolean> {
  try {
    const place = findPlace(path, 0o700);
    using directory = place.directory;
    using _held = await held(directory.path, signal);
    using before = openBefore(path, place);
    const file = before === undefined ? { path, text: '', config: {} } : await readAuthFile(path, before.path);
    const text = apply(file.text, choose(file));
    if (text === file.text || (file.text === '' && text === '{}')) return false;
    replace(place, text, before);
    return true;
  } catch (error) {
    if (error instanceof TsrunError) throw error;
    if (error instanceof ForeignLink) throw notOurs(path, `is reached by a link that belongs to another user (${error.uid})`);
    throw new TsrunError('ERR_TSRUN_CREDENTIALS_INVALID', `${path} cannot be written: ${systemReason(error)}`, {
      subject: path,
      hint: 'name another file with --authfile',
      cause: error,
    });
  }
}

/** Against other logins at this moment. Some file systems of networks lock no directory: there the last one wins. */
async function held(directory: string, signal: AbortSignal | undefined): Promise<Lock | undefined> {
  return lockDirectory(directory, 'exclusive', signal).catch((error: unknown) => {
    if (error instanceof TsrunError) throw error;
    return undefined;
  });
}

interface Before {
  /** The file itself, whatever its name means by now. */
  path: string;
  uid: number;
  gid: number;
  [Symbol.dispose](): void;
}

/** Behind a link that is ours (dotfiles are kept so) only what is ours as well. */
function openBefore(path: string, { directory, name, linked }: Place): Before | undefined {
  const fd = openUnlessMissing(directory, name);
  if (fd === undefined) return undefined;
  const stat = fstatSync(fd);
  const { uid, gid } = stat;
  const before = { path: `/proc/self/fd/${fd}`, uid, gid, [Symbol.dispose]: () => closeSync(fd) };
  const isOurs = !linked || uid === process.getuid?.();
  if (isOurs && stat.isFile()) return before;
  before[Symbol.dispose]();
  throw notOurs(path, isOurs ? 'is no file' : `is a link to a file of another user (${uid})`);
}

function openUnlessMissing(directory: OpenDirectory, name: string): number | undefined {
  try {
    return openSync(directory.at(name), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function notOurs(path: string, what: string): TsrunError {
  return new TsrunError('ERR_TSRUN_CREDENTIALS_INVALID', `${path} ${what}: nothing is written there`, {
    subject: path,
    hint: 'name a file of your own with --authfile',
  });
}

function apply(text: string, changes: Changes): string {
  const config = text.trim() === '' ? '{}' : text;
  let auths = memberText(config, 'auths') ?? '{}';
  // null, as Go writes an empty map
  if (!auths.startsWith('{')) auths = '{}';
  const before = auths;
  for (const [key, value] of Object.entries(changes)) auths = withMember(auths, key, value && JSON.stringify(value));
  return auths === before ? config : withMember(config, 'auths', auths);
}

function replace({ directory, name }: Place, text: string, before: Before | undefined): void {
  const half = directory.at(`.${name}.${randomBytes(6).toString('hex')}`);
  const fd = openSync(half, 'wx', 0o600);
  try {
    fchmodSync(fd, 0o600);
    writeFileSync(fd, text);
    if (before !== undefined) keepOwner(fd, before);
    fsyncSync(fd);
    renameSync(half, directory.at(name));
  } catch (error) {
    rmSync(half, { force: true });
    throw error;
  } finally {
    closeSync(fd);
  }
}

/** Root in a user's home leaves the file to the user. By descriptor: the user may put something else in the name's place. */
function keepOwner(fd: number, { uid, gid }: Before): void {
  if (uid === process.getuid?.()) return;
  try {
    fchownSync(fd, uid, gid);
  } catch (error) {
    if (errnoOf(error) !== 'EPERM') throw error;
  }
}
