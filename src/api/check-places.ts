/** What is wrong with unpacked layers, containers and volumes, and what killed processes left of them. */
import { existsSync, lstatSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { isHeld } from '../container/alive.js';
import { entriesOf, idsIn, listContainers } from '../container/state.js';
import { isWorthKeeping } from '../content/sweep.js';
import { readCatalogue } from '../image/catalogue.js';
import type { StoreSession } from '../image/fetch.js';
import type { HostPath, StorePaths } from '../paths.js';
import { layerProblem } from '../rootfs/check.js';
import { halfMadeIn, layerKeys, layersIn } from '../rootfs/prune.js';
import { isLocked } from '../sys/flock.js';
import { listVolumes } from '../volume/state.js';
import { layersOf } from './layers.js';

export interface Problem {
  /** The file or directory; of an image its name. */
  path: string;
  problem: string;
  /** What to do. */
  hint: string;
}

interface Problems<Found extends Problem = Problem> {
  count: number;
  problems: Found[];
}

/** `again`: it can be unpacked once more, and no container lies on it. */
export async function layerProblems({ paths, store }: StoreSession): Promise<Problems<Problem & { again: boolean }>> {
  const directories = layersIn(paths);
  const damaged = directories.flatMap((path) => {
    const problem = layerProblem(path);
    return problem === undefined ? [] : [{ path, problem }];
  });
  if (damaged.length === 0) return { count: directories.length, problems: [] };
  const { entries } = await readCatalogue(store);
  const known = entries.flatMap(({ images }) => images.flatMap(({ layers }) => layers));
  const images = new Set(
    known
      .filter(({ descriptor }) => existsSync(paths.blob(descriptor.digest)))
      .flatMap(({ diffId, chainId }) => [...layerKeys(paths, diffId), ...layerKeys(paths, chainId)]),
  );
  const containers = new Map(
    listContainers(paths).flatMap((container) => layersIfKnown(container).map((key) => [key, container.name] as const)),
  );
  const unknown = containers.get(UNKNOWN);
  const problems = damaged.map(({ path, problem }) => {
    const user = containers.get(basename(path)) ?? unknown;
    const again = user === undefined || images.has(basename(path));
    return { path, problem, hint: `the container ${user} lies on it, and no image has it any more`, again };
  });
  return { count: directories.length, problems };
}

/** In place of layers: those of a container whose config cannot be read may be any. */
const UNKNOWN = '';

function layersIfKnown(container: Parameters<typeof layersOf>[0]): string[] {
  try {
    return layersOf(container);
  } catch {
    return [UNKNOWN];
  }
}

/** One that is being made has no config.json yet. */
export function containerProblems(paths: StorePaths): Problems {
  const directories = [paths.containers, paths.transient].flatMap((place) => idsIn(place).map((id) => join(place, id) as HostPath));
  const problems = directories.flatMap((directory) => {
    const files = ['config.json', 'status.json'].map((name) => join(directory, name));
    const hint = `remove the container: tsrun rm -f ${basename(directory).slice(0, 12)}`;
    // Without its status, its runner was killed before it had said what it is to be.
    const made = existsSync(join(directory, 'status.json')) && !isHeld(directory);
    return files.flatMap((path) => {
      const problem = jsonProblem(path);
      return problem === undefined || !made || !existsSync(directory) ? [] : [{ path, problem, hint }];
    });
  });
  return { count: directories.length, problems };
}

export function volumeProblems(paths: StorePaths): Problems {
  const volumes = listVolumes(paths);
  const problems = volumes.flatMap(({ name, directory, data }) => {
    const problem = jsonProblem(join(directory, 'volume.json'));
    const isWhole = lstatSync(data, { throwIfNoEntry: false })?.isDirectory() === true;
    const hint = `save what is in it, and then: tsrun volume rm ${name}`;
    const found = [
      ...(problem === undefined ? [] : [{ path: join(directory, 'volume.json'), problem, hint }]),
      ...(isWhole ? [] : [{ path: data, problem: 'it is not there', hint }]),
    ];
    return existsSync(directory) ? found : [];
  });
  return { count: volumes.length, problems };
}

function jsonProblem(path: string): string | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'));
    return typeof value === 'object' && value !== null ? undefined : 'it is not what it should be';
  } catch (error) {
    return existsSync(path) ? `it cannot be read: ${(error as Error).message}` : 'it is not there';
  }
}

/** Things that nobody is at. */
export function leftoversIn(paths: StorePaths): number {
  const files = entriesOf(paths.ingest)
    .filter((name) => !isWorthKeeping(paths, name))
    .map((name) => join(paths.ingest, name));
  const locks = entriesOf(paths.locks)
    .filter((name) => /^(?:blob|lease|layer)-/.test(name))
    .map((name) => join(paths.locks, name));
  const trash = idsIn(paths.trash).map((id) => join(paths.trash, id));
  const names = entriesOf(paths.names).filter((name) => !existsSync(join(paths.names, name)));
  return [...files, ...locks, ...trash, ...halfMadeIn(paths)].filter((path) => !isLocked(path)).length + names.length;
}
