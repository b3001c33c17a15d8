import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { PullEvent } from '../../src/api/options.js';
import { getRef, listRefs } from '../../src/content/refs.js';
import { TsrunError } from '../../src/errors.js';
import { findImage } from '../../src/image/find.js';
import { imageId } from '../../src/image/image.js';
import { pullImage } from '../../src/image/pull.js';
import { createRegistryClient } from '../../src/registry/client.js';
import { emptyStore } from '../content/fixture.js';
import { writeLayout } from '../harness/layout.js';
import { succeed } from '../harness/process.js';
import { startRegistry } from '../harness/registry.js';
import { temporaryDirectory } from '../harness/temporary.js';
import { Blobs, HOST, memoryClient, registryReference, tar } from './fixture.js';

const REF = registryReference('example.com/app:1');
const NAME = 'example.com/app:1';
const ARM = { os: 'linux', architecture: 'arm64' };
const FOREIGN = { os: 'linux', architecture: 's390x' };

async function session(t: Parameters<typeof emptyStore>[0], blobs: Blobs, tags: Parameters<typeof memoryClient>[1]) {
  const store = await emptyStore(t);
  return { store, paths: store.paths, client: memoryClient(blobs, tags) };
}

test('an image from a real registry is read by skopeo and umoci as it stands in the store', async (t) => {
  await using registry = await startRegistry();
  const layout = temporaryDirectory();
  const tars = ['one', 'two', 'three', 'four', 'five'].map((text) => tar([{ name: text, data: text.repeat(10_000) }]));
  writeLayout(layout, [{ tag: 'latest', layers: tars.map((each) => ({ tar: each })), config: { Cmd: ['sh'], Env: ['A=b'] } }]);
  const pushed = await registry.push(`oci:${layout}:latest`, 'team/app:1.0');
  const store = await emptyStore(t);
  const client = createRegistryClient({ env: {}, userAgent: 'test' });
  t.after(() => client.close());
  const events: PullEvent[] = [];
  const pulling = { store, paths: store.paths, client };
  const image = await pullImage(pulling, registryReference(pushed), { onProgress: (event) => events.push(event) });
  assert.equal(image.name, pushed);
  assert.deepEqual(image.config.config?.Cmd, ['sh']);
  assert.equal(image.layers.length, 5);

  const inspected = JSON.parse(await succeed(['skopeo', 'inspect', `oci:${store.paths.image}:${pushed}`]));
  assert.equal(inspected.Digest, image.target.digest);
  assert.deepEqual(
    inspected.Layers,
    image.manifest.layers.map((layer) => layer.digest),
  );
  assert.equal((await succeed(['umoci', 'list', '--layout', store.paths.image])).trim(), pushed);
  assert.match(await succeed(['umoci', 'stat', '--image', `${store.paths.image}:${pushed}`]), /LAYER/);
  const copied = join(temporaryDirectory(), 'copy');
  await succeed(['skopeo', '--insecure-policy', 'copy', '--quiet', `oci:${store.paths.image}:${pushed}`, `oci:${copied}:x`]);

  assert.deepEqual(events[0], { type: 'resolve', reference: pushed });
  assert.deepEqual(events[1], {
    type: 'manifest',
    digest: image.manifestDescriptor.digest,
    layers: image.manifest.layers.map(({ digest, size }) => ({ digest, size })),
  });
  assert.deepEqual(events.at(-1), { type: 'done', reference: pushed, digest: image.target.digest });
  for (const { digest, size } of image.manifest.layers) {
    const own = events.filter((event) => 'digest' in event && event.digest === digest && event.type !== 'manifest');
    assert.deepEqual(own.at(-2), { type: 'download', digest, bytes: size, size });
    assert.deepEqual(own.at(-1), { type: 'downloaded', digest, alreadyPresent: false });
  }

  const again: PullEvent[] = [];
  await pullImage(pulling, registryReference(pushed), { onProgress: (event) => again.push(event) });
  assert.equal(again.filter((event) => event.type === 'downloaded' && event.alreadyPresent).length, 5);
  assert.equal(again.filter((event) => event.type === 'download').length, 0);
  assert.equal(imageId((await findImage(pulling, pushed)) ?? assert.fail()), imageId(image));
});

