/** One line of the report: what it is about, once, and how its status is found. */
import type { Distribution } from './distribution.js';
import type { DoctorFacts, Outcome } from './facts.js';
import type { DoctorCheck } from './report.js';

export type Check = (facts: DoctorFacts, distribution: Distribution) => DoctorCheck;
type Constant = Pick<DoctorCheck, 'name' | 'purpose' | 'without'> & { required?: true };
export type Finding = Pick<DoctorCheck, 'status' | 'detail'> & { advice?: readonly string[] };

export function check(constant: Constant, find: (facts: DoctorFacts, distribution: Distribution) => Finding): Check {
  return (facts, distribution) => {
    const { status, detail, advice = [] } = find(facts, distribution);
    const { name, purpose, without, required = false } = constant;
    return { name, status, required, detail, purpose, without, advice: [...advice] };
  };
}

export function found(detail: string): Finding {
  return { status: 'found', detail };
}

export function missing(detail: string, ...advice: readonly (string | undefined)[]): Finding {
  return { status: 'missing', detail, advice: advice.filter((line) => line !== undefined) };
}

export function notNeeded(detail: string): Finding {
  return { status: 'not-needed', detail };
}

/** @param advice in place of what the failure itself says */
export function outcome(tried: Outcome, detail: string, ...advice: readonly string[]): Finding {
  if (tried.works) return found(detail);
  return missing(tried.why, ...(advice.length > 0 ? advice : [tried.cure]));
}
