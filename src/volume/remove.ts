/** Removing volumes: out of their name by one rename, then emptied inside the map that their files belong to. */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { storeFailure } from '../content/failure.js';
import { errnoOf, TsrunError } from '../errors.js';
import type { HostPath, StorePaths } from '../paths.js';
import { compileRemovalPlan } from '../plan/cage.js';
import type { Operation, Plan } from '../plan/operations.js';
import { recordedIdentity } from '../rootfs/identity.js';
import { launch } from '../runtime/spawn.js';
import { tryLockDirectory } from '../sys/flock.js';
import { readVolume, recordVolume, underLock, type Volume, type VolumeFile } from './state.js';

/** Names the container that has a volume, whether it runs or not. */
export type UserOf = (name: string) => string | undefined;

/** @throws ERR_TSRUN_VOLUME_NOT_FOUND, ERR_TSRUN_VOLUME_IN_USE */
export async function removeVolume(paths: StorePaths, name: string, userOf: UserOf, signal?: AbortSignal): Promise<void> {
  const trash = await underLock(
    paths,
    name,
    () => {
      const volume = readVolume(paths, name);
      if (volume === undefined) throw notFound(name);
      const user = userOf(name);
      if (user !== undefined) throw inUse(name, `the container ${user}`, `remove that first: tsrun rm ${user}`);
      const moved = moveUnusedToTrash(paths, volume);
      if (moved === undefined) throw inUse(name, 'a container that is just starting or ending', 'try again');
      return moved;
    },
    signal,
  );
  await launch(volumeRemovalPlan(trash), ['ignore', 'ignore', 'inherit']).ended;
}

export function notFound(name: string): TsrunError {
  return new TsrunError('ERR_TSRUN_VOLUME_NOT_FOUND', `no volume ${name}`, { subject: name, hint: 'list them with: tsrun volume ls' });
}

function inUse(name: string, user: string, hint: string): TsrunError {
  return new TsrunError('ERR_TSRUN_VOLUME_IN_USE', `the volume ${name} is in use by ${user}`, { subject: name, hint });
}

/** Undefined when a container holds it locked, or when it is gone. What is in trash/ is removed sooner or later, whatever happens to us. */
export function moveUnusedToTrash(paths: StorePaths, { directory, name }: Pick<Volume, 'directory' | 'name'>): HostPath | undefined {
  const trash = join(paths.trash, randomBytes(32).toString('hex')) as HostPath;
  try {
    mkdirSync(paths.trash, { recursive: true, mode: 0o700 });
    using held = tryLockDirectory(directory, 'exclusive');
    if (held === undefined) return undefined;
    renameSync(directory, trash);
    recordVolume(paths, 'destroy', name);
    return trash;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw storeFailure(error, `cannot remove the volume ${name}`, directory);
  }
}

/** Whether a directory of trash/ was a volume. */
export function wasVolume(directory: HostPath): boolean {
  return existsSync(join(directory, 'volume.json'));
}

/** @param first what is done before anything else: taking a lock */
export function volumeRemovalPlan(directory: HostPath, first: Operation[] = []): Plan {
  const { uidMappings, gidMappings } = fileOf(directory);
  const { ids, mappers } = recordedIdentity(uidMappings, gidMappings);
  const data = join(directory, '_data') as HostPath;
  return compileRemovalPlan(ids, mappers, existsSync(data) && ids.mode !== 'single' ? [data] : [], [directory], first);
}

function fileOf(directory: HostPath): Partial<VolumeFile> {
  try {
    return JSON.parse(readFileSync(join(directory, 'volume.json'), 'utf8')) as VolumeFile;
  } catch {
    return {};
  }
}
