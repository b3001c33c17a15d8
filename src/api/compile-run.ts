/** `run` and `create` as launch plans. */
import type { Plan } from '../plan/operations.js';
import { compileCreatePlan, compileRunPlan } from '../plan/run.js';
import type { StdioFacts } from '../plan/streams.js';
import { inheritedStreams } from '../runtime/streams.js';
import { type Compiled, compiled } from './compiled.js';
import { newContainer } from './new-container.js';
import type { RunOptions } from './options.js';

/** @param callers undefined: the container outlives its caller */
export async function planRun(
  image: string,
  command: readonly string[],
  options: RunOptions,
  callers: StdioFacts | undefined,
): Promise<Plan> {
  return compileRunPlan(await newContainer(image, command, options), callers);
}

/** The plan for the helper that forked this process. */
export async function compileRun(image: string, command: string[], options: RunOptions & { detach?: boolean }): Promise<Compiled> {
  return compiled(await planRun(image, command, options, options.detach ? undefined : inheritedStreams()));
}

export async function planCreate(image: string, command: readonly string[], options: RunOptions): Promise<Plan> {
  return compileCreatePlan(await newContainer(image, command, options));
}

/** The same for `create`. */
export async function compileCreate(image: string, command: string[], options: RunOptions): Promise<Compiled> {
  return compiled(await planCreate(image, command, options));
}
