import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, renameSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { leastRecentlyUsed } from '../../src/api/gc-choice.js';
import { removeEntries } from '../../src/api/prune-images.js';
import { resolveImage } from '../../src/api/resolve-image.js';
import { openSession } from '../../src/api/session.js';
import { putRef, refPath } from '../../src/content/refs.js';
import { checkStore, diskUsage, gc, images, pruneImages, tagImage } from '../../src/index.js';
import type { StorePaths } from '../../src/paths.js';
import type { Descriptor } from '../../src/spec/image.js';
import { idOf, madeContainer, storeOf } from './store.js';

const DAY = 86_400;

test('without limits what nothing needs goes; with them the images used least recently, but none of a container’s', async (t) => {
  const { blobs, session, roots, tags } = await storeOf(t, ['a', 'b', 'c', 'd', 'used']);
  const { paths } = session;
  const now = Date.now() / 1000;
  const usedAgo = (name: string, days: number) => utimesSync(refPath(paths, name), now - days * DAY, now - days * DAY);
  const names = async () => (await images(roots)).flatMap((image) => image.names.map((name) => name.replace(/^.*:/, ''))).sort();
  madeContainer(session, 'a', idOf(blobs, tags['used']));
  for (const [index, name] of ['d', 'c', 'b', 'a'].entries()) usedAgo(`example.com/app:${name}`, index + 1);
  usedAgo('example.com/app:used', 100);
  writeFileSync(join(paths.image, 'blobs/sha256', 'f'.repeat(64)), 'unneeded');
  writeFileSync(join(paths.ingest, 'half'), '');

  assert.deepEqual(await gc(roots), { untagged: [], deleted: [`sha256:${'f'.repeat(64)}`], reclaimed: 8 });
  assert.deepEqual((await gc({ ...roots, olderThan: '84h' })).untagged, ['example.com/app:a']);

  // One of two names that was used later keeps the image; each image takes three blocks here.
  await tagImage('example.com/app:b', ['example.com/again:b2'], roots);
  const { size } = (await diskUsage(roots)).images;
  const [one] = (await diskUsage(roots)).images.items;
  const each = (one?.unique ?? 0) + (one?.shared ?? 0);
  assert.deepEqual((await gc({ ...roots, maxSize: String(size) })).untagged, []);
  assert.deepEqual((await gc({ ...roots, maxSize: String(size - 1) })).untagged, ['example.com/app:c']);
  assert.deepEqual((await gc({ ...roots, maxSize: String(size - each - 1) })).untagged, ['example.com/app:d']);

  const notes: string[] = [];
  await gc({ ...roots, maxSize: '1', onNote: (note) => notes.push(note) });
  assert.deepEqual(await names(), ['used']);
  assert.match(notes[0] ?? '', /^\d+ bytes are left, above the limit: containers need them$/);
  await assert.rejects(gc({ ...roots, maxSize: 'much' }), { code: 'ERR_TSRUN_USAGE', message: '--max-size "much" is not a size' });
  await assert.rejects(gc({ ...roots, olderThan: 'long' }), { code: 'ERR_TSRUN_USAGE' });
});

test('a run of an image is a use of it, recorded once an hour', async (t) => {
  const { session, roots } = await storeOf(t, ['a']);
  const path = refPath(session.paths, 'example.com/app:a');
  const used = () => Math.round(statSync(path).mtimeMs / 1000);
  const now = Math.round(Date.now() / 1000);
  utimesSync(path, now - 1000, now - 1000);
  await resolveImage(openSession(roots), 'example.com/app:a', 'missing', roots);
  assert.equal(used(), now - 1000);
  utimesSync(path, now - 2 * DAY, now - 2 * DAY);
  await resolveImage(openSession(roots), 'example.com/app:a', 'missing', roots);
  assert.ok(used() >= now);
});

test('what was chosen goes only if it still is what it was, and nobody has used it since', async (t) => {
  const { session, roots, tags } = await storeOf(t, ['a', 'b', 'c']);
  const { entries } = await leastRecentlyUsed(session, { maxSize: 0 });
  await putRef(session.paths, 'example.com/app:a', tags['b'] as never);
  utimesSync(refPath(session.paths, 'example.com/app:b'), 1, 1);
  assert.deepEqual((await removeEntries(session, entries)).untagged, ['example.com/app:c']);
  assert.deepEqual((await images(roots)).flatMap(({ names }) => names).sort(), ['example.com/app:a', 'example.com/app:b']);
});

test('where a reference, a manifest or a container cannot be read nothing is collected', async (t) => {
  const places = {
    reference: (paths: StorePaths) => refPath(paths, 'example.com/app:b'),
    manifest: (paths: StorePaths, { digest }: Descriptor) => paths.blob(digest),
    container: (paths: StorePaths) => join(paths.containers, 'a'.repeat(64), 'config.json'),
  };
  for (const [what, pathOf] of Object.entries(places)) {
    const { blobs, session, roots, tags } = await storeOf(t, ['a', 'b']);
    const { paths } = session;
    madeContainer(session, 'a', idOf(blobs, tags['b']), ['diff-needed']);
    mkdirSync(join(paths.layersOf('single'), `diff-${'d'.repeat(64)}`), { recursive: true });
    const count = readdirSync(join(paths.image, 'blobs/sha256')).length;
    const path = pathOf(paths, tags['b'] as Descriptor);
    renameSync(path, join(paths.base, 'aside'));
    symlinkSync(path, path); // ELOOP: what no one may read, root neither
    const collect = [() => pruneImages({ ...roots, all: true }), () => gc({ ...roots, maxSize: '0' }), () => gc(roots)];
    for (const act of collect) await assert.rejects(act(), { code: 'ERR_TSRUN_STORE_UNREADABLE' }, what);
    rmSync(path);
    renameSync(join(paths.base, 'aside'), path);
    assert.deepEqual(
      (await checkStore(roots)).findings.filter(({ kind }) => kind !== 'layer'),
      [],
      what,
    );
    assert.equal(readdirSync(join(paths.image, 'blobs/sha256')).length, count, what);
  }
});
