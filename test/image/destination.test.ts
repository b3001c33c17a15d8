import assert from 'node:assert/strict';
import { buffer } from 'node:stream/consumers';
import { test } from 'node:test';
import type { SendEvent } from '../../src/api/options.js';
import { deliver, type ImageDestination, type SendOptions, sendImage } from '../../src/image/destination.js';
import type { ImageSource } from '../../src/image/fetch.js';
import { storedSource } from '../../src/image/stored-source.js';
import type { Descriptor, Platform } from '../../src/spec/image.js';
import { OCI_MANIFEST } from '../../src/spec/media-types.js';
import { digest, pieces } from '../content/fixture.js';
import { Blobs, HOST, stored } from './fixture.js';

const ARM: Platform = { os: 'linux', architecture: 'arm64' };

function sourceOf(blobs: Blobs): ImageSource {
  const bytes = (descriptor: Descriptor) => blobs.get(descriptor.digest) ?? Buffer.alloc(0);
  return { document: async (descriptor) => bytes(descriptor), blob: (descriptor) => pieces(bytes(descriptor), 100) };
}

/** Keeps what comes, in the order in which it came. */
function memoryDestination(present: string[] = []) {
  const came: string[] = [];
  const keep = (descriptor: Descriptor, bytes: Uint8Array) => {
    assert.equal(digest(bytes), descriptor.digest);
    came.push(descriptor.digest);
  };
  const destination: ImageDestination = {
    blobsAtOnce: 3,
    has: async (descriptor) => present.includes(descriptor.digest),
    blob: async (descriptor, bytes) => keep(descriptor, await buffer(bytes)),
    document: async (descriptor, bytes, isTop) => {
      keep(descriptor, bytes);
      if (isTop) came.push('top');
    },
    finish: async (images) => void came.push(`finish ${images.map(({ names }) => names)}`),
    abort: async () => void came.push('abort'),
  };
  return { destination, came };
}

function send(blobs: Blobs, target: Descriptor, to: ReturnType<typeof memoryDestination>, options: Partial<SendOptions> = {}) {
  const all = { name: 'app', names: ['n'], ...options };
  return deliver(to.destination, async () => [await sendImage(sourceOf(blobs), target, to.destination, all)]);
}

test('an index goes with all that it names, the children first, each blob once', async () => {
  const blobs = new Blobs();
  const [mine, other] = [blobs.image(['base', 'mine']), blobs.image(['base', 'other'], { platform: ARM })];
  const attestation = blobs.put(OCI_MANIFEST, {
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    config: blobs.put('application/vnd.oci.image.config.v1+json', { architecture: 'unknown', os: 'unknown' }),
    layers: [blobs.put('application/vnd.in-toto+json', { statement: true })],
  });
  const index = blobs.index([{ ...mine, platform: HOST }, { ...other, platform: ARM }, attestation]);
  const to = memoryDestination();
  const events: SendEvent[] = [];
  const [sent] = await send(blobs, index, to, { platform: 'all', onProgress: (event) => events.push(event) });
  assert.equal(sent?.target.digest, index.digest);
  assert.deepEqual(
    sent?.manifests.map(({ descriptor }) => descriptor.digest),
    [mine, other, attestation].map((each) => each.digest),
  );
  const digests = to.came.filter((one) => one.startsWith('sha256:'));
  assert.equal(new Set(digests).size, digests.length);
  assert.deepEqual(new Set(digests), new Set(blobs.keys()));
  for (const manifest of [mine, other, attestation])
    for (const { digest: below } of [blobs.json(manifest).config, ...blobs.json(manifest).layers])
      assert.ok(digests.indexOf(below) < digests.indexOf(manifest.digest));
  assert.deepEqual(to.came.slice(-3), [index.digest, 'top', 'finish n']);
  assert.equal(events.filter(({ type }) => type === 'uploaded').length, digests.length - 7);
});

test('of an index goes the one platform that is asked for, and what is there is not sent', async () => {
  const blobs = new Blobs();
  const [mine, other] = [blobs.image(['mine']), blobs.image(['other'], { platform: ARM })];
  const index = blobs.index([
    { ...mine, platform: HOST },
    { ...other, platform: ARM },
  ]);
  const layer = blobs.json(other).layers[0].digest;
  const to = memoryDestination([layer]);
  const [sent] = await send(blobs, index, to, { platform: ARM });
  assert.equal(sent?.target.digest, other.digest);
  assert.deepEqual(to.came, [blobs.json(other).config.digest, other.digest, 'top', 'finish n']);
  const wrong = memoryDestination();
  await assert.rejects(send(blobs, mine, wrong, { platform: { os: 'linux', architecture: 's390x' } }), {
    code: 'ERR_TSRUN_PLATFORM_MISSING',
  });
  assert.deepEqual(wrong.came, ['abort']);
});

test('bytes that are not what their digest says never arrive whole', async () => {
  const blobs = new Blobs();
  const image = blobs.image(['text'.repeat(1000)]);
  const layer = blobs.json(image).layers[0].digest;
  for (const [bytes, code] of [
    [Buffer.from(blobs.get(layer) as Buffer).fill(1, 20, 30), 'ERR_TSRUN_BLOB_DIGEST'],
    [Buffer.concat([blobs.get(layer) as Buffer, Buffer.from('x')]), 'ERR_TSRUN_BLOB_SIZE'],
    [Buffer.from(blobs.get(layer) as Buffer).subarray(1), 'ERR_TSRUN_BLOB_SIZE'],
  ] as const) {
    const bad = new Blobs(blobs);
    bad.set(layer, bytes as Buffer);
    const to = memoryDestination();
    let passed = 0;
    to.destination.blob = async (descriptor, chunks) => {
      for await (const chunk of chunks) passed += descriptor.digest === layer ? chunk.length : 0;
    };
    await assert.rejects(send(bad, image, to), { code });
    assert.ok(passed < bytes.length);
    assert.deepEqual(to.came, ['abort']);
  }
});

test('a source that has other places is asked again where the destination can take it', async () => {
  const blobs = new Blobs();
  const image = blobs.image(['one']);
  const layer = blobs.json(image).layers[0].digest;
  for (const takesAgain of [true, false]) {
    let lies = true;
    const right = sourceOf(blobs);
    const source: ImageSource = {
      ...right,
      blob: (descriptor) => (lies && descriptor.digest === layer ? pieces(Buffer.from('other'), 5) : right.blob(descriptor)),
      distrust: ({ digest: wrong }) => {
        lies = false;
        return wrong === layer;
      },
    };
    const { destination, came } = memoryDestination();
    const sent = sendImage(source, image, { ...destination, takesAgain }, { name: 'app' });
    if (takesAgain) assert.equal((await sent).target.digest, image.digest);
    else await assert.rejects(sent, { code: 'ERR_TSRUN_BLOB_SIZE' });
    assert.equal(came.includes(layer), takesAgain);
  }
});

test('what the store has not got is told by name', async (t) => {
  const blobs = new Blobs();
  const image = blobs.image(['one']);
  const { store } = await stored(t, blobs, { 1: image });
  const to = memoryDestination();
  await deliver(to.destination, async () => [await sendImage(storedSource(store), image, to.destination, { name: 'app' })]);
  assert.equal(to.came.length, 5);
  const { digest: missing, size } = blobs.put('x/y', Buffer.from('nowhere'));
  await assert.rejects(buffer(store.stream({ digest: missing, size })), { code: 'ERR_TSRUN_BLOB_MISSING' });
});
