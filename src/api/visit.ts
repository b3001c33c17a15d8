/** A program of ours at work on a container's files: started, heard, ended. */
import type { Readable, Writable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { type Container, findContainer } from '../container/state.js';
import { readStatus } from '../container/status.js';
import { type ErrorCode, TsrunError } from '../errors.js';
import type { Become, FilesFailure, FilesJob, FilesMessage, LeftOut } from '../files/job.js';
import type { StorePaths } from '../paths.js';
import { rootOf } from '../plan/confined.js';
import type { Plan } from '../plan/operations.js';
import { compileVisitRunningPlan, compileVisitStoppedPlan, type View } from '../plan/visit.js';
import { filesProgram } from '../runtime/locate.js';
import { type Launched, launch } from '../runtime/spawn.js';
import { firstIds } from '../security/idmap-form.js';
import { refuseConfined } from './confined-places.js';
import { keptContainer } from './existing-container.js';

export interface Visit {
  /** What the program said first. */
  first: FilesMessage;
  /** What it says after that: lines, or a tar. */
  output: AsyncGenerator<Buffer>;
  input: Writable;
  /** Rejects with what the program says that failed. To be awaited once its output is read. Undefined: nothing is left out of that. */
  ended: Promise<LeftOut | undefined>;
  /** Ends it; nothing is left running. */
  abandon(): void;
}

/** What of a job depends on the container. */
export type JobFor = (inside: { become: Become; sync: boolean }) => FilesJob;

/**
 * In a container that runs its own mount tree is seen; in one that does not what `start` would mount of files. That is locked meanwhile, so that
 * nobody starts it.
 * @throws ERR_TSRUN_CONTAINER_NOT_FOUND, ERR_TSRUN_CONTAINER_STOPPED, what the program says
 */
export async function visit(
  paths: StorePaths,
  name: string,
  jobFor: JobFor,
  signal: AbortSignal | undefined,
  view: View = 'mounts',
): Promise<Visit> {
  return whicheverItIs(paths, name, (container) => planFor(paths, container, jobFor, view), signal);
}

/** @param plan depends on whether it runs, which may change until the plan holds it */
export async function whicheverItIs(
  paths: StorePaths,
  name: string,
  plan: (container: Container) => Plan,
  signal: AbortSignal | undefined,
): Promise<Visit> {
  for (;;) {
    const container = findContainer(paths, name);
    try {
      return await greeted(launch(plan(container), ['pipe', 'pipe', 'pipe']), signal);
    } catch (error) {
      if (!isMeanwhile(error, container)) throw signal?.aborted ? interrupted(error) : error;
    }
    // Held by another visitor, or just beginning or ending: it will be one or the other.
    await pause(50, undefined, signal ? { signal } : {}).catch((error: unknown) => {
      throw interrupted(error);
    });
  }
}

function isMeanwhile(error: unknown, { status }: Container): boolean {
  const expected: ErrorCode = status === 'running' || status === 'paused' ? 'ERR_TSRUN_CONTAINER_STOPPED' : 'ERR_TSRUN_CONTAINER_RUNNING';
  return error instanceof TsrunError && error.code === expected;
}

function planFor(paths: StorePaths, container: Container, jobFor: JobFor, view: View): Plan {
  const kept = keptContainer(paths, container);
  refuseConfined(
    container.name,
    kept.settings,
    'cp, diff, export and commit cannot look into it',
    `its files are plain files: ${rootOf(container.directory)}`,
  );
  const become = { ...firstIds(kept.ids), leavesGroups: kept.ids.setgroups === 'allow' };
  if (['running', 'paused'].includes(container.status)) {
    const { pid, startTime } = readStatus(container.directory);
    if (pid === undefined || startTime === undefined) throw busy(container, 'ERR_TSRUN_CONTAINER_STOPPED');
    if (kept.settings.root.type === 'fuse-overlayfs') throw servedAlone(container);
    const first = { pid: Number(pid), startTime: Number(startTime) };
    return compileVisitRunningPlan(first, kept, programFor(jobFor({ become, sync: false })), view);
  }
  refuseBusy(container);
  // A process of its own serves the files and is ended with the plan.
  const sync = kept.settings.root.type === 'fuse-overlayfs';
  return compileVisitStoppedPlan(kept, programFor(jobFor({ become, sync })), view);
}

/** For what does not run, and is to be locked. */
export function refuseBusy(container: Container): void {
  if (!['created', 'stopped'].includes(container.status)) throw busy(container, 'ERR_TSRUN_CONTAINER_RUNNING');
}

/** The kernel shows a file system in user space to nobody but the namespace that mounted it, and those below (fuse(4), allow_other). */
function servedAlone({ name }: Container): TsrunError {
  return new TsrunError(
    'ERR_TSRUN_UNSUPPORTED',
    `the files of ${name} are served by fuse-overlayfs, to the container alone while it runs`,
    {
      subject: name,
      hint: `stop it first: tsrun stop ${name}; or work from inside: tsrun exec ${name} tar`,
    },
  );
}

function busy({ name, status }: Container, code: ErrorCode): TsrunError {
  return new TsrunError(code, `the container ${name} is ${status}`, { subject: name, hint: 'try again in a moment' });
}

export function programFor(job: FilesJob) {
  return {
    argv: [process.execPath, filesProgram(), JSON.stringify(job)],
    env: process.env['TSRUN_DEBUG'] ? ['TSRUN_DEBUG=1'] : [],
  };
}

/** Once the program has said its first word. */
export async function greeted(launched: Launched, signal: AbortSignal | undefined): Promise<Visit> {
  const { stdin, stdout, stderr } = launched.process as unknown as { stdin: Writable; stdout: Readable; stderr: Readable };
  stdin.on('error', () => {}); // it says on the other side why it does not read
  stdout.on('error', () => {});
  const abandon = () => launched.kill();
  if (signal?.aborted) abandon();
  signal?.addEventListener('abort', abandon, { once: true });
  const complaints = text(stderr);
  const ended = Promise.all([launched.ended, complaints]).then(
    ([status, said]) => {
      signal?.removeEventListener('abort', abandon);
      if (signal?.aborted) throw interrupted(signal.reason);
      if (status !== 0) throw failureOf(status, said);
      return leftOutOf(said);
    },
    (error: unknown) => {
      signal?.removeEventListener('abort', abandon);
      throw signal?.aborted ? interrupted(error) : error;
    },
  );
  ended.catch(() => {});
  const bytes = stdout[Symbol.asyncIterator]() as AsyncGenerator<Buffer>;
  const opening = await firstLine(bytes);
  if (opening === undefined) {
    await ended;
    throw failureOf(0, '');
  }
  return { first: JSON.parse(opening.line) as FilesMessage, output: rest(opening.behind, bytes), input: stdin, ended, abandon };
}

/** Bytes: a failure says a word of the caller's twice (execve(2) allows 128 KiB), each byte as six at worst. */
const LONGEST_LINE = 2 ** 21;

async function firstLine(bytes: AsyncGenerator<Buffer>): Promise<{ line: string; behind: Buffer } | undefined> {
  let held = Buffer.alloc(0);
  for (let next = await bytes.next(); !next.done; next = await bytes.next()) {
    held = Buffer.concat([held, next.value]);
    const end = held.indexOf(0x0a);
    if (end >= 0) return { line: held.toString('utf8', 0, end), behind: held.subarray(end + 1) };
    if (held.length > LONGEST_LINE) return undefined;
  }
  return undefined;
}

async function* rest(behind: Buffer, bytes: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  if (behind.length > 0) yield behind;
  yield* bytes;
}

/** The lines that are left. */
export async function remaining(output: AsyncGenerator<Buffer>): Promise<FilesMessage[]> {
  const pieces: Buffer[] = [];
  for await (const piece of output) pieces.push(piece);
  const lines = Buffer.concat(pieces).toString('utf8').split('\n').filter(Boolean);
  return lines.map((line) => JSON.parse(line) as FilesMessage);
}

/** Sends all of it, as fast as it is taken. Ends early, and without a word, when the program has gone: `ended` says why. */
export async function send(input: Writable, pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<number> {
  let bytes = 0;
  for await (const piece of pieces) {
    if (input.destroyed || input.errored) return bytes;
    bytes += piece.length;
    if (!input.write(piece)) await room(input);
  }
  input.end();
  return bytes;
}

function room(input: Writable): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      input.off('drain', done);
      input.off('close', done);
      resolve();
    };
    input.once('drain', done);
    input.once('close', done);
    if (input.destroyed) done();
  });
}

