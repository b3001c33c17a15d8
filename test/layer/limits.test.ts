import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { Limits } from '../../src/layer/limits.js';
import type { UnpackOptions } from './harness.js';
import { fresh, hasCommand, unpack } from './harness.js';
import { archive, directory, END, file, header, padded, pax, symlink } from './tar-builder.js';

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

/** Text that compresses by two hundred, in gzip members of 64 MiB each: made once, however many there are. */
function largeLayer(members: number): Buffer {
  const part = Buffer.alloc(64 * MiB, 'A layer that compresses about as well as text does, line by line. ');
  for (let at = 0; at < part.length; at += 2500) part[at] = (at * 2654435761) >>> 24;
  const first = header({ name: '.wh.a', size: members * part.length });
  return Buffer.concat([gzipSync(first), repeat(gzipSync(part), members), gzipSync(END)]);
}

/** sha256 of the tar of 4 GiB: to compute it takes as long as to unpack it. */
const OF_4_GIB = 'sha256:a6506817a9ae3104c02de281217be9374dea4c6b9483e6d5b59c48ff319821dc';

test('a layer of 4 GiB passes in bounded memory', async () => {
  // A whiteout's data go nowhere, so that it is not the test's disk that is measured.
  const { done, error, rss } = await unpackMetered(largeLayer(64), { diffId: OF_4_GIB as never });
  assert.equal(error, undefined);
  assert.equal(done?.entries, 1);
  assert.ok(rss < 250 * MiB, `${rss / MiB} MiB`);
});

test('a file of 4 GiB with holes passes in bounded memory and takes no room', async () => {
  const map = padded(Buffer.from(`2\n0\n${MiB}\n${4 * GiB - MiB}\n${MiB}\n`));
  const records = { 'GNU.sparse.major': '1', 'GNU.sparse.minor': '0', 'GNU.sparse.name': 'f', 'GNU.sparse.realsize': String(4 * GiB) };
  const layer = archive(pax(records), file('f', Buffer.concat([map, Buffer.alloc(2 * MiB, 'x')])));
  const { target, error, rss } = await unpackMetered(layer);
  assert.equal(error, undefined);
  const { size, blocks } = statSync(join(target, 'f'));
  assert.equal(size, 4 * GiB);
  assert.ok(blocks * 512 < 3 * MiB, `${blocks} blocks`);
  assert.ok(rss < 250 * MiB, `${rss / MiB} MiB`);
});

test('a layer of no bytes at all is an empty one', async () => {
  const { done, target } = await unpackMetered(Buffer.alloc(0));
  assert.equal(done?.entries, 0);
  assert.deepEqual(readdirSync(target), []);
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
