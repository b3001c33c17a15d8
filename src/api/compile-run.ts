/** `run` and `create` as launch plans. */

import { parseDetachKeys } from '../container/detach-keys.js';
import type { Plan } from '../plan/operations.js';
import { compileCreatePlan, compileRunPlan } from '../plan/run.js';
import type { Caller } from '../plan/streams.js';
import { inheritedStreams } from '../runtime/streams.js';
import { type Compiled, compiled } from './compiled.js';
import { newContainer } from './new-container.js';
import type { RunOptions } from './options.js';

/** @param caller undefined: the container outlives its caller */
export async function planRun(image: string, command: readonly string[], options: RunOptions, caller: Caller | undefined): Promise<Plan> {
  return compileRunPlan(await newContainer(image, command, options), caller);
}

/** The plan for the helper that forked this process. */
export async function compileRun(
  image: string,
  command: string[],
  options: RunOptions & { detach?: boolean; detachKeys?: string | undefined },
): Promise<Compiled> {
  const detachKeys = parseDetachKeys(options.detachKeys);
  return compiled(await planRun(image, command, options, options.detach ? undefined : { streams: inheritedStreams(), detachKeys }));
}

export async function planCreate(image: string, command: readonly string[], options: RunOptions): Promise<Plan> {
  return compileCreatePlan(await newContainer(image, command, options));
}

/** The same for `create`. */
export async function compileCreate(image: string, command: string[], options: RunOptions): Promise<Compiled> {
  return compiled(await planCreate(image, command, options));
}
