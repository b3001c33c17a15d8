import assert from 'node:assert/strict';
import {
  appendFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { checkLines } from '../../src/cli/listing/check.js';
import { lockStore } from '../../src/content/lock.js';
import { refPath } from '../../src/content/refs.js';
import { pullImage } from '../../src/image/pull.js';
import { checkStore, containers, diskUsage, images, removeImage, tagImage, volumes } from '../../src/index.js';
import type { Digest } from '../../src/spec/digest.js';
import { OCI_CONFIG, OCI_MANIFEST } from '../../src/spec/media-types.js';
import { tryLock } from '../../src/sys/flock.js';
import { GZIP_LAYER, HOST, registryReference, tar } from '../image/fixture.js';
import { idOf, madeContainer, storeOf } from './store.js';

const NAME = 'example.com/app:one';

async function ground(t: TestContext) {
  const { blobs, session, roots, tags } = await storeOf(t, ['one']);
  const { paths } = session;
  const manifest = tags['one'];
  const layer = blobs.json(manifest as never).layers[0].digest as Digest;
  const { diff_ids } = blobs.json(blobs.json(manifest as never).config).rootfs;
  const unpacked = paths.diffLayer('single', diff_ids[0]);
  mkdirSync(join(unpacked, 'diff'), { recursive: true });
  writeFileSync(join(unpacked, 'layer.json'), '{"bytes":3}');
  const container = madeContainer(session, 'a', idOf(blobs, manifest));
  mkdirSync(join(paths.volume('data'), '_data'), { recursive: true });
  writeFileSync(join(paths.volume('data'), 'volume.json'), '{"name":"data"}');
  const ref = refPath(paths, NAME);
  return { session, roots, paths, ref, unpacked, container, blob: paths.blob(layer), manifest: paths.blob(manifest?.digest as Digest) };
}

function becomeLink(path: string): void {
  rmSync(path);
  symlinkSync('/etc/passwd', path);
}

type Ground = Awaited<ReturnType<typeof ground>>;

/** What is damaged → what is found, and whether --repair mends it. */
const DAMAGE: Record<string, [damage: (ground: Ground) => void, found: string[], repaired: boolean]> = {
  'a layer with one byte changed': [({ blob }) => writeFileSync(blob, 'x', { flag: 'r+' }), ['blob'], true],
  'a layer that was cut': [({ blob }) => truncateSync(blob, 10), ['blob', 'image'], true],
  'a blob that is a link': [({ blob }) => becomeLink(blob), ['blob', 'image'], true],
  'a blob that grew': [({ blob }) => appendFileSync(blob, 'more'), ['blob', 'image'], true],
  'a damaged manifest': [({ manifest }) => writeFileSync(manifest, 'x', { flag: 'r+' }), ['blob', 'image'], true],
  'a missing layer': [({ blob }) => rmSync(blob), ['image'], false],
  'a missing manifest': [({ manifest }) => rmSync(manifest), ['image'], false],
  'a damaged reference': [({ ref }) => writeFileSync(ref, '{'), ['reference', 'layout'], true],
  'a reference of another name': [
    ({ ref }) =>
      writeFileSync(
        ref.replace(/.$/, (digit) => (digit === '0' ? '1' : '0')),
        '{"name":1}',
      ),
    ['reference'],
    true,
  ],
  'a damaged index.json': [({ paths }) => writeFileSync(join(paths.image, 'index.json'), '{}'), ['layout'], true],
  'a damaged oci-layout': [({ paths }) => writeFileSync(join(paths.image, 'oci-layout'), ''), ['layout'], true],
  'a damaged layer.json': [({ unpacked }) => writeFileSync(join(unpacked, 'layer.json'), '{'), ['layer'], true],
  'a layer without its files': [({ unpacked }) => rmSync(join(unpacked, 'diff'), { recursive: true }), ['layer'], true],
  'a damaged container': [({ container }) => writeFileSync(join(container, 'config.json'), ''), ['container'], false],
  'a damaged status': [({ container }) => writeFileSync(join(container, 'status.json'), '{'), ['container'], false],
  'a damaged volume': [({ paths }) => writeFileSync(join(paths.volume('data'), 'volume.json'), ''), ['volume'], false],
};

test('whatever is damaged is found; what can be had again is removed by --repair, and nothing else', async (t) => {
  for (const [what, [damage, found, repaired]] of Object.entries(DAMAGE)) {
    const place = await ground(t);
    const { roots, session, container, paths } = place;
    assert.deepEqual((await checkStore(roots)).findings, [], `before ${what}`);
    damage(place);
    // Nothing else is stopped by it.
    await Promise.all([images(roots), containers({ ...roots, all: true }), volumes(roots), diskUsage(roots)]);
    const first = await checkStore(roots);
    assert.deepEqual([...new Set(first.findings.map(({ kind }) => kind))].sort(), [...found].sort(), what);
    assert.ok(
      first.findings.every((each) => !each.repaired && each.hint !== ''),
      what,
    );
    await checkStore({ ...roots, repair: true });
    assert.ok(existsSync(container) && existsSync(join(paths.volume('data'), '_data')), `${what}: what is unique stays`);
    // The next pull fetches what is missing.
    await pullImage(session as never, registryReference(NAME));
    const again = (await checkStore(roots)).findings;
    assert.deepEqual(
      again.map(({ kind }) => kind),
      repaired || found.includes('image') ? [] : found,
      what,
    );
  }
});

test('what is nowhere else is not removed, however damaged it is', async (t) => {
  const { roots, blob } = await ground(t);
  await tagImage(NAME, ['localhost/mine'], roots);
  writeFileSync(blob, 'x', { flag: 'r+' });
  assert.equal((await checkStore({ ...roots, repair: true })).findings[0]?.repaired, true, 'it has a name in a registry');
  const other = await ground(t);
  await tagImage(NAME, ['mine'], other.roots);
  rmSync(other.ref);
  writeFileSync(other.blob, 'x', { flag: 'r+' });
  const { findings } = await checkStore({ ...other.roots, repair: true });
  const [finding] = findings.filter(({ kind }) => kind === 'blob');
  assert.equal(finding?.repaired, false);
  assert.match(finding?.hint ?? '', /only docker\.io\/library\/mine:latest has it/);
  assert.ok(
    findings.every(({ hint }) => !/tsrun pull/.test(hint)),
    'what a stranger has under that name is not it',
  );
  assert.ok(existsSync(other.blob));

  // As with one that another user owns; root may read that.
  const unread = await ground(t);
  rmSync(unread.ref);
  symlinkSync(unread.ref, unread.ref);
  const [reference] = (await checkStore({ ...unread.roots, repair: true })).findings;
  assert.deepEqual([reference?.kind, reference?.path, reference?.repaired], ['reference', unread.ref, false]);
  assert.match(reference?.hint ?? '', /^check its owner and mode/);
  assert.ok(lstatSync(unread.ref).isSymbolicLink());
});

test('what killed processes left is no damage, and goes with --repair; what living ones are at is neither', async (t) => {
  const { roots, paths } = await ground(t);
  writeFileSync(join(paths.ingest, 'half'), 'half');
  mkdirSync(join(paths.layersOf('single'), `new-diff-${'b'.repeat(64)}`));
  mkdirSync(join(paths.trash, 'c'.repeat(64)), { recursive: true });
  writeFileSync(join(paths.image, 'blobs/sha256', 'd'.repeat(64)), ''); // not its digest: the one thing that is damage
  using _pull = tryLock(join(paths.ingest, 'living'), 'exclusive');
  using _blob = await lockStore(paths, `blob-${'e'.repeat(64)}`, 'exclusive');
  // A writer died between a reference and the index: the next one makes it anew.
  writeFileSync(join(paths.image, 'index.json'), '{}');
  utimesSync(join(paths.image, 'index.json'), new Date(0), new Date(0));
  const found = await checkStore(roots);
  assert.deepEqual([found.findings.map(({ kind }) => kind), found.leftovers], [['blob'], 3]);
  assert.match(
    checkLines(found),
    /\nChecked 1 references, 4 blobs \([\d.]+k?B\), 1 unpacked layers, 1 containers, 1 volumes: 1 damaged, 0 of them repaired; 3 leftovers/,
  );
  await checkStore({ ...roots, repair: true });
  assert.deepEqual(readdirSync(paths.ingest), ['living']);
  const clean = await checkStore(roots);
  assert.deepEqual([clean.findings, clean.leftovers], [[], 0]);
  assert.match(checkLines(clean), /: no damage\n$/);
});

test('a pull that puts and a removal that takes references meanwhile are no damage', async (t) => {
  const { roots, session } = await ground(t);
  let done = false;
  const busy = (async () => {
    while (!done) {
      await tagImage(NAME, ['example.com/other:1'], roots);
      await removeImage('example.com/other:1', roots);
      await pullImage(session as never, registryReference(NAME));
    }
  })();
  for (let count = 0; count < 5; count += 1) assert.deepEqual((await checkStore(roots)).findings, []);
  done = true;
  await busy;
});

test('a layer that is not unpacked yet contains what its image promises', async (t) => {
  const { roots } = await storeOf(t, ['honest'], (blobs) => {
    const layer = blobs.put(GZIP_LAYER, gzipSync(tar([{ name: 'file', data: 'other' }])));
    const config = blobs.put(OCI_CONFIG, { ...HOST, rootfs: { type: 'layers', diff_ids: [`sha256:${'a'.repeat(64)}`] } });
    return { lying: blobs.put(OCI_MANIFEST, { schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers: [layer] }) };
  });
  const { findings } = await checkStore(roots);
  assert.deepEqual(
    findings.map(({ kind, path }) => [kind, path]),
    [['image', 'example.com/app:lying']],
  );
  assert.match(findings[0]?.problem ?? '', /^the contents of its layer sha256:\w+ are sha256:\w+, and sha256:a{64} is promised$/);
});

test('an empty store, and one that is not there, are clean', async () => {
  const check = await checkStore({ root: '/nonexistent/store', runRoot: '/nonexistent/run', repair: true });
  assert.deepEqual([check.findings, check.leftovers], [[], 0]);
});
