import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { putRef } from '../../src/content/refs.js';
import { isDigestName } from '../../src/image/tag.js';
import { images, removeImage, TsrunError, tagImage, untagImage } from '../../src/index.js';
import { Blobs, HOST, stored } from '../image/fixture.js';
import { registriesConf } from './store.js';

async function twoImages(t: TestContext) {
  const blobs = new Blobs();
  const [one, two] = [blobs.image(['one']), blobs.image(['two'])];
  const session = await stored(t, blobs, { one, two });
  const roots = { root: session.paths.roots.data, runRoot: session.paths.roots.run };
  const names = async () => (await images(roots)).flatMap(({ names }) => names).sort();
  const events = () =>
    readFileSync(session.paths.events, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
      .map(({ Action, Actor }) => `${Action} ${Actor.ID} ${Actor.Attributes.name}`);
  return { blobs, one, two, session, roots, names, events };
}

const failsWith = (code: string) => (error: unknown) => error instanceof TsrunError && error.code === code;

test('a tag is a further name of the same image, by reference or by id; what had the name keeps its digest', async (t) => {
  const { blobs, one, two, session, roots, names, events } = await twoImages(t);
  const id = blobs.json(one).config.digest;
  assert.deepEqual(await tagImage('example.com/app:one', ['mine', 'example.com/other:1'], roots), {
    id,
    names: ['docker.io/library/mine:latest', 'example.com/other:1'],
  });
  assert.deepEqual(events(), [`tag ${id} mine:latest`, `tag ${id} example.com/other:1`]);
  await tagImage(id.slice(7, 19), ['example.com/app:two'], roots);
  assert.deepEqual(await names(), [
    'docker.io/library/mine:latest',
    'example.com/app:one',
    'example.com/app:two',
    `example.com/app@${two.digest}`,
    'example.com/other:1',
  ]);
  const index = JSON.parse(readFileSync(join(session.paths.image, 'index.json'), 'utf8'));
  assert.equal(index.manifests.length, 5, 'other tools see it as well');
});

test('an image that loses its last name keeps its digest; rmi takes that', async (t) => {
  const { one, two, roots, names } = await twoImages(t);
  await tagImage('example.com/app:one', ['mine'], roots);
  assert.deepEqual((await untagImage('mine', ['example.com/app:one'], roots)).untagged, ['example.com/app:one']);
  assert.ok((await names()).includes('docker.io/library/mine:latest'));
  assert.deepEqual((await untagImage('mine', [], roots)).untagged, ['docker.io/library/mine:latest']);
  await untagImage('example.com/app:two', [], roots);
  assert.deepEqual(await names(), [`docker.io/library/mine@${one.digest}`, `example.com/app@${two.digest}`]);
  assert.ok((await names()).every(isDigestName));
  await removeImage(`example.com/app@${two.digest}`, roots);
  assert.equal((await names()).length, 1);
});

test('an index is tagged with all of its platforms', async (t) => {
  const blobs = new Blobs();
  const other = { os: 'linux', architecture: 's390x' };
  const index = blobs.index([
    { ...blobs.image(['here']), platform: HOST },
    { ...blobs.image(['there'], { platform: other }), platform: other },
  ]);
  const { paths } = await stored(t, blobs, { multi: index });
  const roots = { root: paths.roots.data, runRoot: paths.roots.run };
  await tagImage('example.com/app:multi', ['copy'], roots);
  assert.equal((await images(roots))[0]?.digest, index.digest);
});

test('a short name is looked for where all other verbs look', async (t) => {
  const { one, two, session, roots, names } = await twoImages(t);
  registriesConf(t)('unqualified-search-registries = ["quay.example"]\n');
  await putRef(session.paths, 'quay.example/short:latest', one);
  await putRef(session.paths, 'docker.io/library/short:latest', two);
  assert.deepEqual((await tagImage('short', ['example.com/found'], roots)).names, ['example.com/found:latest']);
  assert.deepEqual((await untagImage('short', ['short'], roots)).untagged, ['quay.example/short:latest']);
  assert.deepEqual((await untagImage('short', ['short'], roots)).untagged, ['docker.io/library/short:latest']);
  await assert.rejects(untagImage('short', [], roots), failsWith('ERR_TSRUN_IMAGE_NOT_FOUND'));
  assert.deepEqual(await names(), ['example.com/app:one', 'example.com/app:two', 'example.com/found:latest']);
});

test('what is no tag, no image, or another image’s name is refused, and nothing changes', async (t) => {
  const { roots, names } = await twoImages(t);
  const before = await names();
  for (const target of [`app@sha256:${'a'.repeat(64)}`, 'oci:/dir', 'Upper']) {
    await assert.rejects(tagImage('example.com/app:one', ['fine', target], roots), failsWith('ERR_TSRUN_REFERENCE_INVALID'));
  }
  await assert.rejects(tagImage('example.com/app:three', ['fine'], roots), failsWith('ERR_TSRUN_IMAGE_NOT_FOUND'));
  await assert.rejects(untagImage('example.com/app:one', ['example.com/app:two'], roots), failsWith('ERR_TSRUN_IMAGE_NOT_FOUND'));
  assert.deepEqual(await names(), before);
});
