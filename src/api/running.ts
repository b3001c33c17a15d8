/** A process that runs, for programs: streams and a promise instead of a terminal and an exit code. */
import type { Readable, Writable } from 'node:stream';
import { TsrunError } from '../errors.js';
import type { Plan } from '../plan/operations.js';
import { type Launched, launch } from '../runtime/spawn.js';

export interface RunningProcess {
  /** As the host counts. */
  readonly pid: number;
  /** Ends its standard input when ended; nobody reads it unless `interactive` is set. */
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** The exit status as a shell shows it: the command's, or 128 + the signal's number. */
  wait(): Promise<number>;
  /** Sends a signal; one that a container's first process would ignore as pid 1 ends it all the same. Default: SIGTERM. */
  kill(signal?: NodeJS.Signals): void;
  /** Ends what still runs, by SIGTERM and after two seconds by SIGKILL, and waits for that. */
  [Symbol.asyncDispose](): Promise<void>;
}

const GRACE_MS = 2000;
/** By SIGKILL, as a shell shows it. */
const KILLED = 137;
/** To the helper they would mean the helper itself. */
const JOB_CONTROL: readonly NodeJS.Signals[] = ['SIGSTOP', 'SIGTSTP', 'SIGTTIN', 'SIGCONT'];

export interface RunningContainer extends RunningProcess {
  /** 64 hex digits */
  readonly id: string;
}

/** Executes a plan. With `signal` the process is killed when it is aborted. @throws TsrunError; ERR_TSRUN_INTERRUPTED when it was aborted */
export async function runningProcess(compile: () => Plan | Promise<Plan>, signal: AbortSignal | undefined): Promise<RunningContainer> {
  try {
    signal?.throwIfAborted();
    const plan = await compile();
    signal?.throwIfAborted();
    const launched = launch(plan, ['pipe', 'pipe', 'pipe']);
    endOnAbort(launched, signal);
    return running(launched, await launched.started, signal);
  } catch (error) {
    throw signal?.aborted ? interrupted(error) : error;
  }
}

function endOnAbort(launched: Launched, signal: AbortSignal | undefined): void {
  const abort = () => launched.kill();
  signal?.addEventListener('abort', abort, { once: true });
  launched.ended.finally(() => signal?.removeEventListener('abort', abort)).catch(() => {});
}

function running(launched: Launched, { id, pid }: { id: string; pid: number }, signal: AbortSignal | undefined): RunningContainer {
  const { process: helper, ended } = launched;
  const { stdin, stdout, stderr } = helper as { stdin: Writable; stdout: Readable; stderr: Readable };
  stdin.on('error', () => {}); // a command that ends without reading its input has done nothing wrong
  const outcome = ended.then((status) => {
    if (signal?.aborted && status === KILLED) throw interrupted(signal.reason);
    return status;
  });
  outcome.catch(() => {});
  const kill = (name: NodeJS.Signals = 'SIGTERM') => {
    if (helper.exitCode !== null || helper.signalCode !== null) return; // its pid may be another's by now
    if (name === 'SIGKILL') launched.kill();
    else if (JOB_CONTROL.includes(name)) process.kill(pid, name);
    else helper.kill(name);
  };
  return {
    id,
    pid,
    stdin,
    stdout,
    stderr,
    wait: () => outcome,
    kill,
    [Symbol.asyncDispose]: async () => {
      kill('SIGTERM');
      const killer = setTimeout(() => kill('SIGKILL'), GRACE_MS);
      await outcome.catch(() => {});
      clearTimeout(killer);
    },
  };
}

function interrupted(cause: unknown): TsrunError {
  if (cause instanceof TsrunError && cause.code === 'ERR_TSRUN_INTERRUPTED') return cause;
  return new TsrunError('ERR_TSRUN_INTERRUPTED', 'the run was aborted', { cause });
}