test("Docker's schema 2 and an index of a real registry keep their digests", async (t) => {
  await using registry = await startRegistry();
  const layout = temporaryDirectory();
  const layers = [{ tar: tar([{ name: 'a', data: 'a' }]) }];
  writeLayout(layout, [
    { tag: 'one', layers },
    { tag: 'many', layers },
    { tag: 'many', layers, architecture: 's390x' },
  ]);
  const store = await emptyStore(t);
  const client = createRegistryClient({ env: {}, userAgent: 'test' });
  t.after(() => client.close());
  const pulling = { store, paths: store.paths, client };
  const docker = await pullImage(pulling, registryReference(await registry.push(`oci:${layout}:one`, 'app:docker', { format: 'v2s2' })));
  assert.match(docker.target.mediaType, /docker/);
  const many = registryReference(await registry.push(`oci:${layout}:many`, 'app:many', { all: true }));
  const image = await pullImage(pulling, many);
  assert.match(image.target.mediaType, /index/);
  assert.equal(image.config.architecture, HOST.architecture);
  const other = await pullImage(pulling, many, { platform: { os: 'linux', architecture: 's390x' } });
  assert.equal(other.config.architecture, 's390x');
  assert.equal(other.target.digest, image.target.digest);
  await assert.rejects(pullImage(pulling, many, { platform: { os: 'linux', architecture: 'riscv64' } }), {
    code: 'ERR_TSRUN_PLATFORM_MISSING',
    message: /linux\/riscv64, only for .*linux\/s390x/,
  });
});

test('the tag is asked for once, all else by digest, and only the platform wanted', async (t) => {
  const blobs = new Blobs();
  const mine = blobs.image(['a'], { platform: HOST });
  const foreign = blobs.image(['b'], { platform: { os: 'linux', architecture: 's390x' } });
  const index = blobs.index([
    { ...foreign, platform: { os: 'linux', architecture: 's390x' } },
    { ...mine, platform: HOST },
  ]);
  const pulling = await session(t, blobs, { '1': index });
  const image = await pullImage(pulling, REF);
  const { config, layers } = blobs.json(mine);
  assert.deepEqual(pulling.client.asked, ['1', mine.digest, config.digest, layers[0].digest]);
  assert.equal(image.target.digest, index.digest);
  assert.equal(await pulling.store.has(index.digest), true);
  assert.equal(await pulling.store.has(foreign.digest), false);
  assert.deepEqual(await getRef(pulling.paths, NAME), index);
});

test('all platforms of an index come, with what is beside them, when all are asked for', async (t) => {
  const blobs = new Blobs();
  const [mine, foreign] = [blobs.image(['a']), blobs.image(['b'], { platform: FOREIGN })];
  const index = blobs.index([
    { ...mine, platform: HOST },
    { ...foreign, platform: FOREIGN },
  ]);
  const pulling = await session(t, blobs, { '1': index });
  const image = await pullImage(pulling, REF, { allPlatforms: true });
  assert.equal(image.manifestDescriptor.digest, mine.digest);
  for (const manifest of [mine, foreign]) {
    const { config, layers } = blobs.json(manifest);
    for (const { digest } of [manifest, config, ...layers]) assert.equal(await pulling.store.has(digest), true);
  }
  assert.deepEqual(pulling.client.asked.filter((each) => each === blobs.json(mine).layers[0].digest).length, 1, 'nothing comes twice');
  assert.deepEqual(await getRef(pulling.paths, NAME), index);
});

test('a layer that was cut off goes on in the next pull where it was', async (t) => {
  const blobs = new Blobs();
  const manifest = blobs.imageOf([tar([{ name: 'noise', data: randomBytes(3_000_000).toString('base64') }])]);
  const pulling = await session(t, blobs, { '1': manifest });
  const [{ digest, size }] = blobs.json(manifest).layers;
  const bytes = blobs.get(digest) as Buffer;
  const asked: number[] = [];
  pulling.client.bodies.set(digest, async function* (from) {
    asked.push(from);
    yield bytes.subarray(from, 2_000_000);
    if (asked.length === 1) throw new TsrunError('ERR_TSRUN_REGISTRY_UNREACHABLE', 'cut');
    yield bytes.subarray(2_000_000);
  });
  await assert.rejects(pullImage(pulling, REF), { message: 'cut' });
  const events: PullEvent[] = [];
  await pullImage(pulling, REF, { onProgress: (event) => events.push(event) });
  assert.deepEqual(asked, [0, 2_000_000]);
  assert.deepEqual(
    events.findLast(({ type }) => type === 'download'),
    { type: 'download', digest, bytes: size, size },
  );
});

