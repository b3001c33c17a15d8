/** `container prune` and `system prune`: what is not in use, and what those that were killed left behind. */
import { sweepThoroughly } from '../container/remove.js';
import { containerSize } from '../container/size.js';
import { type Container, findContainer, listContainers, readConfig } from '../container/state.js';
import { collectGarbage } from '../content/gc.js';
import { sweepLeftovers } from '../content/sweep.js';
import { TsrunError } from '../errors.js';
import { sweepHalfMade } from '../volume/state.js';
import { checkArguments } from './check-arguments.js';
import { labelsOf } from './container-details.js';
import { removeAndTell } from './containers.js';
import { collectLayers } from './layers.js';
import type { CommonOptions } from './options.js';
import { pruneFilter } from './prune-filter.js';
import { removeUnused } from './prune-images.js';
import { destroyed } from './record.js';
import { openSession, openStore, type Session } from './session.js';
import { pruneVolumes } from './volumes.js';

export interface Pruned {
  /** Ids of containers, names of volumes. */
  deleted: string[];
  /** Bytes, as far as they could be counted. */
  reclaimed: number;
}

export interface SystemPruned {
  containers: string[];
  images: { untagged: string[]; deleted: string[] };
  volumes: string[];
  /** Runtime directories, names, half-made files and the like that belonged to nobody. */
  leftovers: number;
  reclaimed: number;
}

/** Removes the containers that do not run. @param options.filter `until=TIME`, `label=NAME[=VALUE]`, `label!=…` @throws ERR_TSRUN_USAGE */
export async function pruneContainers(options: CommonOptions & { filter?: string[] } = {}): Promise<Pruned> {
  const own = checkArguments({}, options);
  const session = openSession(options);
  const { paths } = session;
  const isWanted = pruneFilter(options.filter);
  const pruned: Pruned = { deleted: [], reclaimed: 0 };
  for (const container of listContainers(paths)) {
    own.signal?.throwIfAborted();
    if (!['stopped', 'created'].includes(container.status) || !isWanted(prunable(container))) continue;
    const size = await writtenBy(session, container, own.signal);
    if (!(await removeIfStopped(session, container))) continue;
    pruned.deleted.push(container.id);
    pruned.reclaimed += size;
  }
  // A --rm run that was killed is a container that does not run; without a filter it goes as well.
  if ((options.filter ?? []).length === 0) await sweepThoroughly(paths, destroyed);
  pruned.reclaimed += await collectLayers(session, own.signal);
  return pruned;
}

function prunable(container: Container) {
  try {
    return { created: container.created, labels: labelsOf(readConfig(container)) };
  } catch {
    return { created: container.created };
  }
}

async function writtenBy({ paths }: Session, container: Container, signal: AbortSignal | undefined): Promise<number> {
  try {
    return (await containerSize(paths, container, readConfig(container), signal))?.written ?? 0;
  } catch {
    return 0;
  }
}

/** False when somebody started it meanwhile, or was faster. */
async function removeIfStopped({ paths }: Session, container: Container): Promise<boolean> {
  try {
    return await removeAndTell(paths, findContainer(paths, container.id), false, false);
  } catch (error) {
    if (error instanceof TsrunError && ['ERR_TSRUN_CONTAINER_RUNNING', 'ERR_TSRUN_CONTAINER_NOT_FOUND'].includes(error.code)) return false;
    throw error;
  }
}

export interface SystemPruneOptions extends CommonOptions {
  /** Also images that have a name and that no container was made from. */
  all?: boolean;
  /** Also anonymous volumes that no container has. */
  volumes?: boolean;
  /** As for pruneContainers(); `until` not together with `volumes`. */
  filter?: string[];
}

/** Removes what is not in use, and everything that a kill, a crash or a reboot left behind. @throws ERR_TSRUN_USAGE */
export async function pruneSystem(options: SystemPruneOptions = {}): Promise<SystemPruned> {
  const { signal } = checkArguments({}, options);
  const { all = false, volumes = false, filter = [], ...common } = options;
  const isWanted = pruneFilter(filter);
  if (volumes && filter.some((text) => text.startsWith('until')))
    throw new TsrunError('ERR_TSRUN_USAGE', 'volumes cannot be chosen by until', { hint: 'leave out --volumes, or the filter' });
  const session = await openStore(options);
  const containers = await pruneContainers({ ...common, filter });
  const gone = volumes ? await pruneVolumes({ ...common, filter }) : { deleted: [], reclaimed: 0 };
  const images = all ? await removeUnused(session, isWanted) : { untagged: [], deleted: [], reclaimed: 0 };
  const leftovers = await sweepThoroughly(session.paths, destroyed);
  sweepHalfMade(session.paths);
  const files = await sweepLeftovers(session.paths, { all: true });
  const blobs = await collectGarbage(session.store);
  const layers = await collectLayers(session, signal, 'thoroughly');
  return {
    containers: containers.deleted,
    images: { untagged: images.untagged, deleted: [...images.deleted, ...blobs.map(({ digest }) => digest)] },
    volumes: gone.deleted,
    leftovers: leftovers + files,
    reclaimed: containers.reclaimed + gone.reclaimed + images.reclaimed + sum(blobs) + layers,
  };
}

function sum(blobs: readonly { size: number }[]): number {
  return blobs.reduce((total, { size }) => total + size, 0);
}
