/** A process that fetches three blobs, slowly, and names the last: `fetcher.js DIRECTORY PAUSE SEED`. Prints a line per event. */
import { createHash } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { putRef } from '../../src/content/refs.js';
import { digest, storeAt } from './fixture.js';

const [directory = '', wait = '0', seed = '0'] = process.argv.slice(2);
const store = storeAt(directory);
await store.init();

for (let blob = 0; blob < 3; blob += 1) {
  const block = createHash('sha512').update(`${seed} ${blob}`).digest();
  const bytes = Buffer.alloc(400_000, block);
  const descriptor = { mediaType: 'application/vnd.oci.image.manifest.v1+json', digest: digest(bytes), size: bytes.length };
  await store.fetchOnce(descriptor, async function* () {
    console.log('fetched');
    for (let at = 0; at < bytes.length; at += 40_000) {
      yield bytes.subarray(at, at + 40_000);
      if (Number(wait) > 0) await pause(Number(wait));
    }
  });
  await putRef(store.paths, `example.com/blob:${seed}-${blob}`, descriptor);
}
