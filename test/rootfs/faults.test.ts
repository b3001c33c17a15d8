/** An unpacking that is killed, or whose disk is full, at every step of the process that leads it. What the program in the cage does is private until then. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import type { Image } from '../../src/image/image.js';
import { pullImage } from '../../src/image/pull.js';
import { checkStore } from '../../src/index.js';
import { findIdentity } from '../../src/rootfs/identity.js';
import { ensureLayers } from '../../src/rootfs/layers.js';
import { memoryDirectory, storeAt } from '../content/fixture.js';
import { diskFull, type Step, stepByStep } from '../content/steps.js';
import { Blobs, memoryClient, registryReference } from '../image/fixture.js';
import { look } from '../layer/look.js';
import { archive, directory, file, hardlink } from '../layer/tar-builder.js';

const blobs = new Blobs();
/** The second needs the first, which is unpacked already. */
const IMAGE = blobs.imageOf([
  archive(directory('etc', { mtime: 5 }), file('etc/a', 'lower', { uid: 7 }), file('etc/b', 'x')),
  archive(file('etc/c', 'upper', { uid: 9 }), hardlink('etc/d', 'etc/a'), file('etc/.wh.b')),
]);

async function storeWith(root: string) {
  const store = storeAt(root);
  const image = await pullImage(
    { store, paths: store.paths, client: memoryClient(blobs, { one: IMAGE }) },
    registryReference('example.com/app:one'),
  );
  await unpack(root, image, 1);
  return image;
}

async function unpack(root: string, image: Image, layers = 2) {
  const { paths } = storeAt(root);
  return ensureLayers(paths, await findIdentity(paths), image.layers.slice(0, layers));
}

const copy = (from: string, to: string) => execFileSync('cp', ['-a', from, to]);

async function assertSound(root: string, image: Image, expected: unknown, what: string): Promise<void> {
  const roots = { root, runRoot: join(root, 'run') };
  assert.deepEqual((await checkStore(roots)).findings, [], what);
  await storeAt(root).init(); // as every pull begins
  const layers = await unpack(root, image);
  assert.deepEqual(layers.map(treeOf), expected, what);
  const again = await checkStore(roots);
  assert.deepEqual([again.findings, again.leftovers], [[], 0], `${what}, after the next unpacking`);
}

/** Nanoseconds since 1970: times from here on are those of the test. */
const AGED = 1.7e18;

/** Without what is new each time. */
function treeOf({ diff }: { diff: string }) {
  return Object.entries(look(diff)).map(([path, { mtime, xattrs: _overlays, ...seen }]) => [path, seen, Number(mtime) < AGED ? mtime : '']);
}

/** A store whose image has its upper layer still to be unpacked, and what it is to become. */
async function ground(t: TestContext) {
  const root = join(memoryDirectory(t), 'data');
  const image = await storeWith(root);
  const whole = join(memoryDirectory(t), 'data');
  copy(root, whole);
  return { root, image, expected: (await unpack(whole, image)).map(treeOf) };
}

// Only root may copy what belongs to the ids of a map.
if (process.getuid?.() === 0)
  describe('after an unpacking that ended anywhere fsck is clean, and the next one succeeds', () => {
    test('killed', async (t) => {
      const { root, image, expected } = await ground(t);
      const snapshots: { what: string; at: string }[] = [];
      const before = (step: Step) => {
        const at = join(memoryDirectory(t), 'data');
        copy(root, at);
        snapshots.push({ what: `killed before ${step.what} of ${step.path.slice(root.length)}`, at });
      };
      await stepByStep(root, { before }, () => unpack(root, image));
      assert.ok(snapshots.length > 15);
      for (const { what, at } of snapshots) {
        await assertSound(at, image, expected, what);
        rmSync(at, { recursive: true });
      }
    });

    test('on a full disk', async (t) => {
      const { root, image, expected } = await ground(t);
      for (let full = 0, ended = false; !ended; full += 1) {
        const at = join(memoryDirectory(t), 'data');
        copy(root, at);
        let count = 0;
        let what = '';
        const before = (step: Step) => {
          if (!step.allocates || count++ < full) return;
          what ||= `${step.what} of ${step.path.slice(at.length)}`;
          throw diskFull(step);
        };
        const failure = await stepByStep(at, { before }, () => unpack(at, image)).then(
          () => undefined,
          (error: { code?: string }) => error,
        );
        ended = what === '';
        if (!ended) assert.equal(failure?.code, 'ERR_TSRUN_DISK_FULL', what);
        await assertSound(at, image, expected, `full at ${what}`);
        rmSync(at, { recursive: true });
      }
    });
  });
