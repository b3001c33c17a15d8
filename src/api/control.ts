/** Verbs on containers that run: stop, kill, wait, restart, pause. */
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { identityOf } from '../container/identity.js';
import { parseSignal } from '../container/parse-settings.js';
import { settingsOf } from '../container/settings.js';
import { type Container, findContainer, readConfig } from '../container/state.js';
import { readStatus } from '../container/status.js';
import { errnoOf, TsrunError } from '../errors.js';
import type { HostPath, StorePaths } from '../paths.js';
import {
  compileMarkedPlan,
  compilePausePlan,
  compileSignalPlan,
  compileStopPlan,
  compileUnpausePlan,
  type HostProcess,
} from '../plan/control.js';
import type { Plan } from '../plan/operations.js';
import { pauseFile, stopFile } from '../plan/status.js';
import { launch } from '../runtime/spawn.js';
import { lockDirectory } from '../sys/flock.js';
import { checkArguments } from './check-arguments.js';
import { notRunning, type Running, runningContainer } from './existing-container.js';
import type { CommonOptions } from './options.js';
import { recordContainer } from './record.js';
import { openSession } from './session.js';
import { sharesProcesses } from './spaces.js';
import { startContainer } from './start.js';

/** Ends it by its stop signal, and by SIGKILL after `timeout` seconds (-1: never). One that does not run is left as it is. */
export async function stopContainer(
  name: string,
  options: CommonOptions & { timeout?: number; stopSignal?: string } = {},
): Promise<{ id: string }> {
  const own = checkArguments({ container: name }, options);
  const { paths } = openSession(options);
  const { id, status } = findContainer(paths, name);
  if (status === 'stopped' || status === 'created') return { id };
  if (status === 'paused') await unpauseContainer(name, options);
  const { container, spec, runner, process } = controlled(paths, name);
  const settings = settingsOf(paths, spec, container.name);
  const signal = options.stopSignal === undefined ? settings.stopSignal : parseSignal(options.stopSignal);
  const timeout = options.timeout ?? settings.stopTimeout;
  stay(container);
  recordContainer(paths, container, 'kill', { signal: String(signal) });
  if (process) await perform(compileStopPlan(process, runner, signal, timeout < 0 ? -1 : timeout * 1000)).catch(unlessEnded);
  await settled(container.directory, own.signal);
  recordContainer(paths, container, 'stop');
  return { id };
}

/** To its first process. @throws ERR_TSRUN_CONTAINER_STOPPED */
export async function killContainer(name: string, options: CommonOptions & { killSignal?: string } = {}): Promise<{ id: string }> {
  const own = checkArguments({ container: name }, options);
  const { paths } = openSession(options);
  const signal = parseSignal(options.killSignal ?? 'KILL');
  const { container, spec, runner, process } = controlled(paths, name);
  if (!process) throw notRunning(container.name);
  const ends = signal === SIGKILL || signal === settingsOf(paths, spec, container.name).stopSignal;
  if (ends) stay(container);
  // The runner hands signals on, and knows then how the container ended; what concerns a process's own state is not for it.
  const direct = [SIGKILL, ...JOB_CONTROL].includes(signal);
  await perform(compileSignalPlan(direct ? process : runner, signal));
  recordContainer(paths, container, 'kill', { signal: String(signal) });
  if (signal === SIGKILL) await settled(container.directory, own.signal);
  return { id: container.id };
}

const SIGKILL = 9;
/** CHLD, CONT, STOP, TSTP, TTIN, TTOU, URG, WINCH, PIPE: to the helper they would mean itself. */
const JOB_CONTROL = [13, 17, 18, 19, 20, 21, 22, 23, 28];

/** Resolves with its exit status once it has ended; undefined when nobody saw that. */
export async function waitContainer(
  name: string,
  options: CommonOptions & { condition?: 'not-running' | 'next-exit' | 'removed' } = {},
): Promise<number | undefined> {
  const own = checkArguments({ container: name }, options);
  const { paths } = openSession(options);
  const { directory, status } = findContainer(paths, name);
  const ended = () => {
    const { exitCode, finished } = readStatus(directory);
    return exitCode === undefined ? undefined : { code: Number(exitCode), finished };
  };
  let last = ended();
  if (options.condition === 'next-exit') {
    const before = last?.finished;
    await until(() => ended()?.finished !== before || !existsSync(directory), own.signal);
  } else if (status !== 'created') {
    // The status is written before the lock is let go, and the directory of a --rm run is gone with it.
    await settled(directory, own.signal, () => {
      last = ended() ?? last;
    });
  }
  last = ended() ?? last;
  if (options.condition === 'removed') await until(() => !existsSync(directory), own.signal);
  return last?.code;
}

