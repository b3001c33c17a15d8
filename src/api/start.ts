/** `start`: a container that was created or has ended runs (again). */
import { parseDetachKeys } from '../container/detach-keys.js';
import { findContainer } from '../container/state.js';
import type { Plan } from '../plan/operations.js';
import { compileStartPlan } from '../plan/run.js';
import { launch } from '../runtime/spawn.js';
import { inheritedStreams } from '../runtime/streams.js';
import { checkArguments } from './check-arguments.js';
import { type Compiled, compiled } from './compiled.js';
import { stoppedContainer } from './existing-container.js';
import type { CommonOptions } from './options.js';
import { openSession } from './session.js';
import { withSystem } from './system.js';

/** Resolves once its command runs; it outlives this process. Nothing is done when it runs already. */
export async function startContainer(name: string, options: CommonOptions = {}): Promise<{ id: string }> {
  checkArguments({ container: name }, options);
  const { paths } = openSession(options);
  const found = findContainer(paths, name);
  if (found.status === 'running' || found.status === 'restarting') return { id: found.id };
  const container = await withSystem(stoppedContainer(paths, name), options);
  await launch(compileStartPlan(container, undefined), ['ignore', 'ignore', 'inherit']).ended;
  return { id: container.id };
}

/** `start -a`: for the helper that forked this process. */
export async function compileStart(
  name: string,
  options: CommonOptions & { interactive: boolean; detachKeys?: string | undefined; sigProxy?: boolean },
): Promise<Compiled> {
  const container = await withSystem(stoppedContainer(openSession(options).paths, name), options);
  const interactive = options.interactive && container.settings.interactive;
  const ownSignals = options.sigProxy === false;
  const caller = { streams: inheritedStreams(), detachKeys: parseDetachKeys(options.detachKeys) };
  return compiled(compileStartPlan({ ...container, settings: { ...container.settings, interactive }, ownSignals }, caller) satisfies Plan);
}
