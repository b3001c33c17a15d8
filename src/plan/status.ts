/** What its directory says of a container's life: status.json, and files whose being there says something. */
import { jsonText } from './encode.js';
import type { Operation } from './operations.js';
import { slot } from './slot.js';

export const RUNNER = { runner: { pid: slot('own-pid'), startTime: slot('own-start-time') } };

export const RUNNING = {
  status: 'running',
  pid: slot('pid'),
  startTime: slot('start-time'),
  boot: slot('boot-id'),
  ...RUNNER,
  restarts: slot('restarts'),
  started: slot('running-since'),
};

/** Of one with a time limit also why. */
export function ended({ timeout = 0 }: { timeout?: number }): object {
  return timeout > 0 ? { ...ENDED, error: slot('end-reason') } : ENDED;
}

const ENDED = { started: slot('running-since'), exitCode: slot('exit-status'), restarts: slot('restarts'), finished: slot('now') };

/** @param changing what it says besides what stays the same */
export function writeStatus(
  { containerDir, status: constant }: { containerDir: string; status: Readonly<Record<string, unknown>> },
  changing: object,
): Operation {
  return replaceStatus(containerDir, { ...constant, ...changing });
}

export function replaceStatus(containerDir: string, whole: object): Operation {
  return ['replace-file', `${containerDir}/status.json`, 0o600, jsonText(whole)];
}

/** Somebody wants the container to stay as it is. */
export function stopFile(containerDir: string): string {
  return `${containerDir}/stopped`;
}

/** All its processes are stopped. Its runner, which writes status.json, need not know. */
export function pauseFile(containerDir: string): string {
  return `${containerDir}/paused`;
}
