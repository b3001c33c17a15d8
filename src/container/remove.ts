/** Removing containers, and what runs that died left behind. What a container wrote belongs to its map and is removed inside it. */
import { existsSync, lstatSync, mkdirSync, readdirSync, readlinkSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { readContainerMounts } from '../bundle/user-mounts.js';
import { errnoOf, TsrunError } from '../errors.js';
import type { HostPath, StorePaths } from '../paths.js';
import { compileRemovalPlan } from '../plan/cage.js';
import type { Operation } from '../plan/operations.js';
import { stopFile } from '../plan/status.js';
import type { Identity } from '../rootfs/identity.js';
import { launch, launchDetached } from '../runtime/spawn.js';
import type { RuntimeSpec } from '../spec/runtime.js';
import { type Lock, tryLockDirectory } from '../sys/flock.js';
import { moveUnusedToTrash, volumeRemovalPlan, wasVolume } from '../volume/remove.js';
import { readVolume } from '../volume/state.js';
import { firstProcess, isAlive, isHeld } from './alive.js';
import { identityOf } from './identity.js';
import { type Container, entriesOf, ID_LENGTH, idsIn, listContainers, readConfig, transientContainer } from './state.js';
import { readStatus } from './status.js';

/**
 * @returns whether it was removed here: a --rm run takes itself away
 * @param volumes the anonymous ones that no other container has go as well, as they do with a --rm run
 * @throws ERR_TSRUN_CONTAINER_RUNNING unless `force`
 */
export async function removeContainer(paths: StorePaths, container: Container, force: boolean, volumes = false): Promise<boolean> {
  if (container.status !== 'stopped' && container.status !== 'created') {
    await endIfForced(container, force);
  }
  using _held = await lockAtRest(container, force);
  const anonymous = anonymousVolumes(container.directory, container.rm ? 'discard' : 'anonymous');
  const trash = moveToTrash(paths, container.directory);
  const dead = volumes || container.rm ? discard(paths, anonymous) : [];
  for (const directory of trash ? [trash, ...dead] : dead) await launch(removalPlan(directory), ['ignore', 'ignore', 'inherit']).ended;
  return trash !== undefined;
}

async function endIfForced(container: Container, force: boolean): Promise<void> {
  if (!force) {
    throw new TsrunError('ERR_TSRUN_CONTAINER_RUNNING', `the container ${container.name} is running`, {
      subject: container.name,
      hint: `end it first, or remove it all the same: tsrun rm -f ${container.name}`,
    });
  }
  writeFileSync(stopFile(container.directory), '', { mode: 0o600 }); // or it would be started again
  await end(container);
}

/** Whoever copies files holds a container that does not run, and is waited for; who has started it since it was looked at is not. Undefined: it is gone. */
async function lockAtRest(container: Container, force: boolean): Promise<Lock | undefined> {
  for (;;) {
    if (firstProcess(container.directory) !== undefined) await endIfForced(container, force);
    try {
      const held = tryLockDirectory(container.directory, 'exclusive');
      if (held !== undefined) return held;
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return undefined;
      throw error;
    }
    await pause(20);
  }
}

function anonymousVolumes(directory: HostPath, which: 'anonymous' | 'discard'): string[] {
  const mounts = readContainerMounts(configOf(directory) ?? {});
  return [...new Set(mounts.flatMap((mount) => (mount[which] && mount.volume !== undefined ? [mount.volume] : [])))];
}

/** Moves those to the trash that no container has any more. */
function discard(paths: StorePaths, names: readonly string[]): HostPath[] {
  if (names.length === 0) return [];
  const users = volumeUsers(paths);
  return names.flatMap((name) => {
    const volume = users.has(name) ? undefined : readVolume(paths, name);
    const trash = volume?.anonymous && moveUnusedToTrash(paths, volume);
    return trash ? [trash] : [];
  });
}

/** Volume → name of a container that has it, running or not. */
export function volumeUsers(paths: StorePaths): Map<string, string> {
  return new Map(volumeUses(paths));
}

/** Each volume of each container. */
export function volumeUses(paths: StorePaths): (readonly [volume: string, container: string])[] {
  return listContainers(paths).flatMap((container) =>
    readContainerMounts(configOf(container.directory) ?? {}).flatMap(({ volume }) =>
      volume === undefined ? [] : [[volume, container.name] as const],
    ),
  );
}

/** SIGKILL of its first process ends all; its runner then lets go of the directory. One that is just being made has no process yet. */
async function end({ directory, name }: Container): Promise<void> {
  for (let waited = 0; isAlive(directory); waited += 20) {
    killFirst(directory);
    if (waited > 10_000)
      throw new TsrunError('ERR_TSRUN_CONTAINER_RUNNING', `the container ${name} does not end`, {
        subject: name,
        hint: 'look for its process with ps, and what it waits for',
      });
    await pause(20);
  }
}

function killFirst(directory: HostPath): void {
  const pid = firstProcess(directory);
  if (pid === undefined) return;
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (errnoOf(error) !== 'ESRCH') throw error; // it ended by itself meanwhile
  }
}

