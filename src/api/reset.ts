/** `system reset`: everything of this store goes. */
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { entriesOf, idsIn, listContainers } from '../container/state.js';
import { errnoOf, TsrunError } from '../errors.js';
import { emptyInCage } from '../rootfs/cage.js';
import { findIdentity } from '../rootfs/identity.js';
import { checkArguments } from './check-arguments.js';
import { removeAndTell } from './containers.js';
import type { CommonOptions } from './options.js';
import { openSession } from './session.js';

/** What there is to lose. */
export interface StoreContents {
  /** Names of containers that run, and how many there are in all. */
  running: string[];
  containers: number;
  images: number;
  volumes: number;
  /** Directories: what lasts, and what is there while containers run. */
  data: string;
  run: string;
}

/** What resetSystem() would remove. Damaged things count as well. */
export async function storeContents(options: CommonOptions = {}): Promise<StoreContents> {
  checkArguments({}, options);
  const { paths } = openSession(options);
  const containers = listContainers(paths);
  return {
    running: containers.filter(({ status }) => !['stopped', 'created'].includes(status)).map(({ name }) => name),
    containers: containers.length,
    images: entriesOf(paths.refs).length,
    volumes: entriesOf(paths.volumes).filter((name) => !name.startsWith('.')).length,
    data: paths.base,
    run: paths.run,
  };
}

/**
 * Ends every container and removes all that the store has, whoever of this user's ids it belongs to. The two root directories stay, with
 * what is in them besides. @throws ERR_TSRUN_CONTAINER_RUNNING when one does not end, ERR_TSRUN_STORE_UNREADABLE
 */
export async function resetSystem(options: CommonOptions = {}): Promise<StoreContents> {
  const { signal } = checkArguments({}, options);
  const { paths } = openSession(options);
  const contents = await storeContents(options);
  for (let left = listContainers(paths); left.length > 0; left = listContainers(paths)) {
    for (const container of left) {
      signal?.throwIfAborted();
      await removeAndTell(paths, container, true, false);
    }
  }
  for (const id of idsIn(paths.run)) rmSync(paths.runOf(id), { recursive: true, force: true });
  if (entriesOf(paths.base).length > 0) {
    // Root removes anything. Others' files may be of ids that only their map reaches, or in directories closed to themselves.
    const identity = process.getuid?.() === 0 ? undefined : await findIdentity(paths, {}, signal);
    if (identity === undefined) rmSync(paths.base, { recursive: true, force: true });
    else await emptyInCage(identity, [paths.base], [paths.base]);
  }
  if (remains(paths.base))
    throw new TsrunError('ERR_TSRUN_STORE_UNREADABLE', `${paths.base} could not be removed whole`, {
      subject: paths.base,
      hint: 'see what is left of it: it may belong to ids that are not yours any more; then remove it as root',
    });
  return contents;
}

function remains(directory: string): boolean {
  try {
    return readdirSync(join(directory)).length > 0;
  } catch (error) {
    return errnoOf(error) !== 'ENOENT';
  }
}
