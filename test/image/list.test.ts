import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { refPath } from '../../src/content/refs.js';
import { listImages } from '../../src/image/list.js';
import { pullImage } from '../../src/image/pull.js';
import { removeImage } from '../../src/image/remove.js';
import { Blobs, HOST, registryReference, stored } from './fixture.js';

const names = (images: { names: string[] }[]) => images.map((image) => image.names);

test('images are listed once each, newest first, with all names, sizes and platforms', async (t) => {
  const blobs = new Blobs();
  const arm = { os: 'linux', architecture: 'arm', variant: 'v7' };
  const old = blobs.image(['old'], { created: '2020-01-01T00:00:00Z' });
  const young = blobs.image(['young', 'young'], { created: '2024-01-01T00:00:00Z' });
  const foreign = blobs.image(['foreign'], { platform: arm, created: '2022-01-01T00:00:00Z' });
  const index = blobs.index([
    { ...old, platform: HOST },
    { ...foreign, platform: arm },
  ]);
  const session = await stored(t, blobs, { old, young, index });
  await pullImage(session, registryReference('example.com/app:index'), { platform: arm });
  const { images, damaged } = await listImages(session);
  assert.deepEqual(names(images), [['example.com/app:young'], ['example.com/app:index'], ['example.com/app:index', 'example.com/app:old']]);
  assert.deepEqual(
    images.map(({ platform }) => platform),
    [HOST, arm, HOST],
  );
  assert.deepEqual(damaged, []);
  const { config, layers } = blobs.json(young);
  assert.equal(images[0]?.size, young.size + config.size + layers[0].size + layers[1].size);
  assert.equal(images[0]?.id, config.digest);
  assert.equal(images[0]?.created, '2024-01-01T00:00:00Z');
  assert.deepEqual(images[0]?.digests, [young.digest]);
});

test('a damaged reference or manifest is listed as such, beside the others', async (t) => {
  const blobs = new Blobs();
  const tags = { a: blobs.image(['a']), b: blobs.image(['b']), c: blobs.image(['c']) };
  const session = await stored(t, blobs, tags);
  writeFileSync(refPath(session.paths, 'example.com/app:a'), '{');
  rmSync(session.paths.blob(tags.b.digest));
  const { images, damaged } = await listImages(session);
  assert.deepEqual(names(images), [['example.com/app:c']]);
  assert.deepEqual(
    damaged.map(({ name, path }) => name ?? path),
    [refPath(session.paths, 'example.com/app:a'), 'example.com/app:b'],
  );
  for (const name of ['a', 'b', 'c'])
    assert.deepEqual((await removeImage(session, `example.com/app:${name}`)).untagged, [`example.com/app:${name}`]);
  assert.deepEqual(await listImages(session), { images: [], damaged: [] });
});
