/** Small plans without a container: what the helper does with processes, signals and descriptors is the same. */
import { encodePlan } from '../../src/plan/encode.js';
import type { Operation } from '../../src/plan/operations.js';

/** One process. */
export function one(...operations: Operation[]): Buffer {
  return encodePlan({ processes: [{ name: 'parent', operations }] });
}

/** A process and the one that it starts, waits for and hands signals to. */
export function two(child: Operation[], options: { before?: Operation[]; connect?: Operation[]; after?: Operation[] } = {}): Buffer {
  const parent: Operation[] = [
    ...(options.before ?? []),
    ['clone', 'child', 0],
    ...(options.connect ?? []),
    ['await-exec', 'child'],
    ['started', 'child'],
    ['forward-signals', 'child', 0],
    ['wait', 'child'],
    ...(options.after ?? []),
  ];
  return encodePlan({
    processes: [
      { name: 'parent', operations: parent },
      { name: 'child', operations: child },
    ],
  });
}

/** The last operation of a process: a shell with a script. */
export function shell(script: string, ...args: string[]): Operation {
  return ['exec', ['sh', '-c', script, 'sh', ...args], ['PATH=/usr/bin:/bin'], '/usr/bin:/bin'];
}
