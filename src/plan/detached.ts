/** What outlives its caller. */
import type { Operation, Plan, Process } from './operations.js';

/**
 * A plan within the plan: its first process sees to the others, in a session of its own and with nothing of the caller's. The caller goes
 * when the command runs, or says why it does not.
 * @param printed what it prints then
 */
export function detached(parent: Operation[], others: Process[], printed: string | undefined): Plan {
  const alone: Operation[] = [['new-session'], ['dup', 0, 'null'], ['dup', 1, 'null'], ['dup', 2, 'null']];
  const caller: Operation[] = [
    ['stage', 'detach'],
    ['detach', 'supervisor', { processes: [{ name: 'parent', operations: [...alone, ...parent] }, ...others] }],
    ['await', 'supervisor', 'started'],
    ...(printed === undefined ? [] : ([['print', 'stdout', printed]] satisfies Operation[])),
  ];
  return { processes: [{ name: 'caller', operations: caller }] };
}
