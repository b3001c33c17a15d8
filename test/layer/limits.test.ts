import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { Limits } from '../../src/layer/limits.js';
import type { UnpackOptions } from './harness.js';
import { fresh, hasCommand, unpack } from './harness.js';
import { archive, digestOf, directory, file, header, pax, symlink } from './tar-builder.js';

const MiB = 2 ** 20;
const GiB = 2 ** 30;

/** Makes the program say how much memory it used at most. (ru_maxrss would be its parent's; the file is opened before chroot.) */
const meter = fresh('meter.cjs');
writeFileSync(
  meter,
  `const fs = require('node:fs');
   const status = fs.openSync('/proc/self/status', 'r');
   process.on('exit', () => {
     const text = Buffer.alloc(4096);
     fs.readSync(status, text, 0, 4096, 0);
     fs.writeSync(2, 'RSS=' + 1024 * Number(/VmHWM:\\s*(\\d+)/.exec(text.toString())[1]));
   });`,
);

async function unpackMetered(blob: Buffer, options: UnpackOptions = {}) {
  const outcome = await unpack(blob, { env: { ...process.env, NODE_OPTIONS: `--require ${meter}` }, ...options });
  return { ...outcome, rss: Number(/RSS=(\d+)/.exec(outcome.stderr)?.[1]) };
}

const repeat = (part: Buffer, times: number) => Buffer.concat(Array.from({ length: times }, () => part));

describe('bombs end early and in little memory', () => {
  const zeros = gzipSync(Buffer.alloc(64 * MiB), { level: 9 });
  const bombs: Record<string, () => { blob: Buffer; type: string; limits?: Partial<Limits> }> = {
    // A whiteout, so that not even the test's own disk is filled.
    'gzip: 42 GiB of zeros': () => ({
      blob: Buffer.concat([gzipSync(header({ name: '.wh.a', size: 42 * GiB })), repeat(zeros, 672)]),
      type: '+gzip',
    }),
    'gzip: ten million empty entries': () => ({
      blob: repeat(gzipSync(repeat(file('.wh.a'), 125_000)), 80),
      type: '+gzip',
      limits: { entries: 100_000 },
    }),
    'plain: entries beyond the limit': () => ({ blob: repeat(file('.wh.a'), 100_001), type: '', limits: { entries: 100_000 } }),
    'a GNU long name of 8 GiB': () => ({
      blob: Buffer.concat([gzipSync(header({ name: 'l', type: 'L', format: 'gnu', size: 8 * GiB })), repeat(zeros, 128)]),
      type: '+gzip',
    }),
    'directories 4096 deep': () => ({ blob: archive(pax({ path: 'd/'.repeat(4096) }), directory('x')), type: '' }),
  };
  for (const [name, make] of Object.entries(bombs)) {
    test(name, async () => {
      const { blob, type, limits = {} } = make();
      const { error, rss } = await unpackMetered(blob, { mediaType: `application/vnd.oci.image.layer.v1.tar${type}`, limits });
      assert.equal(error?.code, 'ERR_TSRUN_LAYER_LIMIT', JSON.stringify(error));
      assert.ok(rss < 200 * MiB, `${rss / MiB} MiB`);
    });
  }

  test('zstd: zeros', { skip: !hasCommand('zstd') && 'needs zstd' }, async () => {
    const part = execFileSync('zstd', ['-q', '-c', '-19'], { input: Buffer.alloc(64 * MiB) });
    const first = execFileSync('zstd', ['-q', '-c'], { input: header({ name: '.wh.a', size: 42 * GiB }) });
    const { error, rss } = await unpackMetered(Buffer.concat([first, repeat(part, 672)]), {
      mediaType: 'application/vnd.oci.image.layer.v1.tar+zstd',
    });
    assert.equal(error?.code, 'ERR_TSRUN_LAYER_LIMIT');
    assert.ok(rss < 200 * MiB, `${rss / MiB} MiB`);
  });
});

test('a large layer passes in bounded memory', async () => {
  const data = Buffer.alloc(16 * MiB, 'A layer that compresses about as well as text does, line by line. ');
  for (let at = 0; at < data.length; at += 97) data[at] = (at * 2654435761) >>> 24;
  const parts = Array.from({ length: 24 }, () => data);
  const tar = archive(header({ name: '.wh.a', size: data.length * parts.length }), ...parts);
  const { done, rss } = await unpackMetered(gzipSync(tar, { level: 1 }), { diffId: digestOf(tar) as never });
  assert.equal(done?.entries, 1);
  assert.ok(rss < 250 * MiB, `${rss / MiB} MiB`);
});

const attributes = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, index) => [`SCHILY.xattr.user.${index}`, 'x']));

describe('each limit, set low', { concurrency: 2 }, () => {
  const deep = ['a', 'a/b', 'a/b/c', 'a/b/c/d'].map((name) => directory(name));
  const cases: Record<string, [Buffer, Partial<Limits>]> = {
    'total bytes': [archive(file('a', Buffer.alloc(10_000))), { totalBytes: 5000 }],
    entries: [archive(file('a'), file('b'), file('c')), { entries: 2 }],
    depth: [archive(...deep), { depth: 3 }],
    'depth, by way of links': [
      archive(directory('a'), directory('a/b'), symlink('s', 'a/b'), directory('s/c'), symlink('t', 's/c'), directory('t/d')),
      { depth: 3 },
    ],
    'bytes of a name': [archive(file('a'.repeat(60))), { nameBytes: 50 }],
    'bytes of an extension header': [archive(pax({ comment: 'x'.repeat(600) }), file('a')), { extensionBytes: 512 }],
    'extended attributes': [archive(pax(attributes(3)), file('a')), { attributes: 2 }],
    'remembered names': [archive(...deep), { rememberedBytes: 8 }],
    'a component of 256 bytes': [archive(pax({ path: 'x'.repeat(256) }), file('a')), {}],
  };
  for (const [name, [layer, limits]] of Object.entries(cases)) {
    test(name, async () => {
      const { error } = await unpack(layer, { limits });
      assert.equal(error?.code, 'ERR_TSRUN_LAYER_LIMIT', JSON.stringify(error));
      const generous = name.startsWith('a component') ? undefined : await unpack(layer);
      if (generous !== undefined) assert.equal(generous.error, undefined);
    });
  }
});