/** Of one whose command began: looks at it while it is there, and is called when it is gone. */
type Told = (paths: StorePaths, container: Container) => () => void;

/**
 * What --rm runs left that did not end in peace: moved out of the way at once, removed by a process of low priority that nobody waits
 * for. Looks at `transient/` and `trash/` alone, so that it costs the same however many containers there are.
 */
export function sweep(paths: StorePaths, told: Told): void {
  for (const directory of unheldTrash(paths, told)) launchDetached(removalPlan(directory, [['lock', directory, 1, 'lock']]));
}

/** The same for who waits for it, and what else the dead leave: runtime directories, and names that lead nowhere. @returns how many things */
export async function sweepThoroughly(paths: StorePaths, told: Told): Promise<number> {
  const names = entriesOf(paths.names).filter((name) => !existsSync(join(paths.names, name)));
  for (const name of names) rmSync(join(paths.names, name), { force: true });
  // Who runs has its directory locked before it makes this one, and until it is gone.
  const runs = idsIn(paths.run).filter((id) => ![paths.containers, paths.transient].some((place) => isHeld(join(place, id) as HostPath)));
  for (const id of runs) rmSync(paths.runOf(id), { recursive: true, force: true });
  const trash = unheldTrash(paths, told);
  for (const directory of trash)
    await launch(removalPlan(directory, [['lock', directory, 1, 'lock']]), ['ignore', 'ignore', 'inherit']).ended;
  return names.length + runs.length + trash.length;
}

/** What is to be removed, once what died is among it. Locked: somebody is at it. The remover takes the lock itself, for it outlives us. */
function unheldTrash(paths: StorePaths, told: Told): HostPath[] {
  for (const id of idsIn(paths.transient)) {
    const directory = join(paths.transient, id) as HostPath;
    // One that `create --rm` made waits for its start: nobody holds it.
    if (isHeld(directory) || readStatus(directory).status === 'created') continue;
    killFirst(directory);
    const volumes = anonymousVolumes(directory, 'discard');
    const container = transientContainer(paths, id);
    const tell = container?.started === undefined ? undefined : told(paths, container);
    if (moveToTrash(paths, directory) !== undefined) tell?.();
    discard(paths, volumes);
  }
  for (const directory of abandoned(paths)) moveToTrash(paths, directory);
  return idsIn(paths.trash)
    .map((id) => join(paths.trash, id) as HostPath)
    .filter((directory) => !isHeld(directory));
}

/** Their runners died between two system calls. A young one may just be about to be locked and to get its name. */
function abandoned({ transient, unlocked }: StorePaths): HostPath[] {
  const prefix = basename(unlocked(''));
  return entriesOf(transient)
    .filter((name) => name.startsWith(prefix))
    .map((name) => unlocked(name.slice(prefix.length)))
    .filter((directory) => isOld(directory) && !isHeld(directory));
}

function isOld(directory: HostPath): boolean {
  const stat = statSync(directory, { throwIfNoEntry: false });
  return stat !== undefined && Date.now() - stat.mtimeMs > 60_000;
}

function moveToTrash(paths: StorePaths, directory: HostPath): HostPath | undefined {
  mkdirSync(paths.trash, { recursive: true, mode: 0o700 });
  removeNames(paths, directory);
  rmSync(paths.runOf(basename(directory)), { recursive: true, force: true });
  const trash = join(paths.trash, basename(directory).slice(-ID_LENGTH)) as HostPath;
  try {
    renameSync(directory, trash);
    return trash;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined; // another process was first
    throw error;
  }
}

/** Names are links to the directories they name. */
function removeNames(paths: StorePaths, directory: HostPath): void {
  if (!existsSync(paths.names)) return;
  for (const name of readdirSync(paths.names)) {
    const link = join(paths.names, name);
    if (lstatSync(link, { throwIfNoEntry: false })?.isSymbolicLink() && readlinkSync(link) === directory) rmSync(link, { force: true });
  }
}

function removalPlan(directory: HostPath, first: Operation[] = []) {
  if (wasVolume(directory)) return volumeRemovalPlan(directory, first);
  const { ids, mappers } = identityAt(directory);
  const overlay = join(directory, 'overlay') as HostPath;
  return compileRemovalPlan(ids, mappers, existsSync(overlay) && ids.mode !== 'single' ? [overlay] : [], [directory], first);
}

/** The map that the container ran with: today's may be another. */
export function identityAt(directory: HostPath): Identity {
  return identityOf(configOf(directory));
}

function configOf(directory: HostPath): RuntimeSpec | undefined {
  try {
    return readConfig({ directory, name: basename(directory) });
  } catch {
    return undefined;
  }
}
