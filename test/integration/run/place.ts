/** What the tests of `run` have in common: a place, the processes in it, and probe.c. */
import { inCheckout } from '../../harness/checkout.js';
import { withinReach } from '../../harness/reach.js';

export * from '../../harness/place.js';
export * from '../../harness/processes.js';
export { until } from '../../harness/wait.js';

let probe: Promise<string> | undefined;

/** probe.c, compiled by the rules of the helper and readable by every test user. */
export function probeProgram(): Promise<string> {
  probe ??= (async () => {
    const native: typeof import('../../../scripts/native.mjs') = await import(inCheckout('scripts/native.mjs'));
    const source = inCheckout('test/integration/run/probe.c');
    const output = inCheckout('build/harness/probe');
    if (native.isStale(output, [source])) await native.compile({ sources: [source], output });
    return withinReach(output);
  })();
  return probe;
}
