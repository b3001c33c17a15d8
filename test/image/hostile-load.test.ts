import assert from 'node:assert/strict';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { importArchive } from '../../src/image/archive.js';
import { loadImages } from '../../src/image/load.js';
import { OCI_MANIFEST } from '../../src/spec/media-types.js';
import { digest } from '../content/fixture.js';
import { succeed } from '../harness/process.js';
import { archive, CONFIG, CONFIG_NAME, image, LAYERS, layout, saved, session, write } from './archive-fixture.js';
import { Blobs, tar } from './fixture.js';
import { loaded, manyImages, namesOf, place, save } from './save-fixture.js';

const INVALID = { code: 'ERR_TSRUN_ARCHIVE_INVALID' };

test('a name that is none, or that names something else, is refused, and shown without what a terminal would act on', async (t) => {
  const here = await session(t);
  const other = CONFIG.replace('"sh"', '"ash"');
  for (const RepoTags of [
    ['oci:/etc'],
    [`app@${digest(Buffer.from('x'))}`],
    ['../../app:1'],
    ['app:1\u001b[2J'],
    ['APP'],
    [''],
    ['a'.repeat(5000)],
  ])
    await assert.rejects(loadImages(here, write(saved({}, [image(), image({ RepoTags })]))), (error: Error) => {
      assert.match(error.message, /it calls an image ".*", which is no name$/);
      assert.doesNotMatch(error.message, /\p{Cc}/u);
      return error.message.length < 500;
    });
  const two = saved({ other: { name: 'other.json', data: other } }, [image(), image({ Config: 'other.json' })]);
  await assert.rejects(loadImages(here, write(two)), { ...INVALID, message: /disagree about docker\.io\/library\/app:1$/ });
  assert.deepEqual(await namesOf(here), {});
});

/** docker's hybrid by hand. */
function hybrid(manifestJson: object[], entries: object[], blobs: Iterable<Buffer>): Buffer {
  return tar([
    ...[...new Map([...blobs].map((bytes) => [digest(bytes) as string, bytes]))].map(([name, data]) => ({
      name: `blobs/sha256/${name.slice(7)}`,
      data,
    })),
    { name: 'oci-layout', data: '{"imageLayoutVersion":"1.0.0"}' },
    { name: 'index.json', data: JSON.stringify({ schemaVersion: 2, manifests: entries }) },
    { name: 'manifest.json', data: JSON.stringify(manifestJson) },
  ]);
}

test('an archive that is two, and calls different images by one name in each, is refused', async (t) => {
  const here = await session(t);
  const blobs = new Blobs();
  const innocent = blobs.image(['innocent']);
  const entry = { ...innocent, annotations: { 'io.containerd.image.name': 'docker.io/library/app:1' } };
  const files = [...blobs.values(), ...LAYERS, Buffer.from(CONFIG)];
  const at = (bytes: Buffer) => `blobs/sha256/${digest(bytes).slice(7)}`;
  const other = image({ Config: `blobs/sha256/${CONFIG_NAME.slice(0, 64)}`, Layers: LAYERS.map(at) });
  await assert.rejects(loadImages(here, write(hybrid([other], [entry], files))), { ...INVALID, message: /disagree about/ });
  const loadedBoth = await loadImages(here, write(hybrid([{ ...other, RepoTags: ['app:2'] }], [entry], files)));
  assert.deepEqual(
    loadedBoth.map(({ names }) => names),
    [['docker.io/library/app:1'], ['docker.io/library/app:2']],
  );
  const twice = [entry, { ...blobs.image(['another']), annotations: entry.annotations }];
  await assert.rejects(loadImages(here, write(hybrid([], twice, [...files, ...blobs.values()]))), {
    ...INVALID,
    message: /calls several images/,
  });
});

