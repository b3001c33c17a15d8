/** `stats`: what containers use, each second. */
import { setTimeout as pause } from 'node:timers/promises';
import { type Container, findContainer, listContainers } from '../container/state.js';
import { readUsage, type Usage } from '../container/usage.js';
import type { StorePaths } from '../paths.js';
import { checkArguments } from './check-arguments.js';
import type { CommonOptions } from './options.js';
import { openSession } from './session.js';

/** Counters are from the container's start; what cannot be known is absent. All is 0 for one that does not run. */
export interface ContainerStats extends Usage {
  id: string;
  name: string;
  /** Of one CPU, in the last second: 200 is two of them. */
  cpuPercent: number;
  memoryPercent: number;
}

export interface StatsOptions extends CommonOptions {
  /** Also those that do not run. */
  all?: boolean;
}

const INTERVAL = 1000;
const NOTHING: Usage = { cpuTime: 0, memory: 0, memoryLimit: 0, received: 0, sent: 0, read: 0, written: 0, tasks: 0 };

/**
 * Of the containers that are named, else of all that run, once a second; the first after one. Ends when nobody reads it any more, or when
 * `signal` is aborted, with what that was aborted with. @throws ERR_TSRUN_CONTAINER_NOT_FOUND, ERR_TSRUN_CONTAINER_AMBIGUOUS
 */
export async function* stats(containers: string[] = [], options: StatsOptions = {}): AsyncGenerator<ContainerStats[]> {
  const { signal } = checkArguments({ containers }, options);
  const { paths } = openSession(options);
  const ids = containers.map((name) => findContainer(paths, name).id);
  for (let last = await sampleAll(chosen(paths, ids, options.all ?? false)); ; ) {
    await pause(INTERVAL, undefined, signal ? { signal } : {});
    const now = await sampleAll(chosen(paths, ids, options.all ?? false));
    yield [...now.values()].map((sample) => statsOf(sample, last.get(sample.container.id)));
    last = now;
  }
}

/** One that is named and gone meanwhile is left out. */
function chosen(paths: StorePaths, ids: readonly string[], all: boolean): Container[] {
  const found = listContainers(paths);
  if (ids.length > 0) return ids.flatMap((id) => found.find((container) => container.id === id) ?? []);
  return found.filter(({ status }) => all || ['running', 'paused', 'restarting'].includes(status));
}

interface Sample {
  container: Container;
  usage: Usage;
  /** Milliseconds. */
  time: number;
}

async function sampleAll(containers: readonly Container[]): Promise<Map<string, Sample>> {
  const samples = containers.map(async (container): Promise<[string, Sample]> => {
    const usage = container.pid === undefined ? NOTHING : await readUsage(container.pid);
    return [container.id, { container, usage, time: performance.now() }];
  });
  return new Map(await Promise.all(samples));
}

function statsOf({ container: { id, name }, usage, time }: Sample, before: Sample | undefined): ContainerStats {
  // Less than before: it was started anew.
  const used = before === undefined ? 0 : Math.max(usage.cpuTime - before.usage.cpuTime, 0);
  return {
    id,
    name,
    cpuPercent: before === undefined ? 0 : (100_000 * used) / (time - before.time),
    memoryPercent: usage.memoryLimit === 0 ? 0 : (100 * usage.memory) / usage.memoryLimit,
    ...usage,
  };
}
