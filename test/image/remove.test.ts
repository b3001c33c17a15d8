import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { putRef } from '../../src/content/refs.js';
import { findImage } from '../../src/image/find.js';
import { imageId } from '../../src/image/image.js';
import { listImages } from '../../src/image/list.js';
import { pullImage } from '../../src/image/pull.js';
import { removeImage } from '../../src/image/remove.js';
import { Blobs, memoryClient, registryReference, stored } from './fixture.js';

function blobCount(session: { paths: { image: string } }): number {
  return readdirSync(join(session.paths.image, 'blobs/sha256')).length;
}

const names = (images: { names: string[] }[]) => images.map((image) => image.names);

test('by reference one name goes; with the last one, the blobs that no other image needs', async (t) => {
  const blobs = new Blobs();
  const one = blobs.image(['base', 'one']);
  const session = await stored(t, blobs, { one, again: one, two: blobs.image(['base', 'two']) });
  const before = blobCount(session);
  assert.deepEqual(await removeImage(session, 'example.com/app:again'), {
    untagged: ['example.com/app:again'],
    images: [],
    blobs: [],
  });
  const image = (await findImage(session, 'example.com/app:one')) ?? assert.fail();
  const removed = await removeImage(session, 'example.com/app:one');
  assert.deepEqual(removed.images, [imageId(image)]);
  assert.equal(removed.blobs.length, 3, 'manifest, config and its own layer; the base is shared');
  assert.equal(blobCount(session), before - 3);
  assert.ok(await findImage(session, 'example.com/app:two'));
  await removeImage(session, 'example.com/app:two');
  assert.equal(blobCount(session), 0);
  await assert.rejects(removeImage(session, 'example.com/app:two'), { code: 'ERR_TSRUN_IMAGE_NOT_FOUND', hint: /tsrun images/ });
});

test('by id an image with several tags goes by force alone, with all names', async (t) => {
  const blobs = new Blobs();
  const one = blobs.image(['one']);
  const session = await stored(t, blobs, { one, again: one, other: blobs.image(['other']) });
  const id: string = blobs.json(one).config.digest;
  const before = await listImages(session);
  await assert.rejects(removeImage(session, id.slice(7, 19)), {
    code: 'ERR_TSRUN_IMAGE_IN_USE',
    message: `the image ${id.slice(7, 19)} has 2 names: example.com/app:again, example.com/app:one`,
    hint: /tsrun rmi -f/,
  });
  assert.deepEqual(await listImages(session), before);
  const removed = await removeImage(session, id.slice(7, 19), { force: true });
  assert.deepEqual(removed.untagged, ['example.com/app:again', 'example.com/app:one']);
  assert.deepEqual(names((await listImages(session)).images), [['example.com/app:other']]);
});

test('by id the one tag of an image goes with its digests in the same repository; a name elsewhere keeps both', async (t) => {
  const blobs = new Blobs();
  const session = await stored(t, blobs, { one: blobs.image(['one']) });
  const image = (await findImage(session, 'example.com/app:one')) ?? assert.fail();
  const id = imageId(image);
  const { digest } = image.target;
  const named = [`example.com/app@${digest}`, `example.com/app:one@${digest}`];
  for (const name of [...named, `example.com:5000/app@${digest}`]) await putRef(session.paths, name, image.target);
  await assert.rejects(removeImage(session, id), { code: 'ERR_TSRUN_IMAGE_IN_USE' });
  await removeImage(session, `example.com:5000/app@${digest}`);
  assert.deepEqual((await removeImage(session, id)).untagged.sort(), ['example.com/app:one', ...named].sort());
});

test('an image in use is kept, unless another name keeps it or force is used', async (t) => {
  const blobs = new Blobs();
  const one = blobs.image(['one']);
  const session = await stored(t, blobs, { one, again: one });
  const inUse = ({ id }: { id: string }) => (id === blobs.json(one).config.digest ? 'web' : undefined);
  await removeImage(session, 'example.com/app:again', { inUse });
  const before = blobCount(session);
  await assert.rejects(removeImage(session, 'example.com/app:one', { inUse }), {
    code: 'ERR_TSRUN_IMAGE_IN_USE',
    message: /web/,
    hint: /tsrun rm web/,
  });
  assert.equal(blobCount(session), before);
  assert.ok(await findImage(session, 'example.com/app:one'));
  await removeImage(session, 'example.com/app:one', { inUse, force: true });
  assert.equal(blobCount(session), 0);
});

test('removing an image does not take blobs from a pull that is under way', async (t) => {
  const blobs = new Blobs();
  const one = blobs.image(['base', 'one']);
  const two = blobs.image(['base', 'two']);
  const session = await stored(t, blobs, { one });
  const client = memoryClient(blobs, { two });
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const last = blobs.json(two).layers[1].digest;
  client.bodies.set(last, async function* () {
    await held;
    yield blobs.get(last) as Buffer;
  });
  const pulling = pullImage({ ...session, client }, registryReference('example.com/app:two'));
  while (!client.asked.includes(last)) await new Promise((resolve) => setTimeout(resolve, 5));
  const removed = await removeImage(session, 'example.com/app:one');
  assert.equal(removed.blobs.length, 3, 'not the base, which the pull found present');
  release();
  const image = await pulling;
  for (const { descriptor } of image.layers) assert.equal(await session.store.has(descriptor.digest), true);
});

test('a reference to what is no image can be removed', async (t) => {
  const session = await stored(t, new Blobs(), {});
  await putRef(session.paths, 'example.com/app:odd', { mediaType: 'text/plain', digest: `sha256:${'a'.repeat(64)}` as never, size: 1 });
  assert.equal((await listImages(session)).damaged.length, 1);
  assert.deepEqual((await removeImage(session, 'example.com/app:odd')).untagged, ['example.com/app:odd']);
});
