import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { images, pruneImages, tagImage } from '../../src/index.js';
import { idOf, madeContainer, storeOf } from './store.js';

test('images without a tag go, and with all of them those that no container was made from', async (t) => {
  const { blobs, session, roots, tags } = await storeOf(t, ['one', 'two', 'used'], (more) => ({
    old: more.image(['old'], { created: '2020-01-01T00:00:00Z', config: { Labels: { keep: 'yes' } } }),
  }));
  const names = async () => (await images(roots)).flatMap((image) => image.names.map((name) => name.replace(/^.*[/:]/, ''))).sort();
  madeContainer(session, 'a', idOf(blobs, tags['used']));
  await tagImage('example.com/app:one', ['example.com/app:two'], roots);

  const dangling = await pruneImages(roots);
  assert.deepEqual(dangling.untagged, [`example.com/app@${tags['two']?.digest}`]);
  assert.equal(dangling.deleted.length, 3, 'manifest, config and layer');
  assert.equal(
    dangling.reclaimed,
    dangling.deleted.reduce((sum, digest) => sum + (blobs.get(digest)?.length ?? Number.NaN), 0),
  );
  assert.deepEqual((await pruneImages(roots)).deleted, []);

  assert.deepEqual((await pruneImages({ ...roots, all: true, filter: ['label=keep', 'until=2000-01-01'] })).untagged, []);
  assert.deepEqual((await pruneImages({ ...roots, all: true, filter: ['label=keep', 'until=24h'] })).untagged, ['example.com/app:old']);
  assert.deepEqual(await names(), ['one', 'two', 'used']);
  assert.deepEqual((await pruneImages({ ...roots, all: true })).untagged, ['example.com/app:one', 'example.com/app:two']);
  assert.deepEqual(await names(), ['used']);
  assert.equal(readdirSync(join(session.paths.image, 'blobs/sha256')).length, 3);
});
