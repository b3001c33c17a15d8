import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { collectLayers } from '../../src/api/layers.js';
import { Lease } from '../../src/content/lease.js';
import { lockStore } from '../../src/content/lock.js';
import type { StorePaths } from '../../src/paths.js';
import type { ChainId, DiffId, Digest } from '../../src/spec/digest.js';
import { tryLockDirectory } from '../../src/sys/flock.js';
import { until } from '../harness/wait.js';
import { Blobs, stored } from '../image/fixture.js';

const id = (digit: string) => `sha256:${digit.repeat(64)}` as string as Digest & DiffId & ChainId;

/** As ensureLayers leaves it, without contents: who owns those does not matter here. */
function unpacked(path: string): string {
  mkdirSync(path, { recursive: true });
  writeFileSync(join(path, 'layer.json'), '{}');
  return path;
}

const store = (t: TestContext, blobs = new Blobs(), tags = {}) => stored(t, blobs, tags);

function layersIn(paths: StorePaths, owners = 'single'): string[] {
  return readdirSync(paths.layersOf(owners)).sort();
}

test('layers that no image and no container needs go, in whatever form and whoever owns them', async (t) => {
  const session = await store(t);
  const { paths } = session;
  for (const owners of ['single', 'range-1']) {
    unpacked(paths.diffLayer(owners, id('a')));
    unpacked(paths.chainLayer(owners, id('b')));
    unpacked(paths.flatLayer(owners, id('c')));
  }
  mkdirSync(join(paths.layersOf('range-1'), `new-diff-${'d'.repeat(64)}`));
  writeFileSync(join(paths.layersOf('single'), 'notes'), 'not a layer');
  await collectLayers(session);
  assert.deepEqual(layersIn(paths), ['notes']);
  assert.deepEqual(layersIn(paths, 'range-1'), [], 'nor what a killed process left half-made');
  assert.deepEqual(
    readdirSync(paths.locks).filter((name) => name.startsWith('layer-')),
    [],
    'no lock file is left',
  );
});

test('layers of an image in the store stay, though none but its reference says so yet', async (t) => {
  const blobs = new Blobs();
  const one = blobs.image(['base', 'one']);
  const session = await store(t, blobs, { one });
  const { paths } = session;
  const { diff_ids } = blobs.json(blobs.json(one).config).rootfs;
  const needed = diff_ids.map((diffId: DiffId) => unpacked(paths.diffLayer('single', diffId)));
  unpacked(paths.diffLayer('single', id('a')));
  await collectLayers(session);
  assert.deepEqual(layersIn(paths), needed.map((path: string) => basename(path)).sort());
});

test('layers of containers stay: kept ones and --rm ones, whether they run or not', async (t) => {
  const session = await store(t);
  const { paths } = session;
  const needed = [
    [paths.containers, 'a'],
    [paths.transient, 'b'],
  ].map(([directory = '', digit = '']) => {
    const layer = unpacked(paths.diffLayer('single', id(digit)));
    const container = join(directory, digit.repeat(64));
    mkdirSync(container, { recursive: true });
    const annotations = { 'io.tsrun.layers': `${basename(layer)},flat-${'e'.repeat(64)}` };
    writeFileSync(join(container, 'config.json'), JSON.stringify({ annotations }));
    return basename(layer);
  });
  unpacked(paths.diffLayer('single', id('c')));
  await collectLayers(session);
  assert.deepEqual(layersIn(paths), needed);
});

test('layers that are in use, being made, or wanted by a process that is about to unpack, stay', async (t) => {
  const session = await store(t);
  const { paths } = session;
  const [running, making, leased] = ['a', 'b', 'c'].map((digit) => unpacked(paths.diffLayer('single', id(digit)))) as [
    string,
    string,
    string,
  ];
  const chain = unpacked(paths.chainLayer('single', id('c')));
  using lease = new Lease(paths);
  await lease.protect([id('c')]);
  using run = tryLockDirectory(running, 'shared');
  using maker = await lockStore(paths, `layer-single-${basename(making)}`, 'exclusive');
  await collectLayers(session);
  for (const path of [running, making, leased, chain]) assert.ok(existsSync(path), path);
  run?.release();
  maker.release();
  lease[Symbol.dispose]();
  await collectLayers(session);
  assert.deepEqual(layersIn(paths), []);
});

test('nobody can begin to unpack while needs are read', async (t) => {
  const session = await store(t);
  const { paths } = session;
  const layer = unpacked(paths.diffLayer('single', id('a')));
  using lease = new Lease(paths);
  const held = await lockStore(paths, 'gc', 'shared');
  let done = false;
  const collecting = collectLayers(session).then(() => {
    done = true;
  });
  const protecting = lease.protect([id('a')]);
  await protecting; // shared, beside the lock held above: it comes before the collection
  assert.equal(await until(() => done, 50), false);
  held.release();
  await collecting;
  assert.ok(existsSync(layer));
});
