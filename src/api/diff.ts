/** `diff`: what a container changed of its image. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { rootDirectories } from '../container/root.js';
import { findContainer } from '../container/state.js';
import { TsrunError } from '../errors.js';
import type { DiffJob } from '../files/job.js';
import type { HostPath } from '../paths.js';
import { compileLookPlan } from '../plan/visit.js';
import { launch } from '../runtime/spawn.js';
import type { RuntimeSpec } from '../spec/runtime.js';
import { checkArguments } from './check-arguments.js';
import { keptContainer } from './existing-container.js';
import type { CommonOptions } from './options.js';
import { openSession } from './session.js';
import { greeted, programFor, remaining } from './visit.js';

export interface ContainerChange {
  /** Added, changed, deleted. */
  kind: 'A' | 'C' | 'D';
  path: string;
}

/**
 * Sorted by path. What tsrun itself puts there is left out: /proc, /sys, /dev, and its own files in /etc.
 * @throws ERR_TSRUN_CONTAINER_NOT_FOUND, ERR_TSRUN_UNSUPPORTED when its root is a directory of the host's
 */
export async function containerChanges(container: string, options: CommonOptions = {}): Promise<ContainerChange[]> {
  const { signal } = checkArguments({ container }, options);
  const { paths } = openSession(options);
  const found = findContainer(paths, container);
  const { spec, settings, ids, mappers } = keptContainer(paths, found);
  const { root } = settings;
  if (root.type === 'directory') {
    throw new TsrunError(
      'ERR_TSRUN_UNSUPPORTED',
      `the root of ${found.name} is the directory ${root.path}: there is nothing to compare it with`,
      {
        subject: found.name,
        hint: 'run an image to see what changes',
      },
    );
  }
  const [changed, ...layers] = rootDirectories(root, found.directory) as [HostPath, ...HostPath[]];
  if (!existsSync(join(found.directory, 'overlay'))) return []; // it was never started
  const job: DiffJob = {
    changed,
    form: root.type === 'copy' ? 'whole' : root.type,
    before: root.type === 'copy' ? [root.path] : layers,
    hidden: ownPaths(spec, found.directory),
  };
  const plan = compileLookPlan({ ids, ...(mappers ? { mappers } : {}) }, programFor(job));
  const visited = await greeted(launch(plan, ['pipe', 'pipe', 'pipe']), signal);
  const messages = [visited.first, ...(await remaining(visited.output))];
  await visited.ended;
  const changes = messages.flatMap((message) => ('changes' in message ? message.changes : []));
  return changes.map(({ kind, path }) => ({ kind, path: Buffer.from(path, 'latin1').toString('utf8') }));
}

/** docker has these in a layer of its own below the container's. */
export function ownPaths({ mounts = [] }: RuntimeSpec, directory: HostPath): string[] {
  const own = mounts.filter(({ destination, source }) => /^\/(proc|sys|dev)$/.test(destination) || source?.startsWith(`${directory}/`));
  return own.map(({ destination }) => Buffer.from(destination).toString('latin1'));
}
