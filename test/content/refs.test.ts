import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { getRef, listRefs, putRef, refPath, removeRef } from '../../src/content/refs.js';
import type { ContentStore } from '../../src/content/store.js';
import { emptyStore, pieces, randomBlob } from './fixture.js';

const NAME = 'docker.io/library/alpine:latest';

function indexOf(store: ContentStore): { digest: string; annotations?: Record<string, string> }[] {
  return JSON.parse(readFileSync(join(store.paths.image, 'index.json'), 'utf8')).manifests;
}

async function storedBlob(store: ContentStore) {
  const { bytes, descriptor } = randomBlob(100);
  await store.fetchOnce(descriptor, () => pieces(bytes));
  return { ...descriptor, mediaType: 'application/vnd.oci.image.manifest.v1+json' };
}

test('a reference is found, listed, replaced and removed', async (t) => {
  const store = await emptyStore(t);
  const [one, two] = [await storedBlob(store), await storedBlob(store)];
  assert.equal(await getRef(store.paths, NAME), undefined);
  await putRef(store.paths, NAME, one);
  await putRef(store.paths, 'example.com/a:b', two);
  assert.deepEqual(await getRef(store.paths, NAME), one);
  await putRef(store.paths, NAME, two);
  assert.deepEqual(await getRef(store.paths, NAME), two);
  const { refs, damaged } = await listRefs(store.paths);
  assert.deepEqual(refs, [
    { name: NAME, descriptor: two },
    { name: 'example.com/a:b', descriptor: two },
  ]);
  assert.deepEqual(damaged, []);
  assert.equal(await removeRef(store.paths, NAME), true);
  assert.equal(await removeRef(store.paths, NAME), false);
  assert.equal(await getRef(store.paths, NAME), undefined);
  assert.deepEqual(readdirSync(store.paths.ingest), []);
});

test('index.json lists what the references say, by their names', async (t) => {
  const store = await emptyStore(t);
  assert.deepEqual(indexOf(store), []);
  const blob = await storedBlob(store);
  await putRef(store.paths, NAME, blob);
  await putRef(store.paths, 'oci:/an/archive', blob);
  assert.deepEqual(
    indexOf(store).map(({ annotations }) => annotations?.['org.opencontainers.image.ref.name']),
    [NAME, undefined],
    'a path is no name in the grammar of the annotation, but its blobs stay listed',
  );
  assert.equal(execFileSync('umoci', ['list', '--layout', store.paths.image], { encoding: 'utf8' }).includes(NAME), true);
  await removeRef(store.paths, NAME);
  assert.equal(indexOf(store).length, 1);
});

test('a writer that died between the reference and index.json is made up for', async (t) => {
  const store = await emptyStore(t);
  await putRef(store.paths, NAME, await storedBlob(store));
  const index = join(store.paths.image, 'index.json');
  writeFileSync(index, '{"schemaVersion":2,"manifests":[]}');
  utimesSync(index, 0, 0);
  await store.init();
  assert.equal(indexOf(store).length, 1);
  const { mtimeNs } = statSync(index, { bigint: true });
  await store.init();
  assert.equal(statSync(index, { bigint: true }).mtimeNs, mtimeNs, 'written again only when needed');
});

test('a damaged reference is reported and hides no other', async (t) => {
  const store = await emptyStore(t);
  const blob = await storedBlob(store);
  await putRef(store.paths, NAME, blob);
  await putRef(store.paths, 'example.com/good:1', blob);
  for (const text of [
    '',
    '{',
    'null',
    '[]',
    '{"name":"x"}',
    '{"name":1,"descriptor":{}}',
    JSON.stringify({ name: 'another', descriptor: blob }),
  ]) {
    writeFileSync(refPath(store.paths, NAME), text);
    const { refs, damaged } = await listRefs(store.paths);
    assert.deepEqual(
      refs.map(({ name }) => name),
      ['example.com/good:1'],
    );
    assert.deepEqual(
      damaged.map(({ path }) => path),
      [refPath(store.paths, NAME)],
    );
    await assert.rejects(getRef(store.paths, NAME), { code: 'ERR_TSRUN_STORE_UNREADABLE', hint: /pull the image again/ });
  }
  await putRef(store.paths, 'example.com/good:2', blob);
  assert.equal(indexOf(store).length, 2);
  await putRef(store.paths, NAME, blob);
  assert.deepEqual(await getRef(store.paths, NAME), blob, 'a pull mends it');
  writeFileSync(refPath(store.paths, NAME), '{');
  assert.equal(await removeRef(store.paths, NAME), true, 'and it can be removed');
});

test('names written at the same time are all there', async (t) => {
  const store = await emptyStore(t);
  const blob = await storedBlob(store);
  const names = Array.from({ length: 20 }, (_, index) => `example.com/image:${index}`);
  await Promise.all(names.map((name) => putRef(store.paths, name, blob)));
  assert.equal(indexOf(store).length, 20);
  assert.equal((await listRefs(store.paths)).refs.length, 20);
});

test('a store without references lists none', async (t) => {
  const store = await emptyStore(t);
  rmSync(store.paths.refs, { recursive: true });
  assert.deepEqual(await listRefs(store.paths), { refs: [], damaged: [] });
});
