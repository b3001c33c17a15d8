/** `image unpack` and `bundle` while somebody else changes what the directory's name means. */
import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, readdirSync, renameSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { unpackImage, writeBundle } from '../../../src/index.js';
import { busyboxTar } from '../../harness/images.js';
import { writeLayout } from '../../harness/layout.js';
import { temporaryDirectory } from '../../harness/temporary.js';

/** An image, and one whose second layer cannot be unpacked. */
async function ground() {
  const at = temporaryDirectory();
  const tar = await busyboxTar();
  const compression = 'none' as const;
  writeLayout(join(at, 'layout'), [
    { tag: 'good', layers: [{ tar, compression }], config: { Cmd: ['sh'] } },
    {
      tag: 'bad',
      layers: [
        { tar, compression },
        { tar: Buffer.alloc(2048, 'x'), compression },
      ],
      config: { Cmd: ['sh'] },
    },
  ]);
  mkdirSync(join(at, 'another'), 0o700);
  writeFileSync(join(at, 'another/file'), '', { mode: 0o600 });
  const options = { root: join(at, 'root'), runRoot: join(at, 'run') };
  const image = (tag: string) => `oci:${join(at, 'layout')}:${tag}`;
  const another = () => [statSync(join(at, 'another')).mode & 0o7777, statSync(join(at, 'another')).uid, readdirSync(join(at, 'another'))];
  /** Another directory has its name once it is claimed. */
  const swap = (name: string) => {
    let done = false;
    return () => {
      if (!done) renameSync(join(at, name), join(at, `moved-${name}`));
      if (!done) symlinkSync('another', join(at, name));
      done = true;
    };
  };
  return { at, options, image, another, swap };
}

for (const [what, write, files] of [
  ['image unpack', unpackImage, ''],
  ['bundle', writeBundle, 'rootfs'],
] as const)
  test(`${what} fills, and empties again, the directory that it claimed, whatever its name means by then`, async () => {
    const { at, options, image, another, swap } = await ground();
    const before = another();
    await write(image('good'), join(at, 'good'), { ...options, onProgress: swap('good') });
    assert.ok(existsSync(join(at, 'moved-good', files, 'bin/busybox')));
    mkdirSync(join(at, 'there'));
    chmodSync(join(at, 'there'), 0o700);
    for (const name of ['there', 'new']) await assert.rejects(write(image('bad'), join(at, name), { ...options, onProgress: swap(name) }));
    const there = statSync(join(at, 'moved-there'));
    assert.deepEqual([there.mode & 0o7777, there.uid, readdirSync(join(at, 'moved-there'))], [0o700, process.getuid?.(), []]);
    assert.deepEqual(readdirSync(join(at, 'moved-new')), []);
    assert.deepEqual(another(), before);
    await assert.rejects(write(image('bad'), join(at, 'gone'), options));
    assert.ok(!existsSync(join(at, 'gone')));
  });
