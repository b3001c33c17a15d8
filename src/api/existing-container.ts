/** A container that is there, as the launch plans for it see it: from its config.json and status.json alone. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { refuseHiddenProcesses } from '../bundle/confined-options.js';
import { FILES } from '../bundle/mounts.js';
import { identityOf } from '../container/identity.js';
import { settingsOf } from '../container/settings.js';
import { type Container, findContainer, readConfig } from '../container/state.js';
import { readStatus } from '../container/status.js';
import { TsrunError } from '../errors.js';
import { ensurePrivateDirectory, type StorePaths } from '../paths.js';
import type { ExistingContainer } from '../plan/run.js';
import type { RuntimeSpec } from '../spec/runtime.js';
import { placesOf } from './confined-places.js';
import { ownArch } from './host.js';
import { eventSource } from './record.js';
import { neighbourOf } from './spaces.js';

/** @throws ERR_TSRUN_CONTAINER_NOT_FOUND, ERR_TSRUN_CONTAINER_RUNNING when it runs, ERR_TSRUN_STORE_UNREADABLE */
export function stoppedContainer(paths: StorePaths, name: string): ExistingContainer {
  const container = findContainer(paths, name);
  if (!['created', 'stopped'].includes(container.status)) {
    throw new TsrunError('ERR_TSRUN_CONTAINER_RUNNING', `the container ${container.name} runs already`, {
      subject: container.name,
      hint: `connect to it with: tsrun attach ${container.name}`,
    });
  }
  ensurePrivateDirectory(paths.run, process.getuid?.() ?? 0);
  const kept = keptContainer(paths, container);
  if (kept.settings.confined) {
    refuseHiddenProcesses(readFileSync('/proc/self/mountinfo', 'utf8'));
    return { ...kept, places: placesOf(container.directory, kept.settings) };
  }
  const neighbour = neighbourOf(paths, kept.settings);
  return neighbour ? { ...kept, neighbour } : kept;
}

/** What is known of it, whatever its status. @throws ERR_TSRUN_STORE_UNREADABLE */
export function keptContainer(paths: StorePaths, container: Container): ExistingContainer {
  const spec = readConfig(container);
  const { ids, mappers } = identityOf(spec);
  const previously = readStatus(container.directory);
  const { image, command, created } = previously;
  const nameLink = join(paths.names, container.name);
  return {
    id: container.id,
    spec,
    settings: settingsOf(paths, spec, container.name),
    ids,
    ...(mappers ? { mappers } : {}),
    ...(existsSync(nameLink) ? { nameLink } : {}),
    containerDir: container.directory,
    runDir: paths.runOf(container.id),
    files: FILES.filter((file) => spec.mounts?.some(({ source }) => source === `${container.directory}/${file}`)),
    events: eventSource(paths, container, spec),
    status: { image, command, created },
    arch: ownArch(),
    callerUid: process.getuid?.() ?? 0,
    previously,
  };
}

export interface Running {
  container: Container;
  spec: RuntimeSpec;
  /** Of its first process: both, because a pid may be given anew. */
  pid: number;
  startTime: number;
}

/** @throws ERR_TSRUN_CONTAINER_NOT_FOUND, ERR_TSRUN_CONTAINER_STOPPED, ERR_TSRUN_STORE_UNREADABLE */
export function runningContainer(paths: StorePaths, name: string): Running {
  const container = findContainer(paths, name);
  const { pid, startTime } = readStatus(container.directory);
  if (container.pid === undefined || pid === undefined || startTime === undefined) throw notRunning(container.name);
  return { container, spec: readConfig(container), pid: Number(pid), startTime: Number(startTime) };
}

export function notRunning(name: string): TsrunError {
  return new TsrunError('ERR_TSRUN_CONTAINER_STOPPED', `the container ${name} does not run`, {
    subject: name,
    hint: `start it first: tsrun start ${name}`,
  });
}