test('what an index names and the archive does not have is not missed; what it has must be what it says', async (t) => {
  const { blobs, both, mine, other } = await manyImages(t);
  const entry = { ...both, annotations: { 'org.opencontainers.image.ref.name': 'example.com/both:1' } };
  const without = (gone: string) => [...blobs].filter(([name]) => name !== gone).map(([, bytes]) => bytes);
  const { there, names } = await loaded(t, write(hybrid([], [entry], without(other.digest))));
  assert.deepEqual(names, { 'example.com/both:1': both.digest });
  assert.deepEqual([await there.store.has(mine.digest), await there.store.has(other.digest)], [true, false]);
  const layer = blobs.json(mine).layers[1].digest as string;
  await assert.rejects(loaded(t, write(hybrid([], [entry], without(layer)))), INVALID);
  await assert.rejects(loaded(t, write(hybrid([], [entry], [blobs.get(both.digest) as Buffer]))), { code: 'ERR_TSRUN_PLATFORM_MISSING' });
  for (const wrong of [
    { size: 5 },
    { mediaType: 'application/vnd.docker.distribution.manifest.v2+json' },
    { digest: digest(LAYERS[0] as Buffer) },
  ])
    await assert.rejects(loaded(t, write(hybrid([], [{ ...entry, ...mine, ...wrong }], blobs.values()))), { code: /^ERR_TSRUN_/ });
  await assert.rejects(loaded(t, write(hybrid([], [{ ...entry, mediaType: OCI_MANIFEST }], blobs.values()))), {
    code: 'ERR_TSRUN_MANIFEST_INVALID',
  });
  await assert.rejects(loaded(t, write(hybrid([], [], blobs.values()))), { ...INVALID, message: /no image/ });
});

test('a byte of any blob that is another one is refused, and nothing is named', async (t) => {
  const { here, blobs } = await manyImages(t);
  for (const transport of ['docker-archive', 'oci-archive']) {
    const path = place('a.tar');
    await save(here, ['one:1', 'both'], `${transport}:${path}`);
    const bytes = readFileSync(path);
    for (const blob of blobs.values()) {
      const spoilt = Buffer.from(bytes);
      const at = bytes.indexOf(blob) + Math.floor(blob.length / 2);
      spoilt.writeUInt8(spoilt.readUInt8(at) ^ 4, at);
      const there = await session(t);
      await assert.rejects(loadImages(there, write(spoilt)), {
        code: /^ERR_TSRUN_(BLOB_DIGEST|CONFIG_INVALID)$/,
      });
      assert.deepEqual(await namesOf(there), {});
      assert.deepEqual(readdirSync(there.paths.ingest), []);
    }
  }
});

test('a directory of somebody else may hold a fifo, or a link to what is not his: neither is read', async (t) => {
  const { here } = await manyImages(t);
  const directory = place('image');
  await save(here, ['one:1'], `dir:${directory}`);
  const [layer = ''] = readdirSync(directory).filter((name) => /^[0-9a-f]{64}$/.test(name));
  const bytes = readFileSync(join(directory, layer));
  rmSync(join(directory, layer));
  await succeed(['mkfifo', join(directory, layer)]);
  await assert.rejects(loaded(t, directory), { ...INVALID, message: /is not a file/ });
  rmSync(join(directory, layer));
  await succeed(['ln', '-s', '/etc/passwd', join(directory, layer)]);
  await assert.rejects(loaded(t, directory), { code: /^ERR_TSRUN_BLOB_/ });
  rmSync(join(directory, layer));
  writeFileSync(join(directory, layer), bytes);
  for (const manifest of ['[]', '{"mediaType":5}', 'x', '{"schemaVersion":1,"fsLayers":[]}', '{"manifests":[],"config":{}}']) {
    writeFileSync(join(directory, 'manifest.json'), manifest);
    const there = await session(t);
    await assert.rejects(importArchive(there, archive(`dir:${directory}`)), { code: /^ERR_TSRUN_(ARCHIVE|MANIFEST)_INVALID$/ }, manifest);
    await assert.rejects(loadImages(there, directory), { code: /^ERR_TSRUN_(ARCHIVE|MANIFEST)_INVALID$/ }, manifest);
    assert.deepEqual(await namesOf(there), {});
  }
});

test("skopeo's and umoci's layouts bring their tags as names of localhost, several platforms of one tag as this machine's", async (t) => {
  const { names } = await loaded(t, layout());
  assert.deepEqual(Object.keys(names), ['localhost/latest:latest', 'localhost/many:latest', 'localhost/plain:latest']);
});
