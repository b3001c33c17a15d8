/** What a verb of the helper's compiles to. */
import { encodePlan } from '../plan/encode.js';
import type { Plan } from '../plan/operations.js';
import { printPlan } from '../plan/print.js';

export interface Compiled {
  /** For the helper. */
  plan: Uint8Array;
  /** For people. */
  readonly printed: string;
}

export function compiled(plan: Plan): Compiled {
  return {
    plan: encodePlan(plan),
    get printed() {
      return printPlan(plan);
    },
  };
}