/** Ends it, if it runs, and starts it again. */
export async function restartContainer(name: string, options: CommonOptions & { timeout?: number } = {}): Promise<{ id: string }> {
  await stopContainer(name, options);
  const started = await startContainer(name, options);
  const { paths } = openSession(options);
  recordContainer(paths, findContainer(paths, started.id), 'restart');
  return started;
}

/** @throws ERR_TSRUN_CONTAINER_STOPPED, ERR_TSRUN_CONTAINER_PAUSED */
export async function pauseContainer(name: string, options: CommonOptions = {}): Promise<{ id: string }> {
  checkArguments({ container: name }, options);
  const { paths } = openSession(options);
  const { container, spec, pid, startTime } = runningContainer(paths, name);
  if (container.status === 'paused')
    throw new TsrunError('ERR_TSRUN_CONTAINER_PAUSED', `the container ${container.name} is paused already`, {
      subject: container.name,
      hint: `let it go on with: tsrun unpause ${container.name}`,
    });
  await perform(pausing(paths, { container, spec, pid, startTime }, true));
  writeFileSync(pauseFile(container.directory), '', { mode: 0o600 });
  recordContainer(paths, container, 'pause');
  return { id: container.id };
}

/** @throws ERR_TSRUN_CONTAINER_STOPPED when it is not paused */
export async function unpauseContainer(name: string, options: CommonOptions = {}): Promise<{ id: string }> {
  checkArguments({ container: name }, options);
  const { paths } = openSession(options);
  const { container, spec, pid, startTime } = runningContainer(paths, name);
  if (container.status !== 'paused')
    throw new TsrunError('ERR_TSRUN_CONTAINER_STOPPED', `the container ${container.name} is not paused`, { subject: container.name });
  await perform(pausing(paths, { container, spec, pid, startTime }, false));
  rmSync(pauseFile(container.directory), { force: true });
  recordContainer(paths, container, 'unpause');
  return { id: container.id };
}

function pausing(paths: StorePaths, { container, spec, pid, startTime }: Running, stops: boolean): Plan {
  const { confined } = settingsOf(paths, spec, container.name);
  const first = { pid, startTime };
  if (confined) return compileMarkedPlan(first, confined.mark, stops);
  return (stops ? compilePausePlan : compileUnpausePlan)(first, identityOf(spec).ids, sharesProcesses(paths, container, spec));
}

interface Controlled {
  container: Container;
  spec: ReturnType<typeof readConfig>;
  runner: HostProcess;
  /** Undefined between two runs of one that is restarted. */
  process: HostProcess | undefined;
}

/** @throws ERR_TSRUN_CONTAINER_STOPPED */
function controlled(paths: StorePaths, name: string): Controlled {
  const container = findContainer(paths, name);
  const { pid, startTime, runner } = readStatus(container.directory);
  if (runner === undefined || ['stopped', 'created', 'creating'].includes(container.status)) throw notRunning(container.name);
  return {
    container,
    spec: readConfig(container),
    runner: { pid: Number(runner.pid), startTime: Number(runner.startTime) },
    process: container.pid === undefined ? undefined : { pid: Number(pid), startTime: Number(startTime) },
  };
}

/** Whoever restarts it sees that it is to stay as it is. */
function stay({ directory }: Container): void {
  writeFileSync(stopFile(directory), '', { mode: 0o600 });
}

async function perform(plan: Plan): Promise<void> {
  await launch(plan, ['ignore', 'ignore', 'inherit']).ended;
}

/** It ended by itself meanwhile. */
function unlessEnded(error: unknown): void {
  if (!(error instanceof TsrunError) || error.code !== 'ERR_TSRUN_CONTAINER_STOPPED') throw error;
}

/** Waits until its runner has let go of it. */
async function settled(directory: HostPath, signal: AbortSignal | undefined, whileLocked: () => void = () => {}): Promise<void> {
  try {
    using _held = await lockDirectory(directory, 'shared', signal);
    whileLocked();
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error; // a --rm run takes it away
  }
}

async function until(condition: () => boolean, signal: AbortSignal | undefined): Promise<void> {
  const { setTimeout: pause } = await import('node:timers/promises');
  while (!condition()) await pause(50, undefined, signal ? { signal } : {});
}