test('no more than three layers come at once, and a layer that occurs twice comes once', async (t) => {
  const blobs = new Blobs();
  const manifest = blobs.image(['1', '2', '3', '4', '5', '6', '7', '1']);
  const pulling = await session(t, blobs, { '1': manifest });
  let running = 0;
  let most = 0;
  for (const { digest } of blobs.json(manifest).layers) {
    pulling.client.bodies.set(digest, async function* () {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setTimeout(resolve, 20));
      yield blobs.get(digest) as Buffer;
      running -= 1;
    });
  }
  const image = await pullImage(pulling, REF);
  assert.equal(most, 3);
  assert.equal(image.layers.length, 8);
  assert.equal(new Set(image.layers.map(({ chainId }) => chainId)).size, 8);
});

test('when a layer fails its siblings stop, finished blobs stay, and no reference is written', async (t) => {
  const blobs = new Blobs();
  const manifest = blobs.image(['1', '2', '3', '4', '5']);
  const pulling = await session(t, blobs, { '1': manifest });
  const [finished, bad, stalled] = blobs.json(manifest).layers;
  pulling.client.bodies.set(bad.digest, async function* () {
    await new Promise((resolve) => setTimeout(resolve, 50));
    yield Buffer.from('something else');
  });
  pulling.client.bodies.set(stalled.digest, async function* () {
    yield Buffer.alloc(1);
    await new Promise<never>(() => setTimeout(() => undefined, 100_000).unref());
  });
  await assert.rejects(pullImage(pulling, REF), { code: 'ERR_TSRUN_BLOB_SIZE', subject: bad.digest });
  assert.equal(await pulling.store.has(finished.digest), true);
  assert.equal(await pulling.store.has(stalled.digest), false);
  assert.equal(await getRef(pulling.paths, NAME), undefined);
  assert.deepEqual(readdirSync(pulling.paths.ingest), []);
  pulling.client.bodies.clear();
  pulling.client.asked.length = 0;
  await pullImage(pulling, REF);
  assert.equal(pulling.client.asked.includes(finished.digest), false, 'not fetched again');
});

test('^C ends a stalled pull and keeps finished layers', async (t) => {
  const blobs = new Blobs();
  const manifest = blobs.image(['1', '2']);
  const pulling = await session(t, blobs, { '1': manifest });
  const [finished, stalled] = blobs.json(manifest).layers;
  const interrupt = new AbortController();
  let awaited = 2; // one is there, the other one has begun
  const happened = () => {
    awaited -= 1;
    if (awaited === 0) interrupt.abort();
  };
  pulling.client.bodies.set(stalled.digest, async function* () {
    happened();
    yield Buffer.alloc(1);
    await new Promise<never>(() => setTimeout(() => undefined, 100_000).unref());
  });
  const onProgress = (event: PullEvent) => {
    if (event.type === 'downloaded' && event.digest === finished.digest) happened();
  };
  await assert.rejects(pullImage(pulling, REF, { signal: interrupt.signal, onProgress }), { code: 'ERR_TSRUN_INTERRUPTED' });
  assert.equal(await pulling.store.has(finished.digest), true);
  assert.deepEqual(readdirSync(pulling.paths.ingest), []);
  assert.deepEqual((await listRefs(pulling.paths)).refs, []);
});

