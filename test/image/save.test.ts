import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { imageId, readImage } from '../../src/image/image.js';
import { loadImages } from '../../src/image/load.js';
import { succeed } from '../harness/process.js';
import { session, write } from './archive-fixture.js';
import { HOST } from './fixture.js';
import { ARM, assertAlone, blobsOf, loaded, manyImages, namesOf, place, put, save } from './save-fixture.js';

const ALL = ['one:1', 'example.com/team/one', 'both'];

test('what is saved and loaded has every digest and name that it had, whatever the format, compressed or not', async (t) => {
  const { here } = await manyImages(t);
  const before = { names: await namesOf(here), blobs: blobsOf(here) };
  for (const transport of ['docker-archive', 'oci-archive', 'oci']) {
    const to = `${transport}:${place('a.tar')}`;
    const path = to.slice(to.indexOf(':') + 1);
    await save(here, ALL, to, { platform: 'all' });
    const { there, names } = await loaded(t, path);
    assert.deepEqual({ names, blobs: blobsOf(there) }, before, to);
    assertAlone(path, ['a.tar']);
    if (transport === 'oci') continue;
    const bytes = readFileSync(path);
    const zst = place('a.tar.zst');
    await succeed(['zstd', '-q', path, '-o', zst]);
    for (const compressed of [write(gzipSync(bytes)), zst]) {
      const again = await loaded(t, compressed);
      assert.deepEqual({ names: again.names, blobs: blobsOf(again.there) }, before, to);
      assert.deepEqual(readdirSync(again.there.paths.ingest), []);
    }
  }
});

test('the same images give the same bytes, in whatever order they are named, without times and owners', async (t) => {
  const { here } = await manyImages(t);
  for (const transport of ['docker-archive', 'oci-archive']) {
    const [first, second] = [place('first.tar'), place('second.tar')];
    await save(here, ALL, `${transport}:${first}`);
    await save(here, [...ALL, 'one:1'].reverse(), `${transport}:${second}`);
    assert.ok(readFileSync(first).equals(readFileSync(second)));
    const lines = (await succeed(['tar', '--utc', '--full-time', '--numeric-owner', '-tvf', first])).trim().split('\n');
    for (const line of lines) assert.match(line, /^(-rw-r--r--|drwxr-xr-x) 0\/0 +\d+ 1970-01-01 00:00:00 /);
    const names = lines.map((line) => line.split(' ').at(-1));
    assert.equal(new Set(names).size, names.length);
    assert.equal(names[0], 'blobs/');
  }
});

test("docker's archive says in manifest.json what docker, podman and skopeo look for", async (t) => {
  const { here, blobs, one, mine } = await manyImages(t);
  const path = place('a.tar');
  await save(here, ALL, `docker-archive:${path}`);
  const read = async (name: string) => JSON.parse(await succeed(['tar', '-xOf', path, name]));
  const blob = ({ digest }: { digest: string }) => `blobs/sha256/${digest.slice(7)}`;
  const entry = (RepoTags: string[], manifest: { digest: string }) => {
    const { config, layers } = JSON.parse((blobs.get(manifest.digest) as Buffer).toString());
    return { Config: blob(config), RepoTags, Layers: layers.map(blob) };
  };
  assert.deepEqual(await read('manifest.json'), [
    entry(['docker.io/library/both:latest'], mine),
    entry(['docker.io/library/one:1', 'example.com/team/one:latest'], one),
  ]);
  const repositories = await read('repositories');
  assert.deepEqual(Object.keys(repositories), ['docker.io/library/both', 'docker.io/library/one', 'example.com/team/one']);
  assert.deepEqual(
    (await read('index.json')).manifests.map((each: { annotations: object }) => each.annotations),
    ['docker.io/library/both:latest', 'docker.io/library/one:1', 'example.com/team/one:latest'].map((name) => ({
      'io.containerd.image.name': name,
      'org.opencontainers.image.ref.name': name,
    })),
  );
});

test('an image by its id is saved without a name, and loaded as one that has none', async (t) => {
  const { here, one } = await manyImages(t);
  const path = place('a.tar');
  const id = imageId(await readImage(here.store, 'one', one));
  await save(here, [id.slice(7, 27)], `docker-archive:${path}`);
  const manifest = JSON.parse(await succeed(['tar', '-xOf', path, 'manifest.json']));
  assert.equal(manifest[0].RepoTags, null);
  const there = await session(t);
  assert.deepEqual(await loadImages(there, path), [{ id, digest: one.digest, names: [] }]);
  assert.deepEqual(await namesOf(there), { [`localhost/untagged@${one.digest}`]: one.digest });
  await loadImages(here, path);
  assert.deepEqual(
    Object.keys(await namesOf(here)).filter((name) => name.includes('untagged')),
    [],
    'it has names already',
  );
});

test('of an image for several platforms what is here is saved, one alone, or all of them or none', async (t) => {
  const { here, both, mine, other } = await manyImages(t);
  const path = place('a.tar');
  for (const platform of [HOST, ARM]) {
    await save(here, ['both'], `docker-archive:${path}`, { platform });
    const { there, names } = await loaded(t, path);
    assert.deepEqual(names, { 'docker.io/library/both:latest': both.digest });
    assert.deepEqual([await there.store.has(mine.digest), await there.store.has(other.digest)], [platform === HOST, platform === ARM]);
    const again = place('b.tar');
    await save(there, ['both'], `docker-archive:${again}`);
    assert.ok(readFileSync(path).equals(readFileSync(again)), 'what is here is that one');
    await assert.rejects(save(there, ['both'], `docker-archive:${again}`, { platform: 'all' }), { code: 'ERR_TSRUN_PLATFORM_MISSING' });
    assertAlone(again, ['b.tar']);
  }
  await save(here, ['both'], `docker-archive:${path}`);
  const { there } = await loaded(t, path, ARM);
  assert.deepEqual([await there.store.has(mine.digest), await there.store.has(other.digest)], [false, true]);
  await assert.rejects(loaded(t, path, { os: 'linux', architecture: 's390x' }), { code: 'ERR_TSRUN_PLATFORM_MISSING' });
});

test('what had a name that an archive brings keeps its digest, and a second load changes nothing', async (t) => {
  const { here, blobs } = await manyImages(t);
  const path = place('a.tar');
  await save(here, ['one:1'], `oci-archive:${path}`);
  const there = await manyImages(t);
  const other = blobs.image(['quite another']);
  await put(there.here, blobs, { 'docker.io/library/one:1': other });
  await loadImages(there.here, path);
  const names = await namesOf(there.here);
  assert.equal(names['docker.io/library/one:1'], there.one.digest);
  assert.equal(names[`docker.io/library/one@${other.digest}`], other.digest);
  await loadImages(there.here, path);
  assert.deepEqual(await namesOf(there.here), names);
});

test('saving what is not there writes nothing', async (t) => {
  const { here } = await manyImages(t);
  const path = place('a.tar');
  await assert.rejects(save(here, ['one:1', 'none'], `docker-archive:${path}`), { code: 'ERR_TSRUN_IMAGE_NOT_FOUND' });
  assert.deepEqual(readdirSync(dirname(path)), []);
});
