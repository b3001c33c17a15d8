import assert from 'node:assert/strict';
import { linkSync, mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { prepare } from '../../src/cli/listing/listing.js';
import { USAGE, usageRows, usageTables } from '../../src/cli/listing/usage.js';
import { diskUsage, pruneImages } from '../../src/index.js';
import { OCI_CONFIG, OCI_MANIFEST } from '../../src/spec/media-types.js';
import { tryLock } from '../../src/sys/flock.js';
import { digest } from '../content/fixture.js';
import { GZIP_LAYER, HOST, tar } from '../image/fixture.js';
import { idOf, madeContainer, storeOf } from './store.js';

/** Bytes of blocks, on a file system that gives them out by 4 KiB. */
const whole = (bytes: number) => Math.ceil(bytes / 4096) * 4096;

test('what is counted is what the disk has, and what is reclaimable is what prune frees', async (t) => {
  const shared = tar([{ name: 'shared', data: Buffer.alloc(20_000, 'x') }]);
  const { blobs, session, roots, tags } = await storeOf(t, ['used'], (more) => {
    const layered = (text: string) => {
      const own = tar([{ name: 'own', data: text }]);
      const layers = [shared, own].map((bytes) => more.put(GZIP_LAYER, gzipSync(bytes, { level: 0 })));
      const config = more.put(OCI_CONFIG, { ...HOST, rootfs: { type: 'layers', diff_ids: [digest(shared), digest(own)] } });
      return more.put(OCI_MANIFEST, { schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers });
    };
    return { one: layered('one'), two: layered('two') };
  });
  const { paths } = session;
  const used = idOf(blobs, tags['used']);
  const layer = (digit: string, files: (diff: string) => void) => {
    const diff = join(paths.layersOf('single'), `diff-${digit.repeat(64)}`, 'diff');
    mkdirSync(diff, { recursive: true });
    writeFileSync(join(diff, '../layer.json'), '{}');
    files(diff);
  };
  layer('a', (diff) => {
    writeFileSync(join(diff, 'file'), Buffer.alloc(100_000));
    linkSync(join(diff, 'file'), join(diff, 'link'));
    writeFileSync(join(diff, 'sparse'), '');
    truncateSync(join(diff, 'sparse'), 2 ** 30);
  });
  layer('b', (diff) => writeFileSync(join(diff, 'file'), Buffer.alloc(50_000)));
  const container = madeContainer(session, 'c', used, [`diff-${'b'.repeat(64)}`]);
  writeFileSync(join(container, 'log'), Buffer.alloc(30_000));
  mkdirSync(join(paths.volume('data'), '_data'), { recursive: true });
  writeFileSync(join(paths.volume('data'), '_data', 'file'), Buffer.alloc(10_000));
  writeFileSync(join(paths.ingest, 'dead'), Buffer.alloc(5000));
  using _living = tryLock(join(paths.ingest, 'living'), 'exclusive');

  const usage = await diskUsage(roots);
  const { images, containers, volumes, layers, other } = usage;
  assert.deepEqual([images.total, images.active, layers.total, layers.active, containers.total, containers.active], [3, 1, 2, 1, 1, 0]);
  const [one] = images.items.filter(({ names }) => names.includes('example.com/app:one'));
  const sharedBlob = [...blobs].find(([, bytes]) => bytes.length > 20_000)?.[1].length ?? Number.NaN;
  assert.deepEqual([one?.shared, one?.containers], [whole(sharedBlob), 0]);
  assert.ok(
    layers.reclaimable >= whole(100_000) && layers.reclaimable < 2 * whole(100_000),
    `${layers.reclaimable}: links once, holes not at all`,
  );
  assert.equal(containers.reclaimable, containers.size);
  assert.ok(containers.size >= whole(30_000));
  assert.ok(volumes.reclaimable >= whole(10_000));
  assert.equal(other.items.find(({ path }) => path === 'ingest/dead')?.held, false);
  assert.equal(other.items.find(({ path }) => path === 'ingest/living')?.held, true);
  assert.equal(other.reclaimable, whole(5000));

  const table = prepare(USAGE, {}).print(usageRows(usage));
  assert.match(table, /^TYPE +TOTAL +ACTIVE +SIZE +RECLAIMABLE\nImages +3 +1 +[\d.]+kB +[\d.]+kB \(\d+%\)\nContainers +1 +0 /);
  assert.match(usageTables(usage), /Images space usage:\n\nREPOSITORY [\s\S]*Local Volumes space usage:\n\n.*\ndata +0 +[\d.]+kB\n/);

  await pruneImages({ ...roots, all: true });
  const after = await diskUsage(roots);
  assert.equal(images.size - after.images.size, images.reclaimable);
  assert.equal(layers.size - after.layers.size, layers.reclaimable);
  assert.deepEqual([after.images.reclaimable, after.layers.reclaimable], [0, 0]);
});

test('a store that is not there takes nothing', async () => {
  const usage = await diskUsage({ root: '/nonexistent/store', runRoot: '/nonexistent/run' });
  assert.deepEqual(
    usageRows(usage).map(({ size, total }) => size + total),
    [0, 0, 0, 0, 0],
  );
});
