/** `run` for programs: the same plan, given to the same helper, with streams and a promise instead of a terminal and an exit code. */
import type { Readable, Writable } from 'node:stream';
import { TsrunError } from '../errors.js';
import { launch } from '../runtime/spawn.js';
import { pipedStreams } from '../runtime/streams.js';
import { planRun } from './compile-run.js';
import type { RunOptions } from './options.js';

export interface RunningContainer {
  /** 64 hex digits */
  readonly id: string;
  /** Of the container's first process, as the host counts. */
  readonly pid: number;
  /** Ends the container's standard input when ended; nobody reads it unless `interactive` is set. */
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** The exit status as a shell shows it: the command's, or 128 + the signal's number. */
  wait(): Promise<number>;
  /** Sends a signal to the first process; one that it would ignore as pid 1 ends it all the same. Default: SIGTERM. */
  kill(signal?: NodeJS.Signals): void;
  /** Kills what still runs, and waits for its end. */
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Starts a container and resolves once its command runs. Read stdout and stderr, or the command waits for you. With `signal` the
 * container is killed when it is aborted. A container that is not `rm` stays until removeContainer().
 * @throws TsrunError: everything that `tsrun run` would print
 */
export async function run(image: string, command: string[] = [], options: RunOptions = {}): Promise<RunningContainer> {
  options.signal?.throwIfAborted();
  const plan = await planRun(image, command, options, pipedStreams());
  const launched = launch(plan, ['pipe', 'pipe', 'pipe']);
  const { process: helper, ended } = launched;
  const { stdin, stdout, stderr } = helper as { stdin: Writable; stdout: Readable; stderr: Readable };
  stdin.on('error', () => {}); // a command that ends without reading its input has done nothing wrong
  const abort = () => helper.kill('SIGKILL');
  options.signal?.addEventListener('abort', abort, { once: true });
  ended.finally(() => options.signal?.removeEventListener('abort', abort)).catch(() => {});
  try {
    const { id, pid } = await launched.started;
    const wait = () => ended.catch((error: unknown) => Promise.reject(options.signal?.aborted ? interrupted(error) : error));
    return {
      id,
      pid,
      stdin,
      stdout,
      stderr,
      wait,
      kill: (signal = 'SIGTERM') => void helper.kill(signal),
      [Symbol.asyncDispose]: async () => {
        helper.kill('SIGTERM');
        const killer = setTimeout(abort, 2000);
        await ended.catch(() => {});
        clearTimeout(killer);
      },
    };
  } catch (error) {
    throw options.signal?.aborted ? interrupted(error) : error;
  }
}

function interrupted(cause: unknown): TsrunError {
  return new TsrunError('ERR_TSRUN_INTERRUPTED', 'the run was aborted', { cause });
}
