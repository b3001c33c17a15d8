/**
 * Examples of plans whose container outlives the command, made from that of a foreground run: a keeper executes it in place of the
 * caller, as a plan within the plan. Later issues bring the verbs.
 */
import { jsonText } from '../../src/plan/encode.js';
import type { Operation, Plan } from '../../src/plan/operations.js';
import { slot } from '../../src/plan/slot.js';

const O_RDWR = 2;
const O_WRONLY_NONBLOCK = 0o4001;
const O_APPEND_NEW = 0o2101;

/** `run -d`: returns once the command runs, having printed the id. @param containerDir holds slot('id') */
export function compileDetachedPlan(run: Plan, containerDir: string): Plan {
  const kept = inPlaceOf(run, 'parent', {
    stage: beforeClone(standAlone(containerDir)),
    started: () => [['send', 'caller', 'started']],
  });
  return withCaller(kept, 'started');
}

/** OCI `create`: everything is ready and its first process waits at a fifo. Prints the id. */
export function compileCreatePlan(run: Plan, containerDir: string): Plan {
  const status = (words: object): Operation => ['replace-file', `${containerDir}/status.json`, 0o600, jsonText(words)];
  const fifo = `${containerDir}/start`;
  const kept = inPlaceOf(run, 'parent', {
    stage: beforeClone([...standAlone(containerDir), ['mkfifo', fifo, 0o600], ['open', fifo, O_RDWR, 'start']]),
    'await-exec': (own) => [
      ['await', 'child', 'created'],
      status({ status: 'created', pid: slot('pid'), startTime: slot('start-time') }),
      ['send', 'caller', 'created'],
      own,
    ],
    started: () => [],
  });
  const waiting = inPlaceOf(kept, 'child', { exec: (own) => [['send', 'parent', 'created'], ['await-start', 'start'], own] });
  return withCaller(waiting, 'created');
}

/** OCI `start` of a container that was created. */
export function compileStartPlan(containerDir: string): Plan {
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

function withCaller(kept: Plan, message: string): Plan {
  const operations: Operation[] = [
    ['stage', 'detach'],
    ['detach', 'keeper', kept],
    ['await', 'keeper', message],
    ['print', 'stdout', `${slot('id')}\n`],
  ];
  return { processes: [{ name: 'caller', operations }] };
}

/** A session of its own, and nothing of the caller's streams: the container's output goes to a log. */
function standAlone(containerDir: string): Operation[] {
  return [['new-session'], ['open', `${containerDir}/log`, O_APPEND_NEW, 'log'], ['dup', 0, 'null'], ['dup', 1, 'log'], ['dup', 2, 'log']];
}

function beforeClone(operations: Operation[]): (own: Operation) => Operation[] {
  return (own) => (own[1] === 'clone' ? [...operations, own] : [own]);
}

/** The plan with some operations of one process replaced. */
function inPlaceOf(plan: Plan, process: string, changes: Partial<Record<Operation[0], (own: Operation) => Operation[]>>): Plan {
  const change = (operation: Operation) => changes[operation[0]]?.(operation) ?? [operation];
  return {
    processes: plan.processes.map((each) => (each.name === process ? { ...each, operations: each.operations.flatMap(change) } : each)),
  };
}
