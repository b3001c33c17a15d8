/** Trials → outcomes in words. */
import { asTsrunError } from '../errors.js';
import type { Plan } from '../plan/operations.js';
import { reason } from '../runtime/record.js';
import { type Trial, tryPlan } from '../runtime/trial.js';
import type { Outcome } from './facts.js';

export const WORKS: Outcome = { works: true };

/**
 * @param explained a failure means what it would mean at the start of a container; else only its path and the kernel's answer are told
 */
export async function tried(plan: () => Plan, explained: boolean, signal?: AbortSignal): Promise<Outcome> {
  try {
    return outcomeOf(await tryPlan(plan(), signal), explained);
  } catch (error) {
    return refused(error);
  }
}

export function outcomeOf(trial: Trial, explained: boolean): Outcome {
  if (trial.works) return WORKS;
  if (trial.failure === undefined || explained || !trial.begun) return refused(trial.error ?? new Error('it did not come to its end'));
  const { path, operation, error } = trial.failure;
  return { works: false, why: `${path || operation}: ${reason(error)}` };
}

/** What keeps containers from being started at all. */
export function refused(thrown: unknown): Outcome & { works: false } {
  const { message, hint } = asTsrunError(thrown);
  return { works: false, why: message, ...(hint === undefined ? {} : { cure: hint }) };
}
