/** Verbs on containers: list, inspect, remove. */
import { readHealth } from '../container/health.js';
import { removeContainer as remove } from '../container/remove.js';
import { renameContainer as rename } from '../container/rename.js';
import { type ContainerSize, containerSize } from '../container/size.js';
import { type Container, findContainer, listContainers, readConfig } from '../container/state.js';
import type { StorePaths } from '../paths.js';
import type { RuntimeSpec } from '../spec/runtime.js';
import { checkArguments } from './check-arguments.js';
import { type ContainerDetails, detailsOf, settingsOf } from './container-details.js';
import { collectLayers } from './layers.js';
import type { CommonOptions } from './options.js';
import { destroyed, recordContainer } from './record.js';
import { openSession } from './session.js';

/** What is known of a container, without where it lies. What config.json says of it is absent where that cannot be read. */
export type ContainerSummary = Omit<Container, 'directory' | 'ports'> & Partial<ContainerDetails>;

/** The newest first; without `all`, those that run. */
export async function containers(options: CommonOptions & { all?: boolean } = {}): Promise<ContainerSummary[]> {
  checkArguments({}, options);
  const found = listContainers(openSession(options).paths).map(listed);
  return options.all ? found : found.filter(({ status }) => ['running', 'paused', 'restarting'].includes(status));
}

/** How much a container takes on the disk; undefined where that cannot be told. Looks at every file that it wrote. @throws as inspectContainer */
export async function sizeOfContainer(name: string, options: CommonOptions = {}): Promise<ContainerSize | undefined> {
  const { signal } = checkArguments({ container: name }, options);
  const { paths } = openSession(options);
  const container = findContainer(paths, name);
  return containerSize(paths, container, readConfig(container), signal);
}

export type ContainerInspection = ContainerSummary &
  ContainerDetails & {
    /** its config.json: OCI's runtime spec */
    config: RuntimeSpec;
    /** where that lies, with its log and what it wrote */
    directory: string;
  };

/** @throws ERR_TSRUN_CONTAINER_NOT_FOUND, ERR_TSRUN_CONTAINER_AMBIGUOUS, ERR_TSRUN_STORE_UNREADABLE */
export async function inspectContainer(name: string, options: CommonOptions = {}): Promise<ContainerInspection> {
  checkArguments({ container: name }, options);
  const container = findContainer(openSession(options).paths, name);
  const config = readConfig(container);
  return { ...described(container, config), config, directory: container.directory };
}

/** @throws ERR_TSRUN_CONTAINER_NOT_FOUND, ERR_TSRUN_NAME_IN_USE, ERR_TSRUN_USAGE */
export async function renameContainer(container: string, name: string, options: CommonOptions = {}): Promise<{ id: string; name: string }> {
  checkArguments({ container, name }, options);
  const { paths } = openSession(options);
  const found = findContainer(paths, container);
  rename(paths, found, name);
  recordContainer(paths, { ...found, name }, 'rename', { oldName: found.name });
  return { id: found.id, name };
}

/**
 * With `volumes` those made for it alone go as well.
 * @throws ERR_TSRUN_CONTAINER_NOT_FOUND, and ERR_TSRUN_CONTAINER_RUNNING unless `force`
 */
export async function removeContainer(
  name: string,
  options: CommonOptions & { force?: boolean; volumes?: boolean } = {},
): Promise<{ id: string }> {
  const { signal } = checkArguments({ container: name }, options);
  const session = openSession(options);
  const { paths } = session;
  const container = findContainer(paths, name);
  await removeAndTell(paths, container, options.force ?? false, options.volumes ?? false);
  await collectLayers(session, signal);
  return { id: container.id };
}

/** @returns whether it was removed here: a --rm run takes itself away, and tells that itself */
export async function removeAndTell(paths: StorePaths, container: Container, force: boolean, volumes: boolean): Promise<boolean> {
  const tell = destroyed(paths, container);
  const removed = await remove(paths, container, force, volumes);
  if (removed) tell();
  return removed;
}

/** One whose config.json is damaged, or not there yet, is listed all the same. */
export function listed(container: Container): ContainerSummary {
  try {
    return described(container, readConfig(container));
  } catch {
    return summaryOf(container);
  }
}

function described(container: Container, spec: RuntimeSpec): ContainerSummary & ContainerDetails {
  const health = settingsOf(spec)['health'] === undefined ? {} : readHealth(container.directory, container.started);
  return { ...detailsOf(container.id, spec), ...health, ...summaryOf(container) };
}

function summaryOf({ directory: _directory, ...summary }: Container): ContainerSummary {
  return summary;
}
