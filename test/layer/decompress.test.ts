import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, openSync, writeFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { openTar } from '../../src/layer/decompress.js';
import { fresh, hasCommand } from './harness.js';

const TYPES = {
  none: 'application/vnd.oci.image.layer.v1.tar',
  gzip: 'application/vnd.oci.image.layer.v1.tar+gzip',
  zstd: 'application/vnd.oci.image.layer.v1.tar+zstd',
};

async function decompress(blob: Buffer, mediaType = TYPES.gzip): Promise<Buffer> {
  const path = fresh('blob');
  writeFileSync(path, blob);
  const fd = openSync(path, 'r');
  try {
    const tar = await openTar(fd, blob.length, mediaType);
    const parts: Buffer[] = [];
    for await (const chunk of tar.chunks()) {
      parts.push(Buffer.from(chunk));
      assert.ok(tar.consumed() <= blob.length);
    }
    return Buffer.concat(parts);
  } finally {
    closeSync(fd);
  }
}

const refuses = (blob: Buffer, code = 'ERR_TSRUN_LAYER_INVALID', type = TYPES.gzip) => assert.rejects(decompress(blob, type), { code });

// Partly compressible, larger than every buffer on the way.
const DATA = Buffer.from(Array.from({ length: 1_500_000 }, (_, index) => (index % 1000 < 500 ? (index * 2654435761) >>> 13 : 65) & 0xff));
const zstd = (data: Buffer, ...flags: string[]) => execFileSync('zstd', ['-c', '-q', ...flags], { input: data, maxBuffer: 2 ** 28 });
const skippable = (contents: Buffer) => {
  const head = Buffer.alloc(8);
  head.writeUInt32LE(0x184d2a5e, 0);
  head.writeUInt32LE(contents.length, 4);
  return Buffer.concat([head, contents]);
};
const needsZstd = { skip: !hasCommand('zstd') && 'needs zstd' };

describe('gzip', () => {
  const gz = gzipSync(DATA);

  test('one member, many members, an empty one between', async () => {
    assert.deepEqual(await decompress(gz), DATA);
    const parts = [DATA.subarray(0, 10), Buffer.alloc(0), DATA.subarray(10, 400_000), DATA.subarray(400_000)];
    assert.deepEqual(await decompress(Buffer.concat(parts.map((part) => gzipSync(part)))), DATA);
    assert.deepEqual(await decompress(Buffer.concat(Array.from({ length: 5000 }, () => gzipSync('x')))), Buffer.alloc(5000, 'x'));
  });

  test('members that end exactly where a read ends', async () => {
    const first = gzipSync(DATA.subarray(0, 300_000), { level: 0 });
    const fill = 256 * 1024 - (first.length % (256 * 1024));
    const filler = gzipSync(Buffer.alloc(fill - 100, 'f'), { level: 0 });
    const last = gzipSync(Buffer.alloc(fill - 100 + (fill - filler.length), 'f'), { level: 0 });
    const plain = Buffer.concat([DATA.subarray(0, 300_000), Buffer.alloc(fill - 100 + (fill - filler.length), 'f'), DATA]);
    assert.equal((first.length + last.length) % (256 * 1024), 0);
    assert.deepEqual(await decompress(Buffer.concat([first, last, gz])), plain);
  });

  test('padding with zeros is tolerated, anything else behind the end is refused', async () => {
    assert.deepEqual(await decompress(Buffer.concat([gz, Buffer.alloc(600_000)])), DATA);
    await refuses(Buffer.concat([gz, Buffer.from('garbage')]));
    await refuses(Buffer.concat([gz, Buffer.alloc(20), Buffer.from('garbage')]));
    await refuses(Buffer.concat([gz, Buffer.alloc(600_000), Buffer.from('x')]));
    await refuses(Buffer.concat([gz, Buffer.alloc(20), gz]));
    await refuses(Buffer.concat([gz, Buffer.of(0x1f)]));
  });

  test('cut off or damaged', async () => {
    for (const length of [10, 11, 1000, gz.length - 9, gz.length - 8, gz.length - 1]) await refuses(gz.subarray(0, length));
    for (const at of [3, 200, gz.length - 6, gz.length - 2]) {
      const damaged = Buffer.from(gz);
      damaged[at] = (damaged[at] as number) ^ 0xff;
      await refuses(damaged);
    }
  });
});

