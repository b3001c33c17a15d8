/** What every verb begins with: the roots, their directories, the store. */
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ContentStore } from '../content/store.js';
import { errnoOf } from '../errors.js';
import { ensurePrivateDirectory, resolveRoots, type StorePaths, storePaths } from '../paths.js';
import type { CommonOptions } from './options.js';

export interface Session {
  paths: StorePaths;
  store: ContentStore;
}

/** For verbs that only read: nothing is made. */
export function openSession(options: CommonOptions): Session {
  const paths = storePaths(resolveRoots(options, process.env, process.getuid?.() ?? 0));
  return { paths, store: new ContentStore(paths) };
}

/** For verbs that write. @throws ERR_TSRUN_STORE_UNREADABLE, ERR_TSRUN_DISK_FULL */
export async function openStore(options: CommonOptions): Promise<Session> {
  const session = openSession(options);
  ensurePrivateDirectory(session.paths.roots.data, process.getuid?.() ?? 0, 'followed');
  await session.store.init();
  return session;
}

/** A note that this user has not seen yet; remembered in the store, so it comes once and not with every run. */
export function noteOnce(paths: StorePaths, note: string, onNote: CommonOptions['onNote']): void {
  if (onNote === undefined) return;
  const mark = join(paths.told, createHash('sha256').update(note).digest('hex').slice(0, 32));
  try {
    mkdirSync(paths.told, { recursive: true, mode: 0o700 });
    writeFileSync(mark, '', { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return;
  }
  onNote(note);
}
