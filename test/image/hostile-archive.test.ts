import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { importArchive } from '../../src/image/archive.js';
import { listImages } from '../../src/image/list.js';
import { loadImages } from '../../src/image/load.js';
import { succeed } from '../harness/process.js';
import { temporaryDirectory } from '../harness/temporary.js';
import { archive, CONFIG_NAME, image, LAYERS, saved, session, write } from './archive-fixture.js';

test('hostile archives are refused, and nothing of them is named', async (t) => {
  const here = await session(t);
  const cases: Record<string, Buffer> = {
    'no tar': Buffer.from('just text'.repeat(1000)),
    'empty file': Buffer.alloc(0),
    'no manifest.json': saved({ manifest: undefined }),
    'missing layer': saved({ two: undefined }),
    'missing config': saved({ config: undefined }),
    'cut short': saved().subarray(0, 3000),
    'name outside': saved({ extra: { name: '../../etc/passwd', data: 'x' } }),
    'name through the archive and out': saved({ extra: { name: 'a/../../x', data: 'x' } }),
    'absolute name': saved({ extra: { name: '/etc/passwd', data: 'x' } }),
    'name with an escape sequence': saved({ extra: { name: 'a\u001b[2Jb', data: 'x' } }),
    'same name twice': saved({ extra: { name: 'manifest.json', data: '[]' } }),
    'link outside': saved({ three: { name: 'c/layer.tar', type: '2', link: '../../../../etc/passwd' } }),
    'absolute link': saved({ three: { name: 'c/layer.tar', type: '2', link: '/etc/passwd' } }),
    'link to itself': saved({ three: { name: 'c/layer.tar', type: '2', link: 'layer.tar' } }),
    'link with a size': saved({ three: { name: 'c/layer.tar', type: '2', link: '../a/layer.tar', size: 512 } }),
    'hard link outside': saved({ three: { name: 'c/layer.tar', type: '1', link: '../x' } }),
    device: saved({ extra: { name: 'null', type: '3' } }),
    'fifo instead of a layer': saved({ two: { name: 'b/layer.tar', type: '6' } }),
    'size beyond the end': saved({ extra: { name: 'x', data: 'x', size: 2 ** 30 } }),
    'huge extended header': saved({ extra: { name: 'x', type: 'x', data: 'x', size: 2 ** 25 } }),
    'malformed extended header': saved({ extra: { name: 'x', type: 'x', data: '99 path=x\n' } }),
    'path outside in manifest.json': saved({}, [image({ Layers: ['../../../etc/passwd', 'b/layer.tar', 'c/layer.tar'] })]),
    'manifest.json of other types': saved({}, [image({ Layers: 'a/layer.tar' })]),
    'no image in manifest.json': saved({}, []),
    'too few layers': saved({}, [image({ Layers: ['a/layer.tar'] })]),
    'altered layer': saved({ two: { name: 'b/layer.tar', data: LAYERS[0] as Buffer } }),
    'gzip that is damaged': Buffer.concat([gzipSync(saved()).subarray(0, 500), Buffer.alloc(500)]),
    'config of 9 MiB': saved({ config: { name: CONFIG_NAME, data: Buffer.alloc(9 * 2 ** 20, ' ') } }),
  };
  const codes = /^ERR_TSRUN_(ARCHIVE_INVALID|CONFIG_INVALID|IMAGE_NOT_FOUND|BLOB_DIGEST|BLOB_SIZE)$/;
  for (const [what, bytes] of Object.entries(cases)) {
    const path = write(bytes);
    const isSaid = (error: { code: string; message: string; hint: string }) => {
      assert.match(error.code, codes, `${what}: ${error.message}`);
      assert.doesNotMatch(error.message, /\p{Cc}/u, what);
      assert.ok(error.hint, what);
      return true;
    };
    await assert.rejects(importArchive(here, archive(`docker-archive:${path}`)), isSaid, what);
    await assert.rejects(loadImages(here, path), isSaid, what);
  }
  await assert.rejects(importArchive(here, archive('docker-archive:/no/such/file')), { code: 'ERR_TSRUN_IMAGE_NOT_FOUND' });
  assert.deepEqual(await listImages(here), { images: [], damaged: [] });
  assert.deepEqual(readdirSync(here.paths.ingest), []);
});

test('a compressed archive of zeros is refused before it fills the disk', { timeout: 60_000 }, async (t) => {
  const here = await session(t);
  const path = join(temporaryDirectory(), 'bomb.tar.zst');
  await succeed(['sh', '-c', `(cat "$1"; head -c 4G /dev/zero) | zstd -q -1 -o "$2"`, 'sh', write(saved({}, []).subarray(0, -1024)), path]);
  await assert.rejects(importArchive(here, archive(`docker-archive:${path}`)), {
    code: 'ERR_TSRUN_ARCHIVE_INVALID',
    message: /unpacks to more than/,
  });
  assert.deepEqual(readdirSync(here.paths.ingest), []);
});
