/**
 * Examples of OCI's `create` and `start`, made from the plan of a detached run: its first process waits at a fifo in front of exec. An
 * OCI command line is to bring the verbs; docker's `create` makes no process.
 */
import { jsonText } from '../../src/plan/encode.js';
import type { Operation, Plan } from '../../src/plan/operations.js';
import { slot } from '../../src/plan/slot.js';

const O_RDWR = 2;
const O_WRONLY_NONBLOCK = 0o4001;

/** Everything is ready. Prints the id. @param containerDir holds slot('id') */
export function compileOciCreatePlan(detached: Plan, containerDir: string): Plan {
  const fifo = `${containerDir}/start`;
  const created: Operation = [
    'replace-file',
    `${containerDir}/status.json`,
    0o600,
    jsonText({ status: 'created', pid: slot('pid'), startTime: slot('start-time') }),
  ];
  return inPlaceOf(detached, 'caller', {
    await: () => [['await', 'supervisor', 'created']],
    detach: (own) => {
      const [name, process, plan] = own as Extract<Operation, readonly ['detach', string, Plan]>;
      const kept = inPlaceOf(plan, 'parent', {
        stage: (stage) => (stage[1] === 'clone' ? [['mkfifo', fifo, 0o600], ['open', fifo, O_RDWR, 'start'], stage] : [stage]),
        'await-exec': (exec) => [['await', 'child', 'created'], created, ['notify', 'caller', 'created'], exec],
        notify: () => [],
      });
      return [
        [name, process, inPlaceOf(kept, 'child', { exec: (exec) => [['send', 'parent', 'created'], ['await-start', 'start'], exec] })],
      ];
    },
  });
}

/** Of a container that was created. */
export function compileOciStartPlan(containerDir: string): Plan {
  return {
    processes: [
      {
        name: 'parent',
        operations: [
          ['stage', 'start'],
          ['open', `${containerDir}/start`, O_WRONLY_NONBLOCK, 'start'],
          ['print', 'start', '\n'],
        ],
      },
    ],
  };
}

/** The plan with some operations of one process replaced. */
function inPlaceOf(plan: Plan, process: string, changes: Partial<Record<Operation[0], (own: Operation) => Operation[]>>): Plan {
  const change = (operation: Operation) => changes[operation[0]]?.(operation) ?? [operation];
  return {
    processes: plan.processes.map((each) => (each.name === process ? { ...each, operations: each.operations.flatMap(change) } : each)),
  };
}