test('what does not match leaves the reference as it was', async (t) => {
  const blobs = new Blobs();
  const good = blobs.image(['good']);
  const artifact = blobs.put(good.mediaType, {
    schemaVersion: 2,
    config: blobs.put('application/vnd.cncf.helm.config.v1+json', {}),
    layers: [],
  });
  const unknownLayer = blobs.put(good.mediaType, {
    ...blobs.json(good),
    layers: [{ ...blobs.json(good).layers[0], mediaType: 'application/x-squashfs' }],
  });
  const wrongCount = blobs.put(good.mediaType, { ...blobs.json(good), layers: [] });
  const both = blobs.put(good.mediaType, { ...blobs.json(good), manifests: [] });
  const lyingIndex = blobs.index([{ ...good, size: good.size - 1, platform: HOST }]);
  const otherPlatform = blobs.index([{ ...blobs.image(['x'], { platform: { os: 'windows', architecture: 'amd64' } }), platform: HOST }]);
  const tags = { '1': good, artifact, unknownLayer, wrongCount, both, lyingIndex, otherPlatform };
  const pulling = await session(t, blobs, tags);
  const expected = {
    artifact: 'ERR_TSRUN_MEDIA_TYPE',
    unknownLayer: 'ERR_TSRUN_MEDIA_TYPE',
    wrongCount: 'ERR_TSRUN_CONFIG_INVALID',
    both: 'ERR_TSRUN_MANIFEST_INVALID',
    lyingIndex: 'ERR_TSRUN_BLOB_SIZE',
    otherPlatform: 'ERR_TSRUN_PLATFORM_MISSING',
  };
  await pullImage(pulling, REF);
  for (const [tag, code] of Object.entries(expected)) {
    const moved = {
      ...pulling,
      client: { ...pulling.client, manifest: (ref: typeof REF, by: string) => pulling.client.manifest(ref, by === '1' ? tag : by) },
    };
    await assert.rejects(pullImage(moved, REF), { code }, tag);
    assert.deepEqual(await getRef(pulling.paths, NAME), good);
  }
});

test('an image that loses its tag keeps a name by digest', async (t) => {
  const blobs = new Blobs();
  const tags = { '1': blobs.image(['old']) };
  const old = tags['1'];
  const pulling = await session(t, blobs, tags);
  await pullImage(pulling, REF);
  tags['1'] = blobs.image(['new']);
  await pullImage(pulling, REF);
  assert.deepEqual(
    (await listRefs(pulling.paths)).refs.map(({ name }) => name),
    ['example.com/app:1', `example.com/app@${old.digest}`],
  );
});

test('a damaged manifest or config in the store is told apart from a missing one', async (t) => {
  const blobs = new Blobs();
  const manifest = blobs.image(['a']);
  const pulling = await session(t, blobs, { '1': manifest });
  await pullImage(pulling, REF);
  const path = pulling.paths.blob(manifest.digest);
  const bytes = readFileSync(path);
  writeFileSync(path, Buffer.alloc(bytes.length));
  await assert.rejects(findImage(pulling, NAME), { code: 'ERR_TSRUN_BLOB_DIGEST' });
  rmSync(path);
  assert.equal(await findImage(pulling, NAME), undefined);
});

test('an image of 200 layers is pulled', async (t) => {
  const blobs = new Blobs();
  const manifest = blobs.image(Array.from({ length: 200 }, (_, index) => String(index)));
  const pulling = await session(t, blobs, { '1': manifest });
  assert.equal((await pullImage(pulling, REF)).layers.length, 200);
});

test('only the platform that was pulled is found', async (t) => {
  const blobs = new Blobs();
  const index = blobs.index([
    { ...blobs.image(['m']), platform: HOST },
    { ...blobs.image(['a'], { platform: { os: 'linux', architecture: 's390x' } }), platform: { os: 'linux', architecture: 's390x' } },
  ]);
  const pulling = await session(t, blobs, { '1': index });
  await pullImage(pulling, REF, { platform: { os: 'linux', architecture: 's390x' } });
  assert.equal(await findImage(pulling, NAME), undefined);
  assert.equal((await findImage(pulling, NAME, { os: 'linux', architecture: 's390x' }))?.config.architecture, 's390x');
  await pullImage(pulling, REF);
  assert.equal((await findImage(pulling, NAME))?.config.architecture, HOST.architecture);
  assert.equal(
    await findImage(pulling, NAME, ARM.architecture === HOST.architecture ? { os: 'linux', architecture: 'amd64' } : ARM),
    undefined,
  );
});
