/** Verbs on containers: list, inspect, remove. */
import { removeContainer as remove } from '../container/remove.js';
import { type Container, findContainer, listContainers, readConfig } from '../container/state.js';
import type { RuntimeSpec } from '../spec/runtime.js';
import { forgetLayers, layersOf } from './images.js';
import type { CommonOptions } from './options.js';
import { openSession } from './session.js';

/** What is known of a container, without where it lies. */
export type ContainerSummary = Omit<Container, 'directory'>;

/** The newest first; without `all`, those that run. */
export async function containers(options: CommonOptions & { all?: boolean } = {}): Promise<ContainerSummary[]> {
  const found = listContainers(openSession(options).paths).map(summaryOf);
  return options.all ? found : found.filter(({ status }) => ['running', 'paused', 'restarting'].includes(status));
}

export interface ContainerInspection extends ContainerSummary {
  /** its config.json: OCI's runtime spec */
  config: RuntimeSpec;
}

/** @throws ERR_TSRUN_CONTAINER_NOT_FOUND, ERR_TSRUN_CONTAINER_AMBIGUOUS, ERR_TSRUN_STORE_UNREADABLE */
export async function inspectContainer(name: string, options: CommonOptions = {}): Promise<ContainerInspection> {
  const container = findContainer(openSession(options).paths, name);
  return { ...summaryOf(container), config: readConfig(container) };
}

/** @throws ERR_TSRUN_CONTAINER_NOT_FOUND, and ERR_TSRUN_CONTAINER_RUNNING unless `force` */
export async function removeContainer(name: string, options: CommonOptions & { force?: boolean } = {}): Promise<{ id: string }> {
  const session = openSession(options);
  const { paths } = session;
  const container = findContainer(paths, name);
  const layers = layersOf(container);
  await remove(paths, container, options.force ?? false);
  await forgetLayers(session, layers, options.signal);
  return { id: container.id };
}

function summaryOf({ directory: _directory, ...summary }: Container): ContainerSummary {
  return summary;
}
