import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { importArchive } from '../../src/image/archive.js';
import { imageId } from '../../src/image/image.js';
import { listImages } from '../../src/image/list.js';
import { digest } from '../content/fixture.js';
import { archive, CONFIG, CONFIG_NAME, image, LAYERS, saved, session, write } from './archive-fixture.js';
import { tar } from './fixture.js';

test('the archives of docker save, old and hybrid, give one and the same manifest each time', async (t) => {
  const here = await session(t);
  const old = await importArchive(here, archive(`docker-archive:${write(saved())}`));
  assert.equal(imageId(old), `sha256:${CONFIG_NAME.slice(0, 64)}`);
  assert.deepEqual(
    old.layers.map(({ diffId }) => diffId as string),
    LAYERS.map(digest),
  );
  const hybrid = tar([
    ...[...new Set(LAYERS)].map((layer) => ({ name: `blobs/sha256/${digest(layer).slice(7)}`, data: layer })).slice(0, 2),
    { name: `blobs/sha256/${CONFIG_NAME.slice(0, 64)}`, data: CONFIG },
    { name: 'oci-layout', data: '{"imageLayoutVersion":"1.0.0"}' },
    { name: 'index.json', data: '{"schemaVersion":2,"manifests":[]}' },
    {
      name: 'manifest.json',
      data: JSON.stringify([
        image({
          Config: `blobs/sha256/${CONFIG_NAME.slice(0, 64)}`,
          RepoTags: null,
          Layers: LAYERS.map((layer) => `blobs/sha256/${digest(layer).slice(7)}`),
        }),
      ]),
    },
  ]);
  assert.equal((await importArchive(here, archive(`docker-archive:${write(hybrid)}`))).target.digest, old.target.digest);
  const compressed = saved({ one: { name: 'a/layer.tar', data: gzipSync(LAYERS[0] as Buffer) } });
  const gzipped = await importArchive(here, archive(`docker-archive:${write(compressed)}`));
  assert.deepEqual(
    gzipped.layers.map(({ descriptor }) => descriptor.mediaType.split('.').at(-1)),
    ['tar+gzip', 'tar', 'tar+gzip'],
  );
  assert.equal(imageId(gzipped), imageId(old));
});

test('of several images in an archive the tag decides', async (t) => {
  const here = await session(t);
  const path = write(saved({}, [image(), image({ RepoTags: ['docker.io/library/other:latest'] })]));
  await assert.rejects(importArchive(here, archive(`docker-archive:${path}`)), { code: 'ERR_TSRUN_IMAGE_AMBIGUOUS', message: /app:1/ });
  await assert.rejects(importArchive(here, archive(`docker-archive:${path}:third`)), { code: 'ERR_TSRUN_IMAGE_NOT_FOUND' });
  assert.equal((await importArchive(here, archive(`docker-archive:${path}:other`))).name, `docker-archive:${path}:other`);
});

test('an archive that changed replaces what it was before', async (t) => {
  const here = await session(t);
  const path = write(saved());
  const before = await importArchive(here, archive(`docker-archive:${path}`));
  const config = CONFIG.replace('"sh"', '"ash"');
  writeFileSync(path, saved({ config: { name: CONFIG_NAME, data: config } }));
  const after = await importArchive(here, archive(`docker-archive:${path}`));
  assert.deepEqual(after.config.config?.Cmd, ['ash']);
  assert.equal(await here.store.has(imageId(before)), false);
  assert.equal((await listImages(here)).images.length, 1);
});

test('long names of GNU and PAX archives are read, hard links followed', async (t) => {
  const here = await session(t);
  const long = `${'d'.repeat(90)}/${'e'.repeat(90)}`;
  const paxRecord = (key: string, value: string) => {
    const rest = ` ${key}=${value}\n`;
    const length = String(rest.length + 3).length + rest.length;
    return `${length}${rest}`;
  };
  const bytes = tar([
    { name: '././@LongLink', type: 'L', data: `${long}\0` },
    { name: 'cut', data: LAYERS[0] as Buffer },
    { name: 'pax', type: 'x', data: paxRecord('path', `${long}2`) },
    { name: 'cut', data: LAYERS[1] as Buffer },
    { name: '././@LongLink', type: 'K', data: `${long}\0` },
    { name: 'third.tar', type: '1', link: 'cut' },
    { name: CONFIG_NAME, data: CONFIG },
    { name: 'manifest.json', data: JSON.stringify([image({ Layers: [long, `${long}2`, 'third.tar'] })]) },
  ]);
  assert.equal((await importArchive(here, archive(`docker-archive:${write(bytes)}`))).layers.length, 3);
});
