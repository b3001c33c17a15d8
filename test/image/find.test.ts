import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findImage } from '../../src/image/find.js';
import { imageId } from '../../src/image/image.js';
import { removeImage } from '../../src/image/remove.js';
import type { Descriptor } from '../../src/spec/image.js';
import { Blobs, HOST, stored } from './fixture.js';

test('an image is found by reference, id, beginning of its id, and digest', async (t) => {
  const blobs = new Blobs();
  const one = blobs.image(['one']);
  const index = blobs.index([{ ...one, platform: HOST }]);
  const session = await stored(t, blobs, { one, index, two: blobs.image(['two']) });
  const id: string = blobs.json(one).config.digest;
  const digits = id.slice('sha256:'.length);
  for (const text of [
    'example.com/app:one',
    id,
    digits,
    digits.slice(0, 12),
    id.slice(0, 20),
    `example.com/app@${one.digest}`,
    one.digest,
    `example.com/app:any@${index.digest}`,
    index.digest,
  ]) {
    const image = await findImage(session, text);
    assert.equal(image && imageId(image), id, text);
  }
  for (const text of [
    'example.com/app',
    'example.com/other:one',
    `example.com/other@${one.digest}`,
    '0000000000',
    `sha256:${'0'.repeat(64)}`,
    'app',
    digits.slice(0, 3),
  ]) {
    assert.equal(await findImage(session, text), undefined, text);
  }
  assert.equal(await findImage(session, digits, { os: 'linux', architecture: 'riscv64' }), undefined);
  await assert.rejects(findImage(session, 'Example.com/APP'), { code: 'ERR_TSRUN_REFERENCE_INVALID' });
});

test('an ambiguous beginning of an id is an error that lists the candidates', async (t) => {
  const blobs = new Blobs();
  const tags: Record<string, Descriptor> = {};
  const byStart = new Map<string, number>();
  // Configs differ by a label until two ids begin alike: with four digits, about 300 are needed.
  const configs: { tag: string; start: string }[] = [];
  for (let number = 0; !configs.some(({ start }) => (byStart.get(start) ?? 0) > 1); number += 1) {
    const image = blobs.image(['x'], { config: { Labels: { number: String(number) } } });
    const start = blobs.json(image).config.digest.slice(7, 11);
    tags[`t${number}`] = image;
    configs.push({ tag: `t${number}`, start });
    byStart.set(start, (byStart.get(start) ?? 0) + 1);
  }
  const alike = configs.at(-1)?.start ?? '';
  const chosen = configs.filter(({ start }) => start === alike);
  const session = await stored(t, blobs, Object.fromEntries(chosen.map(({ tag }) => [tag, tags[tag] as Descriptor])));
  await assert.rejects(findImage(session, alike), { code: 'ERR_TSRUN_IMAGE_AMBIGUOUS', message: /one of 2 images/ });
  await assert.rejects(removeImage(session, alike), { code: 'ERR_TSRUN_IMAGE_AMBIGUOUS' });
});
