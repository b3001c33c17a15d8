/** What every verb begins with: the roots, their directories, the store. */
import { createHash } from 'node:crypto';
import { mkdirSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ContentStore } from '../content/store.js';
import { errnoOf, TsrunError } from '../errors.js';
import { ensurePrivateDirectory, resolveRoots, type StorePaths, storePaths } from '../paths.js';
import type { RegistrySettings } from '../registry/config/settings.js';
import type { CommonOptions } from './options.js';
import { readRegistries } from './registry-session.js';

export interface Session {
  paths: StorePaths;
  store: ContentStore;
  /** What this machine's and user's files say of registries: read once, when the first name or request needs it. */
  registries: () => Promise<RegistrySettings>;
}

/** For verbs that only read: nothing is made. */
export function openSession(options: CommonOptions): Session {
  const uid = process.getuid?.() ?? 0;
  const paths = storePaths(resolveRoots(options, process.env, uid));
  let settings: Promise<RegistrySettings> | undefined;
  const registries = () => {
    settings ??= readRegistries(options.onDebug);
    return settings;
  };
  return { paths, store: new ContentStore(paths), registries };
}

/** For verbs that write. @throws ERR_TSRUN_LAUNCH, ERR_TSRUN_STORE_UNREADABLE, ERR_TSRUN_DISK_FULL */
export async function openStore(options: CommonOptions): Promise<Session> {
  checkProc();
  const session = openSession(options);
  ensurePrivateDirectory(session.paths.roots.data, process.getuid?.() ?? 0, 'followed');
  await session.store.init();
  return session;
}

/** The helper names processes by their numbers: those of another pid namespace, as in a container that has the /proc around it, are others. */
function checkProc(): void {
  if (ownNumber() === process.pid) return;
  throw new TsrunError('ERR_TSRUN_LAUNCH', 'the /proc around tsrun shows another pid namespace: processes have other numbers there', {
    subject: '/proc',
    hint: 'start the outermost container with --nested, systempaths=unconfined (docker) or unmask=ALL (podman)',
  });
}

function ownNumber(): number {
  try {
    return Number(readlinkSync('/proc/self'));
  } catch {
    return process.pid; // without any, it is others who say what is missing
  }
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
