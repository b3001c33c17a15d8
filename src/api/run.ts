/** `run` and `create` for programs: the same plans, given to the same helper. */
import { text } from 'node:stream/consumers';
import type { Plan } from '../plan/operations.js';
import { launch } from '../runtime/spawn.js';
import { pipedStreams } from '../runtime/streams.js';
import { checkArguments } from './check-arguments.js';
import { planCreate, planRun } from './compile-run.js';
import type { RunOptions } from './options.js';
import { type RunningContainer, runningProcess } from './running.js';

/**
 * Starts a container and resolves once its command runs. Read stdout and stderr, or the command waits for you. With `signal` the
 * container is killed when it is aborted. A container that is not `rm` stays until removeContainer().
 * @throws TsrunError: everything that `tsrun run` would print; ERR_TSRUN_INTERRUPTED, here or from wait(), when it was aborted
 */
export async function run(image: string, command: string[] = [], options: RunOptions = {}): Promise<RunningContainer> {
  const own = checkArguments({ image, command }, options);
  return runningProcess(() => planRun(image, command, own, { streams: pipedStreams() }), own.signal);
}

/** `run -d`: resolves once the command runs; the container outlives this process. */
export async function runDetached(image: string, command: string[] = [], options: RunOptions = {}): Promise<{ id: string }> {
  return printedId(await planRun(image, command, checkArguments({ image, command }, options), undefined));
}

/** A container that startContainer() starts. */
export async function createContainer(image: string, command: string[] = [], options: RunOptions = {}): Promise<{ id: string }> {
  return printedId(await planCreate(image, command, checkArguments({ image, command }, options)));
}

async function printedId(plan: Plan): Promise<{ id: string }> {
  const { process, ended } = launch(plan, ['ignore', 'pipe', 'inherit']);
  const [id] = await Promise.all([process.stdout ? text(process.stdout) : '', ended]);
  return { id: id.trim() };
}
