/**
 * Volumes on disk, `<data>/v1/volumes/<name>/`: `_data`, whose files belong to one id map; `volume.json`; `copying`, which has a byte while
 * a copy from an image is being made. The directory appears whole, by rename, and is locked, shared, by every container that runs with it.
 */
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isVolumeName } from '../bundle/mount-words.js';
import { storeFailure } from '../content/failure.js';
import { syncDirectory, writeDurably } from '../content/ingest.js';
import { lockStore } from '../content/lock.js';
import { TsrunError } from '../errors.js';
import { volumeEvent } from '../events/event.js';
import { recordEvent } from '../events/record.js';
import type { HostPath, StorePaths } from '../paths.js';
import { mapOf } from '../plan/volumes.js';
import { handOverInCage } from '../rootfs/cage.js';
import type { Identity } from '../rootfs/identity.js';
import type { IdMap } from '../spec/runtime.js';

/** volume.json */
export interface VolumeFile {
  name: string;
  /** RFC 3339 */
  created: string;
  labels: Record<string, string>;
  /** Made for one container, not by name. */
  anonymous?: true;
  /** Whose its files are; absent until a container first uses it. */
  owners?: string;
  uidMappings?: IdMap[];
  gidMappings?: IdMap[];
}

export interface Volume extends VolumeFile {
  directory: HostPath;
  /** What is mounted. */
  data: HostPath;
}

/** Begins the name of one that is being made: no volume can have it. */
const HALF_MADE = '.new-';

/** All of them, by name. One that is damaged is listed with what can be known. */
export function listVolumes(paths: StorePaths): Volume[] {
  if (!existsSync(paths.volumes)) return [];
  return readdirSync(paths.volumes)
    .filter(isVolumeName)
    .sort()
    .flatMap((name) => {
      const volume = readVolume(paths, name);
      return volume ? [volume] : [];
    });
}

/** Undefined when there is none of this name. */
export function readVolume(paths: StorePaths, name: string): Volume | undefined {
  const directory = paths.volume(name);
  const places = { directory, data: join(directory, '_data') as HostPath };
  if (!isVolumeName(name) || !existsSync(directory)) return undefined;
  try {
    return { ...(JSON.parse(readFileSync(join(directory, 'volume.json'), 'utf8')) as VolumeFile), name, ...places };
  } catch (error) {
    if (!existsSync(directory)) return undefined; // removed while we looked
    return {
      name,
      created: statSync(directory).mtime.toISOString(),
      labels: {},
      owners: `unknown: ${(error as Error).message}`,
      ...places,
    };
  }
}

/** The volume of this name, made when it is missing. */
export async function ensureVolume(paths: StorePaths, name: string, labels: Record<string, string>, signal?: AbortSignal): Promise<Volume> {
  return (
    readVolume(paths, name) ?? (await underLock(paths, name, () => readVolume(paths, name) ?? makeVolume(paths, name, labels), signal))
  );
}

/**
 * Makes sure that the volume is there and that its files belong to this map: the first container that uses it decides.
 * @throws ERR_TSRUN_VOLUME_OWNERS
 */
export async function claimVolume(
  paths: StorePaths,
  name: string,
  labels: Record<string, string>,
  identity: Identity,
  signal?: AbortSignal,
): Promise<void> {
  const volume = await ensureVolume(paths, name, labels, signal);
  if (volume.owners === identity.ids.owners) return;
  await underLock(
    paths,
    name,
    async () => {
      const now = readVolume(paths, name) ?? (await makeVolume(paths, name, labels));
      if (now.owners === undefined) await takePossession(paths, now, identity);
      else if (now.owners !== identity.ids.owners) throw otherOwners(now, identity.ids.owners);
    },
    signal,
  );
}

function otherOwners({ name, owners, directory }: Volume, mine: string): TsrunError {
  return new TsrunError(
    'ERR_TSRUN_VOLUME_OWNERS',
    `the files of the volume ${name} belong to another id map (${owners}) than this run’s (${mine})`,
    {
      subject: directory,
      hint: 'run it with the user and the --userns that it was first used with, or name another volume; to move its files, tar them in a container of the one and unpack them in one of the other',
    },
  );
}

async function takePossession(paths: StorePaths, { directory, data, ...file }: Volume, identity: Identity): Promise<void> {
  try {
    await handOverInCage(identity, [data]);
    await writeDurably(paths, join(directory, 'volume.json'), JSON.stringify({ ...file, ...mapOf(identity.ids) }));
  } catch (error) {
    throw storeFailure(error, `cannot use the volume ${file.name}`, directory);
  }
}

/** Under its lock. */
async function makeVolume(paths: StorePaths, name: string, labels: Record<string, string>): Promise<Volume> {
  const directory = paths.volume(name);
  const half = join(paths.volumes, `${HALF_MADE}${randomBytes(8).toString('hex')}`);
  const file: VolumeFile = { name, created: new Date().toISOString(), labels };
  try {
    mkdirSync(paths.volumes, { recursive: true, mode: 0o700 });
    sweepHalfMade(paths);
    mkdirSync(half, { mode: 0o700 });
    mkdirSync(join(half, '_data'));
    chmodSync(join(half, '_data'), 0o755); // whatever the caller's umask is
    writeFileSync(join(half, 'copying'), '', { mode: 0o600 });
    await writeDurably(paths, join(half, 'volume.json'), JSON.stringify(file));
    renameSync(half, directory);
    await syncDirectory(paths.volumes);
    recordVolume(paths, 'create', name);
  } catch (error) {
    rmSync(half, { recursive: true, force: true });
    throw storeFailure(error, `cannot make the volume ${name}`, directory);
  }
  return { ...file, directory, data: join(directory, '_data') as HostPath };
}

/** Of a process that was killed. They are empty, and made in a moment. */
export function sweepHalfMade({ volumes }: StorePaths): void {
  if (!existsSync(volumes)) return;
  for (const name of readdirSync(volumes).filter((each) => each.startsWith(HALF_MADE))) {
    const stat = statSync(join(volumes, name), { throwIfNoEntry: false });
    if (stat !== undefined && Date.now() - stat.mtimeMs > 60_000) rmSync(join(volumes, name), { recursive: true, force: true });
  }
}

/** Of one that Node makes or removes. */
export function recordVolume({ events }: StorePaths, action: 'create' | 'destroy', name: string): void {
  recordEvent(events, volumeEvent(action, name));
}

/** Who makes, claims or removes a volume has its lock. The lock's file goes with its use, or locks/ would only grow. */
export async function underLock<Value>(
  paths: StorePaths,
  name: string,
  work: () => Value | Promise<Value>,
  signal?: AbortSignal,
): Promise<Value> {
  const file = `volume-${name}`;
  mkdirSync(paths.locks, { recursive: true, mode: 0o700 });
  using _held = await lockStore(paths, file, 'exclusive', signal);
  try {
    return await work();
  } finally {
    rmSync(join(paths.locks, file), { force: true });
  }
}
