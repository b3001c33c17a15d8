import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { compressionOf } from '../../src/spec/compression.js';

test('the first bytes tell the compression, whatever a stream is called', () => {
  const cases = [
    [gzipSync('text'), 'gzip'],
    [Buffer.from('28b52ffd20', 'hex'), 'zstd'],
    [Buffer.from('502a4d18', 'hex'), 'zstd'],
    [Buffer.from('5f2a4d18', 'hex'), 'zstd'],
    [Buffer.from('602a4d18', 'hex'), 'none'],
    [Buffer.from('28b52f', 'hex'), 'none'],
    [Buffer.from('1f', 'hex'), 'none'],
    [Buffer.from('a tar'), 'none'],
    [Buffer.alloc(0), 'none'],
  ] as const;
  for (const [start, compression] of cases) assert.equal(compressionOf(start), compression, start.toString('hex'));
});
