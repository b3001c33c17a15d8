/** Starts the helper with a plan on a descriptor and hears from it on another: the way of the library and of tsrun's own work. */
import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { constants, setPriority } from 'node:os';
import type { Duplex, Writable } from 'node:stream';
import { TsrunError } from '../errors.js';
import { encodePlan } from '../plan/encode.js';
import type { Plan } from '../plan/operations.js';
import { explainFailure } from './explain.js';
import { helperPath } from './locate.js';
import { assertPlanFits } from './plan-size.js';
import { type FailureRecord, parseRecord } from './record.js';

export interface Launched {
  process: ChildProcess;
  /** The container's id and its first process's pid on the host. Rejects when the plan failed before that. */
  started: Promise<Started>;
  /** The exit status as a shell shows it. Rejects when the plan failed. */
  ended: Promise<number>;
  /** What the helper told of a failure, once it says no more. */
  failure: Promise<FailureRecord | undefined>;
  /** Ends what runs: the helper kills it once nobody listens to its reports, and still cleans up. SIGKILL of the helper would not. */
  kill(): void;
}

export interface Started {
  id: string;
  pid: number;
}

const PLAN_FD = 3;
const REPORT_FD = 4;

/** @param stdio what becomes the helper's standard streams */
export function launch(plan: Plan, stdio: [StdioPart, StdioPart, StdioPart], env: NodeJS.ProcessEnv = process.env): Launched {
  const bytes = bytesOf(plan);
  const options: StdioOptions = [...stdio, 'pipe', 'pipe'];
  const child = spawn(helperPath(), ['execute', String(PLAN_FD), String(REPORT_FD)], { stdio: options, env });
  const exited = exitOf(child);
  const [sink, stream] = ends(child) ?? [];
  if (!sink || !stream) return neverLaunched(child, exited);
  const reports = readReports(stream);
  sink.on('error', () => {}); // a helper that ended early says why in its report
  sink.end(bytes);
  let killed = false;
  const ended = Promise.all([exited, reports.all]).then(([status, told]) => {
    // What fails in the clean-up is left to the next start; the container has ended as it did.
    if (told.failure && (told.failure.stage !== 'cleanup' || told.status === undefined)) throw explainFailure(told.failure);
    if (told.status !== undefined) return told.status;
    if (killed) return status;
    throw helperDied();
  });
  const neverStarted = ended.then<never>(() => {
    throw new TsrunError('ERR_TSRUN_LAUNCH', 'the plan ended without starting a container');
  });
  const started = Promise.race([reports.started, neverStarted]);
  // Who waits for the end alone must not be told of the other as unhandled.
  neverStarted.catch(() => {});
  started.catch(() => {});
  const kill = () => {
    killed = true;
    stream.destroy();
  };
  const failure = reports.all.then((told) => told.failure);
  return { process: child, started, ended, failure, kill };
}

/** Checked before there is anybody to read it. */
function bytesOf(plan: Plan): Uint8Array {
  const bytes = encodePlan(plan);
  assertPlanFits(bytes);
  return bytes;
}

/** Our ends for the plan and the reports. There are none when this process has no descriptors left. */
function ends(child: ChildProcess): [Writable, Duplex] | undefined {
  const stdio: readonly unknown[] | undefined = child.stdio;
  return stdio && [stdio[PLAN_FD] as Writable, stdio[REPORT_FD] as Duplex];
}

/** Its error comes in the next turn. */
function neverLaunched(child: ChildProcess, exited: Promise<number>): Launched {
  const failed = exited.then<never>(() => Promise.reject(helperDied()));
  failed.catch(() => {});
  return { process: child, started: failed, ended: failed, failure: Promise.resolve(undefined), kill: () => {} };
}

/** Exit status, 128+n after a signal. */
function exitOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('exit', (code, signal) => resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])));
    child.once('error', (cause) => {
      const subject = child.spawnfile;
      reject(new TsrunError('ERR_TSRUN_LAUNCH', `cannot start the native helper: ${cause.message}`, { subject, cause }));
    });
  });
}

/** Work that nobody waits for: in a session of its own, at the lowest priority. */
export function launchDetached(plan: Plan): void {
  const bytes = bytesOf(plan);
  const child = spawn(helperPath(), ['execute', String(PLAN_FD)], { stdio: ['ignore', 'ignore', 'ignore', 'pipe'], detached: true });
  child.on('error', () => {}); // what was to be done is tried again at the next start
  const [sink] = ends(child) ?? [];
  sink?.on('error', () => {});
  sink?.end(bytes);
  if (child.pid !== undefined) setPriority(child.pid, constants.priority.PRIORITY_LOW);
  child.unref();
}

export type StdioPart = 'ignore' | 'pipe' | 'inherit' | number;

interface Reports {
  /** Never settles when there is no such report. */
  started: Promise<Started>;
  /** All that was said, once the helper says no more. */
  all: Promise<{ failure?: FailureRecord; status?: number }>;
}

/** Frames: u32 length, then fields that end with NUL; the first is `started`, `failed` or `ended`. */
function readReports(stream: Duplex): Reports {
  const told: { failure?: FailureRecord; status?: number } = {};
  const all = new Promise<typeof told>((resolve) => stream.once('close', () => resolve(told)));
  stream.on('error', () => {});
  const started = new Promise<Started>((resolve) => {
    let pending = Buffer.alloc(0);
    stream.on('data', (chunk: Buffer) => {
      pending = Buffer.concat([pending, chunk]);
      while (pending.length >= 4 && pending.length >= 4 + pending.readUInt32LE()) {
        const frame = pending.subarray(4, 4 + pending.readUInt32LE());
        pending = pending.subarray(4 + frame.length);
        const [kind = '', ...fields] = frame.toString('utf8').split('\0');
        if (kind === 'started') resolve({ id: fields[0] ?? '', pid: Number(fields[1]) });
        else if (kind === 'failed') told.failure = parseRecord(frame.subarray('failed\0'.length));
        else if (kind === 'ended') told.status = Number(fields[0]);
      }
    });
  });
  return { started, all };
}

function helperDied(): TsrunError {
  return new TsrunError('ERR_TSRUN_LAUNCH', 'the native helper ended without saying how', {
    hint: 'it was killed, or the machine is out of memory: see dmesg',
  });
}