describe('zstd', needsZstd, () => {
  test('one frame, several, skippable ones at every place', async () => {
    assert.deepEqual(await decompress(zstd(DATA), TYPES.zstd), DATA);
    const [first, second] = [zstd(DATA.subarray(0, 700_000)), zstd(DATA.subarray(700_000))];
    assert.deepEqual(await decompress(Buffer.concat([first, second]), TYPES.zstd), DATA);
    const skip = skippable(Buffer.alloc(300_000, 'meta'));
    assert.deepEqual(await decompress(Buffer.concat([skip, first, skip, skip, second, skip]), TYPES.zstd), DATA);
    assert.deepEqual(await decompress(Buffer.concat([zstd(Buffer.alloc(0)), zstd(DATA, '--ultra', '-22')]), TYPES.zstd), DATA);
  });

  test('very compressible data', async () => {
    assert.deepEqual(await decompress(zstd(Buffer.alloc(50_000_000)), TYPES.zstd), Buffer.alloc(50_000_000));
  });

  test('cut off or damaged is refused and never loops', async () => {
    const whole = zstd(DATA, '--check');
    for (const length of [5, 100, whole.length - 5, whole.length - 1]) await refuses(whole.subarray(0, length), undefined, TYPES.zstd);
    for (let at = 4; at < whole.length; at += Math.ceil(whole.length / 40)) {
      const damaged = Buffer.from(whole);
      damaged[at] = (damaged[at] as number) ^ 0x55;
      await refuses(damaged, undefined, TYPES.zstd).catch((error) => assert.match(String(error.actual?.code ?? error.message), /LIMIT/));
    }
    await refuses(Buffer.concat([whole, Buffer.from('garbage')]), undefined, TYPES.zstd);
    await refuses(Buffer.concat([whole, Buffer.alloc(512)]), undefined, TYPES.zstd);
  });

  test('a window above 128 MiB is refused, one of 128 MiB is not', async () => {
    const large = Buffer.alloc(200 * 2 ** 20, 'window');
    assert.equal((await decompress(zstd(large, '--long=27', '-1'), TYPES.zstd)).length, large.length);
    // A stream whose size is not known declares the whole window.
    await refuses(zstd(large, '--long=28', '--no-content-size', '-1'), 'ERR_TSRUN_LAYER_LIMIT', TYPES.zstd);
    const twoGiB = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, (31 - 10) << 3, 0x01, 0x00, 0x00]);
    await refuses(twoGiB, 'ERR_TSRUN_LAYER_LIMIT', TYPES.zstd);
  });

  test("the second reader agrees: zstddec's frames are fzstd's", async () => {
    const { decompress: reference } = await import('fzstd');
    const blob = zstd(DATA, '-19');
    assert.deepEqual(await decompress(blob, TYPES.zstd), Buffer.from(reference(blob)));
  });
});

test('plain bytes pass through, also none at all', async () => {
  assert.deepEqual(await decompress(DATA, TYPES.none), DATA);
  assert.deepEqual(await decompress(Buffer.alloc(0), TYPES.none), Buffer.alloc(0));
});

test('the bytes decide when the media type is wrong', async () => {
  assert.deepEqual(await decompress(gzipSync('x'), TYPES.zstd), Buffer.from('x'));
  assert.deepEqual(await decompress(gzipSync('x'), TYPES.none), Buffer.from('x'));
  assert.deepEqual(await decompress(DATA, TYPES.gzip), DATA);
});

test('an unknown media type is an error, whatever the bytes', async () => {
  for (const type of ['application/vnd.oci.image.layer.v1.tar+lz4', 'text/plain', '', 'toString', '__proto__']) {
    await refuses(gzipSync('x'), 'ERR_TSRUN_MEDIA_TYPE', type);
  }
});
