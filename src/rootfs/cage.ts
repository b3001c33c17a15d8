/** Runs tsrun's own work in a user namespace: a layer's unpacking, the removal of what a container wrote. */
import { lchownSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { TsrunError } from '../errors.js';
import type { LayerJob, LayerMessage, LayerReport, Measured, MeasureJob } from '../layer/job.js';
import type { Counting } from '../layer/size.js';
import type { HostPath } from '../paths.js';
import { compileConfinedUnpackPlan, compileHandOverPlan, compileRemovalPlan, compileUnpackPlan } from '../plan/cage.js';
import { handedTo } from '../plan/identity.js';
import { unpackProgram } from '../runtime/locate.js';
import { launch } from '../runtime/spawn.js';
import type { Identity } from './identity.js';

export interface UnpackPlace {
  /** What the layer is applied to; with `parents` it holds `diff`, empty, which takes the changes, and `work`. */
  directory: HostPath;
  /** Present: the layer is applied on the merged view of these, the topmost first. */
  parents?: readonly HostPath[];
  /** `directory`, open: what it is called does not count then. */
  opened?: number;
  /** Where the directory will lie when it is whole. */
  home?: HostPath;
  /** A directory that stays locked until the program has ended, even when this process is gone before. */
  locked?: HostPath;
}

export interface UnpackOptions extends UnpackPlace {
  signal?: AbortSignal | undefined;
  /** Compressed bytes read so far. */
  onBytes?: ((bytes: number) => void) | undefined;
}

/** A directory goes along as the helper's standard input, until its program has another one. */
const INPUT = '/proc/self/fd/0';

export type UnpackResult = { done: LayerReport } | { notSelfContained: string };

/** Unpacks one layer in a cage. Throws what the program reports, and ERR_TSRUN_INTERRUPTED when the signal ended it. */
export async function unpackInCage(identity: Identity, job: LayerJob, options: UnpackOptions): Promise<UnpackResult> {
  options.signal?.throwIfAborted();
  const { opened, directory } = options;
  const common = {
    directory: opened !== undefined ? INPUT : identity.confined ? realpathSync(directory) : directory,
    locked: options.locked,
    argv: [process.execPath, unpackProgram(), JSON.stringify(job)],
    env: process.env['TSRUN_DEBUG'] ? ['TSRUN_DEBUG=1'] : [],
  };
  const plan = identity.confined
    ? compileConfinedUnpackPlan(common)
    : compileUnpackPlan({ ...identity, ...common, ...(options.parents ? { parents: options.parents } : {}) });
  const launched = launch(plan, [opened ?? 'ignore', 'pipe', 'pipe']);
  // Not SIGKILL of the helper: it ends once its child has, and what is removed after that is written to by nobody.
  const abort = () => launched.kill();
  options.signal?.addEventListener('abort', abort, { once: true });
  try {
    const [last, complaints, status] = await Promise.all([
      lastMessage(launched.process.stdout as Readable, options.onBytes),
      text(launched.process.stderr as Readable),
      launched.ended,
    ]);
    return resultOf(last, complaints, status);
  } catch (error) {
    throw options.signal?.aborted ? interrupted(error) : error;
  } finally {
    options.signal?.removeEventListener('abort', abort);
  }
}

/** Bytes of the files of directories that the container's ids own, `names` in `directory`; in the same order. */
export async function measureInCage(
  identity: Identity,
  directory: HostPath,
  names: readonly string[],
  counting: Counting,
  signal?: AbortSignal,
): Promise<number[]> {
  signal?.throwIfAborted();
  const job: MeasureJob = { measure: names, counting };
  const within = { ...identity, ids: identity.ids.steward ?? identity.ids };
  const program = { argv: [process.execPath, unpackProgram(), JSON.stringify(job)], env: [] };
  const plan = identity.confined
    ? compileConfinedUnpackPlan({ directory: realpathSync(directory), ...program })
    : compileUnpackPlan({ ...within, directory, ...program });
  const launched = launch(plan, ['ignore', 'pipe', 'pipe']);
  const abort = () => launched.kill();
  signal?.addEventListener('abort', abort, { once: true });
  try {
    const [last, complaints, status] = await Promise.all([
      lastMessage<Measured | Extract<LayerMessage, { error: object }>>(launched.process.stdout as Readable),
      text(launched.process.stderr as Readable),
      launched.ended,
    ]);
    if (last !== undefined && 'measured' in last) return last.measured;
    throw new TsrunError(
      'ERR_TSRUN_INTERNAL',
      `the size of ${join(directory, names[0] ?? '')} cannot be found: status ${status} ${complaints}`.trim(),
    );
  } finally {
    signal?.removeEventListener('abort', abort);
  }
}

function interrupted(cause: unknown): TsrunError {
  return new TsrunError('ERR_TSRUN_INTERRUPTED', 'interrupted while a layer was being unpacked', { cause });
}

/**
 * Empties directories that the container's ids own. A single-id map owns nothing that the caller does not.
 * @param leftovers what the caller removes after that, even when this process has ended
 */
export async function emptyInCage(
  identity: Identity,
  directories: readonly HostPath[],
  leftovers: readonly HostPath[] = [],
): Promise<void> {
  if (directories.length === 0) return;
  const [others, own] = identity.confined ? [[], [...directories, ...leftovers]] : [directories, leftovers];
  await launch(compileRemovalPlan(identity.ids, identity.mappers, others, own), ['ignore', 'ignore', 'inherit']).ended;
}

/**
 * The same of one that is open, so that no name decides what is emptied.
 * @param emptied names, relative to it, of directories that the caller removes after that if they are empty
 */
export async function emptyOpened({ ids, mappers }: Identity, fd: number, emptied: readonly string[]): Promise<void> {
  const names = emptied.map((name) => `${INPUT}/${name}`);
  await launch(compileRemovalPlan(ids, mappers, [INPUT], [], [], names), [fd, 'ignore', 'inherit']).ended;
}

/** Gives what the caller made to the container's root, unless that has it already. */
export async function handOverInCage({ ids, mappers }: Identity, made: readonly HostPath[]): Promise<void> {
  const callerUid = process.getuid?.() ?? 0;
  const owner = handedTo(ids, callerUid);
  if (owner === undefined) return;
  if (ids.steward) await launch(compileHandOverPlan({ ids, mappers, callerUid }, made), ['ignore', 'ignore', 'inherit']).ended;
  else for (const path of made) lchownSync(path, owner.uid, owner.gid);
}

async function lastMessage<T extends object = LayerMessage>(stream: Readable, onBytes?: (bytes: number) => void): Promise<T | undefined> {
  let last: T | undefined;
  for await (const line of lines(stream)) {
    const message = JSON.parse(line) as LayerMessage;
    last = message as T;
    if ('progress' in message) onBytes?.(message.progress.bytes);
  }
  return last;
}

async function* lines(stream: Readable): AsyncGenerator<string> {
  let pending = '';
  for await (const chunk of stream.setEncoding('utf8')) {
    const parts = (pending + chunk).split('\n');
    pending = parts.pop() ?? '';
    yield* parts;
  }
}

async function text(stream: Readable): Promise<string> {
  let all = '';
  for await (const chunk of stream.setEncoding('utf8')) all = (all + chunk).slice(-4000);
  return all.trim();
}

function resultOf(last: LayerMessage | undefined, complaints: string, status: number): UnpackResult {
  if (last !== undefined && 'done' in last && status === 0) return { done: last.done };
  if (last !== undefined && 'notSelfContained' in last) return { notSelfContained: last.notSelfContained.entry };
  if (last !== undefined && 'error' in last) {
    const { code, message, subject, hint } = last.error;
    const cause = complaints === '' ? {} : { cause: new Error(complaints) };
    throw new TsrunError(code, message, { ...(subject ? { subject } : {}), ...(hint ? { hint } : {}), ...cause });
  }
  throw new TsrunError(
    'ERR_TSRUN_INTERNAL',
    `the program that unpacks layers ended with status ${status}${complaints ? `: ${complaints}` : ''}`,
    {
      subject: join('dist', 'unpack.cjs'),
      hint: status === 137 ? 'it was killed: is the machine out of memory?' : 'run again with TSRUN_DEBUG=1 and report what it prints',
    },
  );
}
