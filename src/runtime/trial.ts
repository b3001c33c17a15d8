/** Executes a plan that tries something (plan/probe.ts) and says what came of it. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Plan } from '../plan/operations.js';
import { BEGUN, WORKS } from '../plan/probe.js';
import type { FailureRecord } from './record.js';
import { launch } from './spawn.js';

export interface Trial {
  works: boolean;
  /** Without it something else failed before: the user namespace, the id map. */
  begun: boolean;
  failure: FailureRecord | undefined;
  /** The same explained; undefined when the plan came to its end. */
  error?: unknown;
  said: string;
}

/** @param signal ends it early: then it did not work */
export async function tryPlan(plan: Plan, signal?: AbortSignal): Promise<Trial> {
  const launched = launch(plan, ['ignore', 'pipe', 'ignore']);
  const abort = () => launched.kill();
  signal?.addEventListener('abort', abort, { once: true });
  let said = '';
  const stdout = launched.process.stdout?.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const whole = new Promise((resolve) => stdout?.once('close', resolve));
  const error = await launched.ended.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  // What it said may come after its end. A server of files that lingers must not keep us.
  await Promise.race([whole, pause(1000, undefined, { ref: false })]);
  signal?.removeEventListener('abort', abort);
  const outcome = { works: said.includes(WORKS), begun: said.includes(BEGUN), failure: await launched.failure, said };
  return error === undefined ? outcome : { ...outcome, error };
}
