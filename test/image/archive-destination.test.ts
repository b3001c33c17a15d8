import assert from 'node:assert/strict';
import { cpSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { importArchive, openArchivedImage } from '../../src/image/archive.js';
import { openArchiveDestination } from '../../src/image/archive-destination.js';
import { deliver, type ImageDestination, sendImage } from '../../src/image/destination.js';
import { loadImages } from '../../src/image/load.js';
import { saveImages } from '../../src/image/save.js';
import { parseReference } from '../../src/reference/parse.js';
import type { Descriptor } from '../../src/spec/image.js';
import { temporaryDirectory } from '../harness/temporary.js';
import { archive, session } from './archive-fixture.js';
import { Blobs } from './fixture.js';
import { ARM, assertAlone, blobsOf, loaded, manyImages, place, save } from './save-fixture.js';

const indexOf = (layout: string) => JSON.parse(readFileSync(join(layout, 'index.json'), 'utf8')).manifests as Descriptor[];
const named = (layout: string) =>
  indexOf(layout).map(({ digest, annotations }) => [annotations?.['org.opencontainers.image.ref.name'], digest]);

test('a layout that is there is added to; a name moves, and what had it stays in the index without one', async (t) => {
  const { here, one, mine, both } = await manyImages(t);
  const layout = place('layout');
  await save(here, ['one:1'], `oci:${layout}:v1`);
  assert.deepEqual(named(layout), [['v1', one.digest]]);
  const index = JSON.parse(readFileSync(join(layout, 'index.json'), 'utf8'));
  writeFileSync(join(layout, 'index.json'), JSON.stringify({ ...index, annotations: { own: 'stays' }, extra: 1 }));
  await save(here, ['both'], `oci:${layout}:v2`);
  await save(here, ['both'], `oci:${layout}:v1`);
  await save(here, ['one:1'], `oci:${layout}`);
  await save(here, ['one:1'], `oci:${layout}`);
  assert.deepEqual(named(layout), [
    ['v2', both.digest],
    ['v1', both.digest],
    ['docker.io/library/one:1', one.digest],
  ]);
  const { annotations, extra } = JSON.parse(readFileSync(join(layout, 'index.json'), 'utf8'));
  assert.deepEqual([annotations, extra], [{ own: 'stays' }, 1]);
  assertAlone(layout, ['layout']);
  for (const [text, digest] of [
    [`oci:${layout}:v2`, both.digest],
    [`oci:${layout}@${one.digest}`, one.digest],
  ] as const) {
    await using opened = await openArchivedImage(here.paths, archive(text), { platform: ARM });
    assert.equal(opened.target.digest, digest);
  }
  await assert.rejects(openArchivedImage(here.paths, archive(`oci:${layout}@${mine.digest}`)), { code: 'ERR_TSRUN_IMAGE_NOT_FOUND' });
});

test('a directory with other things, or with a layout that is broken, is left alone', async (t) => {
  const { here } = await manyImages(t);
  const other = temporaryDirectory();
  writeFileSync(join(other, 'thesis.txt'), 'x');
  for (const transport of ['oci', 'dir'])
    await assert.rejects(save(here, ['one:1'], `${transport}:${other}`), { code: 'ERR_TSRUN_FILE_EXISTS', message: /other things/ });
  writeFileSync(join(other, 'version'), 'Directory Transport Version: 1.1\n');
  await assert.rejects(save(here, ['one:1'], `dir:${other}`), { code: 'ERR_TSRUN_FILE_EXISTS' });
  assert.deepEqual(readdirSync(other).sort(), ['thesis.txt', 'version']);
  const broken = temporaryDirectory();
  writeFileSync(join(broken, 'oci-layout'), '{"imageLayoutVersion":"7.0.0"}');
  await assert.rejects(save(here, ['one:1'], `oci:${broken}`), { code: 'ERR_TSRUN_ARCHIVE_INVALID', message: /must be 1\.x/ });
  writeFileSync(join(broken, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  writeFileSync(join(broken, 'index.json'), '{"manifests":5}');
  await assert.rejects(save(here, ['one:1'], `oci:${broken}`), { code: 'ERR_TSRUN_ARCHIVE_INVALID' });
  assert.deepEqual(readdirSync(broken).sort(), ['index.json', 'oci-layout']);
  for (const [place, why] of [
    [`oci-archive:${other}`, /is a directory/],
    [`docker-archive:${other}/none/a.tar`, /no such file or directory/],
    [`oci:${other}/thesis.txt`, /not a directory/],
  ] as const)
    await assert.rejects(save(here, ['one:1'], place), { code: 'ERR_TSRUN_OUTPUT', message: why });
});

test('dir: holds one image, takes the place of the one before, and comes back with the same digest', async (t) => {
  const { here, one, both } = await manyImages(t);
  const directory = place('image');
  await assert.rejects(save(here, ['one:1', 'both'], `dir:${directory}`), { code: 'ERR_TSRUN_USAGE', message: /one image/ });
  assertAlone(directory, []);
  for (const [image, digest] of [
    ['both', both.digest],
    ['one:1', one.digest],
  ] as const) {
    await save(here, [image], `dir:${directory}`);
    assertAlone(directory, ['image']);
    assert.equal(readFileSync(join(directory, 'version'), 'latin1'), 'Directory Transport Version: 1.1\n');
    const { there, names } = await loaded(t, directory);
    assert.deepEqual(Object.values(names), [digest]);
    const imported = await importArchive(there, archive(`dir:${directory}`));
    assert.deepEqual([imported.name, imported.target.digest], [`dir:${directory}`, digest]);
  }
  writeFileSync(join(directory, 'version'), 'Directory Transport Version: 2.0\n');
  await assert.rejects(loaded(t, directory), { code: 'ERR_TSRUN_ARCHIVE_INVALID', message: /version/ });
});

test('a link stays a link, an empty directory is filled, a device is written to, a function is given the pieces', async (t) => {
  const { here } = await manyImages(t);
  const [file, link] = [place('a.tar'), place('link.tar')];
  writeFileSync(file, 'before');
  symlinkSync(file, link);
  await save(here, ['one:1'], `oci-archive:${link}`);
  assertAlone(link, ['link.tar']);
  const bytes = readFileSync(file);
  assert.ok(readFileSync(link).equals(bytes));
  await save(here, ['one:1'], 'oci-archive:/dev/null');
  const taken: Buffer[] = [];
  const take = async (piece: Uint8Array) => void taken.push(Buffer.from(piece));
  await saveImages(here, ['one:1'], () => openArchiveDestination({ transport: 'oci-archive', path: take }));
  assert.ok(Buffer.concat(taken).equals(bytes));
  const there = await session(t);
  await loadImages(
    there,
    (async function* () {
      yield* taken;
    })(),
  );
  assert.deepEqual(blobsOf(there).length, 4);
  const empty = temporaryDirectory();
  const linked = place('linked');
  symlinkSync(empty, linked);
  await save(here, ['one:1'], `oci:${linked}`);
  assert.deepEqual(readdirSync(empty).sort(), ['blobs', 'index.json', 'oci-layout']);
});

test('what a reference says of the name is what the image is called, and nothing else may be said', async (t) => {
  const { here, one } = await manyImages(t);
  const path = place('a.tar');
  await save(here, ['one:1'], `docker-archive:${path}:other:2`);
  assert.deepEqual(Object.keys((await loaded(t, path)).names), ['docker.io/library/other:2']);
  await save(here, ['one:1'], `oci-archive:${path}:v1`);
  assert.deepEqual(Object.keys((await loaded(t, path)).names), ['localhost/v1:latest']);
  for (const [to, code] of [
    [`docker-archive:${path}:a@${one.digest}`, 'ERR_TSRUN_REFERENCE_INVALID'],
    [`oci-archive:${path}@${one.digest}`, 'ERR_TSRUN_REFERENCE_INVALID'],
    [`oci-archive:${place('b.tar')}:v1`, 'ERR_TSRUN_USAGE'],
  ] as const)
    await assert.rejects(save(here, ['one:1', 'both'], to), { code });
  const twice = await loaded(t, path);
  assert.deepEqual(Object.keys(twice.names), ['localhost/v1:latest'], 'what was there is there still');
});

test('when a blob is not what it should be, or the caller goes, nothing has the name and nothing is left', async (t) => {
  const { here } = await manyImages(t);
  const blobs = new Blobs();
  const image = blobs.image(['fine', 'spoilt']);
  const spoilt = JSON.parse((blobs.get(image.digest) as Buffer).toString()).layers[1].digest as string;
  const source = {
    document: async ({ digest }: Descriptor) => blobs.get(digest) as Buffer,
    async *blob({ digest }: Descriptor) {
      const bytes = Buffer.from(blobs.get(digest) as Buffer);
      if (digest === spoilt) bytes.writeUInt8(bytes.readUInt8(20) ^ 1, 20);
      yield bytes;
    },
  };
  const existing = place('existing');
  await save(here, ['one:1'], `oci:${existing}`);
  const before = place('before');
  cpSync(existing, before, { recursive: true });
  const filled = place('filled');
  await save(here, ['one:1'], `dir:${filled}`);
  const listing = (path: string) => readdirSync(path, { recursive: true, encoding: 'utf8' }).sort();
  const files = listing(filled);
  const empty = temporaryDirectory();
  const fresh = temporaryDirectory();
  for (const to of [
    `oci:${existing}`,
    `dir:${filled}`,
    `oci:${empty}`,
    ...['oci', 'dir', 'oci-archive', 'docker-archive'].map((kind) => `${kind}:${fresh}/new`),
  ]) {
    const ref = parseReference(to);
    if (ref.transport === 'docker') assert.fail(to);
    const send = async (destination: ImageDestination) =>
      deliver(destination, async () => [await sendImage(source, image, destination, { name: 'x', platform: 'all' })]);
    await assert.rejects(send(await openArchiveDestination(ref)), { code: 'ERR_TSRUN_BLOB_DIGEST' }, to);
    const interrupt = AbortSignal.abort();
    await assert.rejects(save(here, ['both'], to, { signal: interrupt }), { code: 'ERR_TSRUN_INTERRUPTED' }, to);
  }
  assert.deepEqual(listing(existing), listing(before));
  assert.ok(readFileSync(join(existing, 'index.json')).equals(readFileSync(join(before, 'index.json'))));
  assert.deepEqual(listing(filled), files);
  assert.deepEqual([listing(empty), listing(fresh)], [[], []]);
  for (const path of [existing, filled]) assertAlone(path, [path.split('/').at(-1) ?? '']);
});

test('a full disk is said so', async (t) => {
  const { here } = await manyImages(t);
  await assert.rejects(save(here, ['one:1'], 'oci-archive:/dev/full'), {
    code: 'ERR_TSRUN_OUTPUT',
    message: '/dev/full cannot be written: no space left on device',
    hint: /free some space/,
  });
});
