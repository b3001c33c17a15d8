/** What a container's health checks said: files that its runner writes (src/plan/health.ts). */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { HostPath } from '../paths.js';
import { type HealthResult, healthDirectory, KEPT_RESULTS } from '../plan/health.js';

export interface ContainerHealth {
  /** `starting`, `healthy` or `unhealthy` */
  health: string;
  /** How many checks failed in a row. */
  failingStreak: number;
  /** The last ones, the newest last. */
  healthLog: HealthLogEntry[];
}

export interface HealthLogEntry {
  /** RFC 3339 */
  begun: string;
  ended: string;
  /** -1: it took too long. */
  exitCode: number;
  /** The beginning of what it printed. */
  output: string;
}

/** @param started when the container's process began: what was found before says nothing of it */
export function readHealth(directory: HostPath, started: string | undefined): ContainerHealth {
  const results = Array.from({ length: KEPT_RESULTS }, (_, turn) => readResult(join(healthDirectory(directory), String(turn))))
    .filter((result) => result !== undefined)
    .sort((a, b) => (a.ended < b.ended ? -1 : 1));
  const last = results.at(-1);
  const current = last !== undefined && last.ended >= (started ?? '');
  return {
    health: current ? last.status : 'starting',
    failingStreak: current ? Number(last.failingStreak) : 0,
    healthLog: results.map(({ begun, ended, exitCode, output }) => ({ begun, ended, exitCode: Number(exitCode), output })),
  };
}

function readResult(file: string): HealthResult | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as HealthResult;
  } catch {
    return undefined; // not so many yet
  }
}
