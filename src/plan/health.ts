/** Health checks as operations: now and then a process enters the container, and what became of it is written down. Pure. */
import type { ContainerInput } from './container.js';
import { jsonText } from './encode.js';
import { tell } from './events.js';
import { type Entering, enteringProcesses } from './exec.js';
import type { Operation, Plan } from './operations.js';
import type { HealthCheck } from './settings.js';
import { slot } from './slot.js';
import type { StdioFacts, StreamFacts } from './streams.js';

/** How many results are kept: docker's number. */
export const KEPT_RESULTS = 5;

/** One file for each result that is kept: src/container/health.ts reads them. */
export function healthDirectory(containerDir: string): string {
  return `${containerDir}/health`;
}

const RESULT = {
  status: slot('health'),
  failingStreak: slot('failing-streak'),
  begun: slot('probe-begun'),
  ended: slot('probe-ended'),
  exitCode: slot('probe-status'),
  output: slot('probe-output'),
};

export type HealthResult = Readonly<Record<keyof typeof RESULT, string>>;

/**
 * For the runner, once the command has begun.
 * @param entering as the container's own process, which the check runs beside
 * @param notNow a file: while it is there no check begins
 */
export function healthOperations(input: ContainerInput, entering: Entering, notNow: string): Operation[] {
  const { health } = input.settings;
  if (health === undefined) return [];
  const directory = healthDirectory(input.containerDir);
  return [
    ['unless', directory, [['mkdir', directory, 0o700]]],
    [
      'health',
      [health.interval, health.timeout, health.startPeriod, health.startInterval, health.retries, KEPT_RESULTS],
      notNow,
      probe(entering, health, input.callerUid),
      [['replace-file', `${directory}/${slot('probe-turn')}`, 0o600, jsonText(RESULT)]],
      [tell(input.events, [`health_status: ${slot('health')}`])],
    ],
  ];
}

function probe(entering: Entering, { test }: HealthCheck, callerUid: number): Plan {
  const nobody: StreamFacts = { type: 'device', uid: 0, file: 'null' };
  const output: StreamFacts = { type: 'pipe', uid: callerUid, file: 'probe' };
  const streams: StdioFacts = { stdin: nobody, stdout: output, stderr: output };
  const process = { ...entering.process, terminal: false, args: [...test] };
  const { parent, child } = enteringProcesses({ ...entering, process, interactive: false }, { streams }, [
    ['new-session'],
    ['dup', 0, 'null'],
    ['dup', 1, 'probe'],
    ['dup', 2, 'probe'],
    ['close', 'probe'],
  ]);
  return { processes: [parent, child] };
}
