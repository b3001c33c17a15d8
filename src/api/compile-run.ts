/** `run` and `create` as launch plans. */

import { parseDetachKeys } from '../container/detach-keys.js';
import { parseRestart } from '../container/parse-settings.js';
import { TsrunError } from '../errors.js';
import type { Plan } from '../plan/operations.js';
import { compileCreatePlan, compileRunPlan, type NewContainer } from '../plan/run.js';
import type { Caller, StdioFacts } from '../plan/streams.js';
import { inheritedStreams } from '../runtime/streams.js';
import { type Compiled, compiled } from './compiled.js';
import { confinedContainer } from './confined.js';
import { newContainer } from './new-container.js';
import type { RunOptions } from './options.js';
import { withSystem } from './system.js';

/** What concerns this start of it alone. */
export interface StartManner {
  /** Of `stdin`, `stdout` and `stderr` those that are connected to it; default: all. */
  attach?: readonly string[];
  /** Default: true. */
  sigProxy?: boolean;
  /** How many descriptors of the caller's, from 3 on, the command gets. */
  preserveFds?: number;
}

/** @param caller undefined: the container outlives its caller */
export async function planRun(
  image: string,
  command: readonly string[],
  options: RunOptions,
  caller: Caller | undefined,
  { sigProxy = true, preserveFds = 0 }: StartManner = {},
): Promise<Plan> {
  const container = await withSystem(await made(image, command, options), options);
  return compileRunPlan({ ...container, ownSignals: !sigProxy, passed: preserveFds }, caller);
}

/** The plan for the helper that forked this process. */
export async function compileRun(
  image: string,
  command: string[],
  {
    attach,
    sigProxy,
    preserveFds,
    detach,
    detachKeys,
    ...options
  }: RunOptions & StartManner & { detach?: boolean; detachKeys?: string | undefined },
): Promise<Compiled> {
  const streams = attachedStreams(attach);
  if (detach && streams !== undefined)
    throw new TsrunError('ERR_TSRUN_USAGE', 'conflicting options: -a and -d exclude each other', { hint: 'leave out one of them' });
  const caller = detach ? undefined : callerOf(streams, parseDetachKeys(detachKeys), options);
  const manner = { ...(sigProxy === undefined ? {} : { sigProxy }), ...(preserveFds === undefined ? {} : { preserveFds }) };
  return compiled(await planRun(image, command, options, caller, manner));
}

/** Who gives it his input alone, or nothing at all, is told its id and does not see it through: docker's. */
function callerOf(
  streams: ReadonlySet<string> | undefined,
  detachKeys: Uint8Array,
  { interactive, restart }: RunOptions,
): Caller | undefined {
  const own = inheritedStreams();
  if (streams === undefined) return { streams: own, detachKeys };
  if (streams.has('stdout') || streams.has('stderr')) return { streams: leftOut(own, streams), detachKeys };
  if (!interactive) return undefined;
  if (parseRestart(restart ?? 'no').name === 'no') return { streams: leftOut(own, streams), detachKeys, feeds: true };
  throw new TsrunError(
    'ERR_TSRUN_USAGE',
    '-i with -a stdin alone and --restart exclude each other: there is one input, and it is given once',
    {
      hint: 'leave out one of them',
    },
  );
}

const STREAMS = ['stdin', 'stdout', 'stderr'];

/** docker's `-a`. @throws ERR_TSRUN_USAGE */
function attachedStreams(attach: readonly string[] | undefined): Set<string> | undefined {
  if (attach === undefined) return undefined;
  const names = attach.map((text) => text.toLowerCase());
  const wrong = names.find((name) => !STREAMS.includes(name));
  if (wrong === undefined) return new Set(names);
  throw new TsrunError('ERR_TSRUN_USAGE', `--attach ${JSON.stringify(wrong)} is no stream`, {
    subject: wrong,
    hint: 'use stdin, stdout or stderr',
  });
}

/** -i alone says whether it reads anything. */
function leftOut(callers: StdioFacts, streams: ReadonlySet<string>): StdioFacts {
  const facts = (name: 'stdout' | 'stderr') => (streams.has(name) ? callers[name] : { ...callers[name], detached: true as const });
  return { stdin: callers.stdin, stdout: facts('stdout'), stderr: facts('stderr') };
}

export async function planCreate(image: string, command: readonly string[], options: RunOptions): Promise<Plan> {
  return compileCreatePlan(await made(image, command, options));
}

/** In namespaces, or without. */
function made(image: string, command: readonly string[], options: RunOptions): Promise<NewContainer> {
  return (options.isolation === 'landlock' ? confinedContainer : newContainer)(image, command, options);
}

/** The same for `create`. */
export async function compileCreate(image: string, command: string[], options: RunOptions): Promise<Compiled> {
  return compiled(await planCreate(image, command, options));
}
