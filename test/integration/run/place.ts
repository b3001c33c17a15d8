/** What the tests of `run` have in common: a place, the processes in it, and probe.c. */
import { probeOf } from '../../harness/probe.js';

export * from '../../harness/place.js';
export * from '../../harness/processes.js';
export { until } from '../../harness/wait.js';

export function probeProgram(): Promise<string> {
  return probeOf('test/integration/run/probe.c');
}
