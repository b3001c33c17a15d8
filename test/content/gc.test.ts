import assert from 'node:assert/strict';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { collectGarbage, reachable } from '../../src/content/gc.js';
import { Lease } from '../../src/content/lease.js';
import { putRef, removeRefs } from '../../src/content/refs.js';
import type { ContentStore } from '../../src/content/store.js';
import type { Descriptor } from '../../src/spec/image.js';
import { OCI_INDEX, OCI_MANIFEST } from '../../src/spec/media-types.js';
import { digest, emptyStore, pieces, randomBlob } from './fixture.js';

async function put(store: ContentStore, mediaType: string, content: Buffer | object): Promise<Descriptor> {
  const bytes = Buffer.isBuffer(content) ? content : Buffer.from(JSON.stringify(content));
  const descriptor = { mediaType, digest: digest(bytes), size: bytes.length };
  await store.fetchOnce(descriptor, () => pieces(bytes));
  return descriptor;
}

async function putImage(store: ContentStore, shared: Descriptor[] = []) {
  const layer = await put(store, 'application/vnd.oci.image.layer.v1.tar', randomBlob(100).bytes);
  const config = await put(store, 'application/vnd.oci.image.config.v1+json', { id: layer.digest });
  const manifest = await put(store, OCI_MANIFEST, { config, layers: [...shared, layer] });
  const index = await put(store, OCI_INDEX, { manifests: [manifest, { ...manifest, digest: digest(Buffer.from('of another platform')) }] });
  return { layer, config, manifest, index };
}

test('what an index leads to is reachable, present or not', async (t) => {
  const store = await emptyStore(t);
  const { layer, config, manifest, index } = await putImage(store);
  const found = await reachable(store, index);
  for (const descriptor of [layer, config, manifest, index]) assert.ok(found.has(descriptor.digest));
  assert.equal(found.size, 5);
});

test('only what nothing names is removed', async (t) => {
  const store = await emptyStore(t);
  const base = await put(store, 'application/vnd.oci.image.layer.v1.tar', randomBlob(100).bytes);
  const [one, two] = [await putImage(store, [base]), await putImage(store, [base])];
  await putRef(store.paths, 'example.com/one:1', one.index);
  await putRef(store.paths, 'example.com/two:1', two.manifest);
  const first = await collectGarbage(store);
  assert.deepEqual(first, [{ digest: two.index.digest, size: two.index.size }], 'the index of two has no name');
  const candidates = await reachable(store, one.index);
  await removeRefs(store.paths, [{ name: 'example.com/one:1', descriptor: one.index }]);
  const unrelated = await put(store, 'application/octet-stream', randomBlob(10).bytes);
  const removed = await collectGarbage(store, candidates);
  assert.deepEqual(
    new Set(removed.map((each) => each.digest)),
    new Set([one.index, one.manifest, one.config, one.layer].map((each) => each.digest)),
  );
  assert.equal(await store.has(base.digest), true, 'shared');
  assert.equal(await store.has(unrelated.digest), true, 'not among the candidates');
});

test('a lease keeps what a pull has fetched but not named yet', async (t) => {
  const store = await emptyStore(t);
  const { layer } = await putImage(store);
  {
    using lease = new Lease(store.paths);
    await lease.protect([layer.digest]);
    await collectGarbage(store);
    assert.equal(await store.has(layer.digest), true);
  }
  await collectGarbage(store);
  assert.equal(await store.has(layer.digest), false);
  assert.deepEqual(
    readdirSync(store.paths.locks).filter((name) => name.startsWith('lease-')),
    [],
  );
});

test('the lease of a dead process counts no more', async (t) => {
  const store = await emptyStore(t);
  const { layer } = await putImage(store);
  writeFileSync(join(store.paths.locks, 'lease-dead'), `${layer.digest}\n`);
  await collectGarbage(store);
  assert.equal(await store.has(layer.digest), false);
  assert.equal(existsSync(join(store.paths.locks, 'lease-dead')), false);
});

test('indexes that name each other ten thousand times are each read once', async (t) => {
  const store = await emptyStore(t);
  let level = (await putImage(store)).manifest;
  for (let depth = 0; depth < 3; depth += 1) level = await put(store, OCI_INDEX, { manifests: Array(10_000).fill(level) });
  assert.equal((await reachable(store, level)).size, 6);
});

test('a manifest that is damaged ends its branch alone', async (t) => {
  const store = await emptyStore(t);
  const good = await putImage(store);
  const bad = await put(store, OCI_MANIFEST, Buffer.from('not JSON'));
  await putRef(store.paths, 'example.com/good:1', good.index);
  await putRef(store.paths, 'example.com/bad:1', bad);
  assert.deepEqual(await collectGarbage(store), []);
});
