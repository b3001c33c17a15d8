/** Many processes, one store: whichever is first fetches and unpacks, the others wait and find it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { identities, identity } from '../../harness/identity.js';
import { busyboxImage, debianImage } from '../../harness/images.js';
import { writeLayout } from '../../harness/layout.js';
import { startRegistry } from '../../harness/registry.js';
import { temporaryDirectory } from '../../harness/temporary.js';
import { sandbox } from '../../harness/tsrun.js';
import { archive, file } from '../../layer/tar-builder.js';
import { halfMade, layersOf } from './store.js';

const PROCESSES = 20;

for (const who of identities()) {
  // The large image once; what differs between the identities does not depend on the size.
  const [name, image] = who.name === 'range' ? ['Debian', debianImage] : ['busybox', busyboxImage];
  test(`as ${who.name}: 20 runs side by side on an empty store pull the ${name} image once and all succeed`, {
    skip: who.unavailable ?? false,
  }, async () => {
    await using registry = await startRegistry();
    const reference = await registry.push((await image()).reference, 'team/image:v1');
    const pushed = registry.log().length;
    await using place = sandbox(who);
    const runs = Array.from({ length: PROCESSES }, (_, index) =>
      place.tsrun(['run', '--rm', '-q', reference, 'echo', `run ${index}`], { timeoutMs: 180_000 }),
    );
    for (const [index, run] of (await Promise.all(runs)).entries()) {
      assert.equal(run.stdout, `run ${index}\n`, run.stderr);
      assert.equal(run.code, 0);
    }
    const fetched = [
      ...registry
        .log()
        .slice(pushed)
        .matchAll(/"GET (\S*\/blobs\/sha256:\w+) /g),
    ].map(([, path]) => path);
    assert.equal(fetched.length, 2, `a config and a layer: ${fetched.join(' ')}`);
    assert.equal(new Set(fetched).size, 2);
    assert.equal(layersOf(place).length, 1);
    assert.deepEqual(halfMade(place), []);
  });
}

const LAYERS = 50;

test(`two pulls side by side of an image of ${LAYERS} layers say nothing of it: no warning of listeners`, {
  skip: identity('range').unavailable ?? false,
}, async () => {
  const directory = temporaryDirectory();
  const layers = Array.from({ length: LAYERS }, (_, index) => ({ tar: archive(file(`file${index}`, `${index}`)) }));
  writeLayout(directory, [{ tag: 'tall', layers }]);
  await using place = sandbox(identity('range'));
  const pulls = [1, 2].map(() => place.tsrun(['pull', '-q', `oci:${directory}:tall`]));
  for (const { code, stderr } of await Promise.all(pulls)) assert.deepEqual([code, stderr], [0, '']);
  assert.equal(layersOf(place).length, LAYERS);
});
