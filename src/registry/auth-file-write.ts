/** Changes a file of logins: under a lock, whole or not at all, for its owner alone. */

import { randomBytes } from 'node:crypto';
import {
  chownSync,
  closeSync,
  fchmodSync,
  fsyncSync,
  lstatSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { errnoOf, systemReason, TsrunError } from '../errors.js';
import { makeDirectories } from '../sys/directories.js';
import { type Lock, lockDirectory } from '../sys/flock.js';
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
    makeDirectories(dirname(resolve(path)), 0o700);
    const target = resolveTarget(path);
    using _held = await held(dirname(target), signal);
    const file = await readAuthFile(target);
    const text = apply(file.text, choose(file));
    if (text === file.text || (file.text === '' && text === '{}')) return false;
    replace(target, text);
    return true;
  } catch (error) {
    if (error instanceof TsrunError) throw error;
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

/** Behind a link that is ours (dotfiles are kept so), and never behind one that another user may point elsewhere. */
function resolveTarget(path: string): string {
  const link = lstatSync(path, { throwIfNoEntry: false });
  if (link === undefined || !link.isSymbolicLink()) return join(realpathSync(dirname(path)), basename(path));
  const uid = process.getuid?.() ?? 0;
  if (link.uid !== uid) throw notOurs(path, `is a link that belongs to another user (${link.uid})`);
  const target = realpathSync(path);
  const owner = statSync(target).uid;
  if (owner !== uid) throw notOurs(path, `is a link to a file of another user (${owner})`);
  return target;
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

function replace(path: string, text: string): void {
  const half = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}`);
  const fd = openSync(half, 'wx', 0o600);
  try {
    fchmodSync(fd, 0o600);
    writeFileSync(fd, text);
    keepOwner(path, half);
    fsyncSync(fd);
    renameSync(half, path);
  } catch (error) {
    rmSync(half, { force: true });
    throw error;
  } finally {
    closeSync(fd);
  }
}

/** Root in a user's home leaves the file to the user. */
function keepOwner(path: string, half: string): void {
  const before = statSync(path, { throwIfNoEntry: false });
  if (before === undefined || before.uid === process.getuid?.()) return;
  try {
    chownSync(half, before.uid, before.gid);
  } catch (error) {
    if (errnoOf(error) !== 'EPERM') throw error;
  }
}
