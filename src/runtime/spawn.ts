/** Starts the helper with a plan on a descriptor and hears from it on another: the way of the library and of tsrun's own work. */
import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { constants, setPriority } from 'node:os';
import type { Duplex, Writable } from 'node:stream';
import { TsrunError } from '../errors.js';
import { encodePlan } from '../plan/encode.js';
import type { Plan } from '../plan/operations.js';
import { explainFailure, type FailureRecord, parseRecord } from './explain.js';
import { helperPath } from './locate.js';

export interface Launched {
  process: ChildProcess;
  /** The container's id and its first process's pid on the host. Rejects when the plan failed before that. */
  started: Promise<{ id: string; pid: number }>;
  /** The exit status as a shell shows it. Rejects when the plan failed. */
  ended: Promise<number>;
}

const PLAN_FD = 3;
const REPORT_FD = 4;

/** @param stdio what becomes the helper's standard streams */
export function launch(plan: Plan, stdio: [StdioPart, StdioPart, StdioPart], env: NodeJS.ProcessEnv = process.env): Launched {
  const options: StdioOptions = [...stdio, 'pipe', 'pipe'];
  const child = spawn(helperPath(), ['execute', String(PLAN_FD), String(REPORT_FD)], { stdio: options, env });
  const reports = readReports(child.stdio[REPORT_FD] as Duplex);
  const failedToStart = new Promise<never>((_, reject) => {
    child.once('error', (cause) =>
      reject(new TsrunError('ERR_TSRUN_LAUNCH', `cannot start the native helper: ${cause.message}`, { subject: helperPath(), cause })),
    );
  });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const sink = child.stdio[PLAN_FD] as Writable;
  sink.on('error', () => {}); // a helper that ended early says why in its report
  sink.end(encodePlan(plan));
  const ended = Promise.race([failedToStart, exited.then(() => reports.ended)]);
  const started = Promise.race([failedToStart, reports.started]);
  // Who waits for the end alone must not be told of the other as unhandled.
  started.catch(() => {});
  ended.catch(() => {});
  return { process: child, started, ended };
}

/** Work that nobody waits for: in a session of its own, at the lowest priority. */
export function launchDetached(plan: Plan): void {
  const child = spawn(helperPath(), ['execute', String(PLAN_FD)], { stdio: ['ignore', 'ignore', 'ignore', 'pipe'], detached: true });
  child.on('error', () => {}); // what was to be done is tried again at the next start
  const sink = child.stdio[PLAN_FD] as Writable;
  sink.on('error', () => {});
  sink.end(encodePlan(plan));
  if (child.pid !== undefined) setPriority(child.pid, constants.priority.PRIORITY_LOW);
  child.unref();
}

export type StdioPart = 'ignore' | 'pipe' | 'inherit' | number;

interface Reports {
  started: Promise<{ id: string; pid: number }>;
  ended: Promise<number>;
}

/** Frames: u32 length, then fields that end with NUL; the first is `started`, `failed` or `ended`. */
function readReports(stream: Duplex): Reports {
  let failure: FailureRecord | undefined;
  const started = deferred<{ id: string; pid: number }>();
  const ended = deferred<number>();
  const fail = (error: TsrunError) => {
    started.reject(error);
    ended.reject(error);
  };
  let pending = Buffer.alloc(0);
  stream.on('data', (chunk: Buffer) => {
    pending = Buffer.concat([pending, chunk]);
    while (pending.length >= 4 && pending.length >= 4 + pending.readUInt32LE()) {
      const frame = pending.subarray(4, 4 + pending.readUInt32LE());
      pending = pending.subarray(4 + frame.length);
      const [kind = '', ...fields] = frame.toString('utf8').split('\0');
      if (kind === 'started') started.resolve({ id: fields[0] ?? '', pid: Number(fields[1]) });
      else if (kind === 'failed') failure = parseRecord(frame.subarray('failed\0'.length));
      else if (kind === 'ended' && failure === undefined) {
        started.reject(new TsrunError('ERR_TSRUN_LAUNCH', 'the plan ended without starting a container'));
        ended.resolve(Number(fields[0]));
      }
    }
  });
  stream.on('error', () => {});
  stream.once('close', () => fail(failure ? explainFailure(failure) : helperDied()));
  return { started: started.promise, ended: ended.promise };
}

function helperDied(): TsrunError {
  return new TsrunError('ERR_TSRUN_LAUNCH', 'the native helper ended without saying how', {
    hint: 'it was killed, or the machine is out of memory: see dmesg',
  });
}

/** Promise.withResolvers, which Node 20 lacks. */
function deferred<Value>(): { promise: Promise<Value>; resolve: (value: Value) => void; reject: (error: unknown) => void } {
  let resolve: (value: Value) => void = () => {};
  let reject: (error: unknown) => void = () => {};
  const promise = new Promise<Value>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  promise.catch(() => {});
  return { promise, resolve, reject };
}
