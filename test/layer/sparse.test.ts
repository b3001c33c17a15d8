import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, ftruncateSync, openSync, readFileSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { below, freshDirectory, gnuTar, look, unpack } from './harness.js';

/** A file with `pieces` pieces of data at every `stride` bytes, and a hole at the end. */
function sparseFile(directory: string, name: string, pieces: number, stride: number, size: number): void {
  const fd = openSync(join(directory, name), 'w');
  for (let piece = 0; piece < pieces; piece++) writeSync(fd, `piece ${piece} of ${name}`, piece * stride);
  ftruncateSync(fd, size);
  closeSync(fd);
}

const FORMS = {
  'old GNU': ['--format=gnu'],
  'PAX 0.0': ['--format=pax', '--sparse-version=0.0'],
  'PAX 0.1': ['--format=pax', '--sparse-version=0.1'],
  'PAX 1.0': ['--format=pax', '--sparse-version=1.0'],
};

describe('sparse files keep their holes', () => {
  for (const [form, flags] of Object.entries(FORMS)) {
    test(form, async () => {
      const source = freshDirectory('sparse');
      sparseFile(source, 'one', 1, 0, 5_000_000);
      sparseFile(source, 'few', 3, 65536, 3_000_000);
      sparseFile(source, 'many', 120, 65536, 120 * 65536 + 7);
      sparseFile(source, 'hole', 0, 0, 1_000_000);
      sparseFile(source, 'dense', 1, 0, 10);
      const tar = execFileSync('tar', ['-C', source, '--sparse', ...flags, '-cf', '-', 'one', 'few', 'many', 'hole', 'dense'], {
        maxBuffer: 2 ** 28,
      });
      assert.ok(tar.length < 2_000_000, 'GNU tar stored the holes');
      const { target, error } = await unpack(tar);
      assert.equal(error, undefined);
      assert.deepEqual(below(look(target)), below(look(gnuTar(tar))));
      for (const name of ['one', 'few', 'many', 'hole']) {
        assert.deepEqual(readFileSync(join(target, name)), readFileSync(join(source, name)));
        assert.ok(statSync(join(target, name)).blocks * 512 <= statSync(join(source, name)).blocks * 512 + 65536, `${name} lost its holes`);
      }
    });
  }
});
