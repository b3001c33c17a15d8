/** What outlives its caller, or may. */
import { attachFlags } from './control.js';
import type { Operation, Plan, Process } from './operations.js';
import { CONNECTION } from './streams.js';

/**
 * A plan within the plan: its first process sees to the others, in a session of its own and with nothing of the caller's. The caller goes
 * when the command runs, or says why it does not.
 * @param printed what it prints then
 */
export function detached(parent: Operation[], others: Process[], printed: string | undefined): Plan {
  const alone: Operation[] = [['leave-descriptors', 0], ['new-session'], ['dup', 0, 'null'], ['dup', 1, 'null'], ['dup', 2, 'null']];
  const caller: Operation[] = [
    ['stage', 'detach'],
    ['detach', 'supervisor', { processes: [{ name: 'parent', operations: [...alone, ...parent] }, ...others] }],
    ['await', 'supervisor', 'started'],
    ...(printed === undefined ? [] : ([['print', 'stdout', printed]] satisfies Operation[])),
  ];
  return { processes: [{ name: 'caller', operations: caller }] };
}

/**
 * The same, with the caller attached from the first byte on. He goes as the command ends; it ends when he is lost; he leaves it running
 * by the keys.
 * @param passed how many of his descriptors, from 3 on, the command gets
 */
export function attended(parent: Operation[], others: Process[], detachKeys: Uint8Array, passed = 0): Plan {
  const alone: Operation[] = [['leave-descriptors', passed], ['close', `${CONNECTION}.near`], ['new-session']];
  const caller: Operation[] = [
    ['stage', 'detach'],
    ['socket-pair', CONNECTION],
    ['detach', 'supervisor', { processes: [{ name: 'parent', operations: [...alone, ...parent] }, ...others] }],
    ['close', `${CONNECTION}.far`],
    ['await', 'supervisor', 'connected'],
    ['raw-terminal', 'stdin'],
    ['send', 'supervisor', 'attending'],
    ['await', 'supervisor', 'started'],
    ['stage', 'attach'],
    [
      'attend',
      'supervisor',
      `${CONNECTION}.near`,
      attachFlags({ input: true, terminal: true, ownTerminal: true, signals: true }),
      detachKeys,
    ],
  ];
  return { processes: [{ name: 'caller', operations: caller }] };
}
