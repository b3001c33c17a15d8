import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { HostPath } from '../../src/paths.js';
import { unpackedSize } from '../../src/rootfs/unpacked-size.js';
import { temporaryDirectory } from '../harness/temporary.js';

const directory = temporaryDirectory();

function sizeOf(blob: Buffer): number {
  const path = join(directory, 'blob') as HostPath;
  writeFileSync(path, blob);
  return unpackedSize(path, blob.length);
}

test('gzip and zstd say how much they hold; anything else holds itself', () => {
  for (const size of [0, 1, 200, 256, 65_000, 66_000, 3_000_000]) {
    const contents = Buffer.alloc(size, 'ab');
    const path = join(directory, 'contents');
    writeFileSync(path, contents);
    const zstd = execFileSync('zstd', ['-q', '-c', path]);
    assert.equal(sizeOf(zstd), Math.max(size, zstd.length));
    const gzip = gzipSync(contents);
    assert.equal(sizeOf(gzip), Math.max(size, gzip.length));
    assert.equal(sizeOf(contents), size);
  }
});

test('what does not say it holds at least itself', () => {
  const streamed = execFileSync('zstd', ['-q', '-c'], { input: Buffer.alloc(100_000) });
  assert.equal(sizeOf(streamed), streamed.length);
});
