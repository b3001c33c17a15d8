/** What a verb of the helper's compiles to. */
import { encodePlan } from '../plan/encode.js';
import type { Plan } from '../plan/operations.js';
import { plainPlan, printPlan } from '../plan/print.js';

export interface Compiled {
  /** For the helper. */
  plan: Uint8Array;
  /** For people. */
  readonly printed: string;
  /** For programs: the plan's own structure, as JSON can say it. */
  readonly plain: unknown;
}

export function compiled(plan: Plan): Compiled {
  return {
    plan: encodePlan(plan),
    get printed() {
      return printPlan(plan);
    },
    get plain() {
      return plainPlan(plan);
    },
  };
}
