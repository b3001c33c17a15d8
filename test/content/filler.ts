/** A process that fills a small disk: `filler.js DIRECTORY`. Prints what became of each step as one JSON object. */
import { readdirSync } from 'node:fs';
import { pieces, randomBlob, storeAt } from './fixture.js';

const store = storeAt(process.argv[2] ?? '');
const results: Record<string, unknown> = {};

async function step(name: string, action: () => Promise<unknown>): Promise<void> {
  results[name] = await action().then(
    () => 1,
    (error: unknown) => error,
  );
}

const [small, large, after] = [randomBlob(1_000_000), randomBlob(8 * 2 ** 20), randomBlob(1_000_000)];
await step('init', () => store.init());
if (results['init'] === 1) {
  await step('first', () => store.fetchOnce(small.descriptor, () => pieces(small.bytes)));
  await step('large', () => store.fetchOnce(large.descriptor, () => pieces(large.bytes)));
  results['leftovers'] = readdirSync(store.paths.ingest).length;
  await step('small', () => store.readBytes(small.descriptor));
  await step('after', () => store.fetchOnce(after.descriptor, () => pieces(after.bytes)));
}
console.log(JSON.stringify(results));