async function text(stream: Readable): Promise<string> {
  let all = '';
  for await (const chunk of stream.setEncoding('utf8')) all = (all + chunk).slice(-LONGEST_LINE);
  return all.trim();
}

function failureOf(status: number, said: string): TsrunError {
  const last = said.split('\n').at(-1) ?? '';
  if (last.startsWith('{"error":')) {
    const { code, message, subject, hint } = (JSON.parse(last) as FilesFailure).error;
    const cause = said === last ? {} : { cause: new Error(said.slice(0, -last.length)) };
    return new TsrunError(code, message, { ...(subject ? { subject } : {}), ...(hint ? { hint } : {}), ...cause });
  }
  return new TsrunError('ERR_TSRUN_INTERNAL', `the program that works on files ended with status ${status}${said ? `: ${said}` : ''}`, {
    hint: status === 137 ? 'it was killed: is the machine out of memory?' : 'run again with TSRUN_DEBUG=1 and report what it prints',
  });
}

function leftOutOf(said: string): LeftOut | undefined {
  const last = said.split('\n').at(-1) ?? '';
  return last.startsWith('{"sockets":') ? (JSON.parse(last) as LeftOut) : undefined;
}

/** Sockets, whose servers a copy does not have. */
export function noteLeftOut(left: LeftOut | undefined, onNote: ((note: string) => void) | undefined): void {
  if (left === undefined) return;
  const more = left.socketCount > left.sockets.length ? ` and ${left.socketCount - left.sockets.length} more` : '';
  onNote?.(`sockets are left out: ${left.sockets.join(', ')}${more}`);
}

function interrupted(cause: unknown): TsrunError {
  if (cause instanceof TsrunError && cause.code === 'ERR_TSRUN_INTERRUPTED') return cause;
  return new TsrunError('ERR_TSRUN_INTERRUPTED', 'interrupted while files were copied', { cause });
}
