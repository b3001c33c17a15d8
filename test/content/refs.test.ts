import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { getRef, lastUse, listRefs, putRef, refPath, removeRefs } from '../../src/content/refs.js';
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
  assert.deepEqual(await removeRefs(store.paths, [{ name: NAME, descriptor: two }]), [NAME]);
  assert.deepEqual(await removeRefs(store.paths, [{ name: NAME, descriptor: two }]), []);
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
  await removeRefs(store.paths, [{ name: NAME, descriptor: blob }]);
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
  assert.deepEqual(await removeRefs(store.paths, [{ name: NAME, descriptor: blob }]), [], 'it is not what was read');
  assert.deepEqual(await removeRefs(store.paths, [{ name: NAME, descriptor: undefined }]), [NAME], 'and it can be removed');
});

test('a registry is remembered as long as a name is what it gave, and passed on to no other one', async (t) => {
  const { paths, ...store } = await emptyStore(t).then((each) => Object.assign(each, { put: () => storedBlob(each) }));
  const [one, two] = [await store.put(), await store.put()];
  const keep = ({ digest }: { digest: string }) => `example.com/a@${digest}`;
  const pulled = async () => (await listRefs(paths)).refs.filter((ref) => ref.pulled).map(({ name }) => name);
  await putRef(paths, NAME, one);
  assert.deepEqual(await pulled(), []);
  await putRef(paths, NAME, one, { pulled: true });
  await putRef(paths, NAME, one);
  await putRef(paths, 'example.com/tag:1', one);
  assert.deepEqual(await pulled(), [NAME]);
  await putRef(paths, NAME, two, { keep });
  assert.deepEqual(await pulled(), [keep(one)], 'by digest it is to be had there still');
});

test('a name that means another image meanwhile, or was used again, is not removed', async (t) => {
  const store = await emptyStore(t);
  const [one, two] = [await storedBlob(store), await storedBlob(store)];
  await putRef(store.paths, NAME, one);
  const seen = { name: NAME, descriptor: one, used: lastUse(store.paths, NAME) };
  const damaged = { name: NAME, descriptor: undefined };
  utimesSync(refPath(store.paths, NAME), 0, 0);
  const unused = { ...seen, used: lastUse(store.paths, NAME) };
  await putRef(store.paths, NAME, one);
  assert.deepEqual(await removeRefs(store.paths, [unused]), [], 'a pull that found it unchanged wants it');
  await putRef(store.paths, NAME, two);
  assert.deepEqual(await removeRefs(store.paths, [seen, { name: NAME, descriptor: one }, damaged]), []);
  assert.deepEqual(await getRef(store.paths, NAME), two);
});

test('an image that loses a name, or its last one, is asked about under the lock', async (t) => {
  const store = await emptyStore(t);
  const images = await Promise.all(Array.from({ length: 8 }, () => storedBlob(store)));
  const digestOf = (name: string) => `example.com/a@${name}`;
  // By eight at a time: each replaces another one, and none is lost.
  await Promise.all(images.map((image) => putRef(store.paths, NAME, image, { keep: ({ digest }) => digestOf(digest) })));
  const { refs } = await listRefs(store.paths);
  assert.deepEqual(refs.map(({ descriptor }) => descriptor.digest).sort(), images.map(({ digest }) => digest).sort());
  const last = (await getRef(store.paths, NAME)) as (typeof images)[0];
  await putRef(store.paths, 'example.com/b:1', last);
  const names = [NAME, 'example.com/b:1'];
  // Two at a time, each of which sees the other's name left.
  const gone = names.map((name) =>
    removeRefs(store.paths, [{ name, descriptor: last }], ({ digest }, _, left) =>
      left.some(({ descriptor }) => descriptor.digest === digest) ? undefined : digestOf(digest),
    ),
  );
  assert.deepEqual((await Promise.all(gone)).flat(), names);
  assert.deepEqual(await getRef(store.paths, digestOf(last.digest)), last);
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
