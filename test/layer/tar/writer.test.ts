import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { describe, it } from 'node:test';
import { LIMITS } from '../../../src/layer/limits.js';
import type { TarEntry } from '../../../src/layer/tar/entry.js';
import { TarReader } from '../../../src/layer/tar/reader.js';
import { END_OF_ARCHIVE, headersOf, paddingOf, type WrittenEntry } from '../../../src/layer/tar/writer.js';

const plain: WrittenEntry = {
  type: 'file',
  name: Buffer.from('file'),
  link: Buffer.alloc(0),
  mode: 0o4755,
  uid: 0,
  gid: 0,
  mtime: 1_700_000_000_000_000_000n,
  size: 0,
  major: 0,
  minor: 0,
  xattrs: [],
};

const LONG = Buffer.from('ä/'.repeat(200).concat('x'));
const ENTRIES: Record<string, Partial<WrittenEntry>> = {
  'a plain file': {},
  'a time to the nanosecond': { mtime: 1_700_000_000_123_456_789n },
  'a time before 1970': { mtime: -1_500_000_000n },
  'a long name': { name: LONG },
  'a long name that is no UTF-8': { name: Buffer.concat([Buffer.of(0xff), LONG]) },
  'a name of exactly a hundred bytes': { name: Buffer.from('x'.repeat(100)) },
  'a long link': { type: 'symlink', link: LONG },
  'a long link that is no UTF-8': { type: 'symlink', link: Buffer.concat([LONG, Buffer.of(0xfe)]), name: LONG },
  'a hard link': { type: 'hardlink', link: Buffer.from('file') },
  'a directory': { type: 'directory', name: Buffer.from('d/') },
  'large ids': { uid: 4_000_000_000, gid: 2_097_152 },
  'a device': { type: 'block', major: 8, minor: 1 },
  'a fifo': { type: 'fifo' },
  'a capability': { xattrs: [{ name: 'security.capability', value: Buffer.from([1, 0, 0, 2, 0x0a, 0x3d, 0]) }] },
};

function read(archive: Buffer): TarEntry[] {
  const entries: TarEntry[] = [];
  const reader = new TarReader({ entry: (entry) => entries.push(entry), data: () => {}, end: () => {} }, LIMITS);
  reader.push(archive);
  reader.end();
  return entries;
}

describe('a written tar', () => {
  for (const [what, differing] of Object.entries(ENTRIES)) {
    const entry = { ...plain, ...differing };
    it(`says all of ${what}`, () => {
      const [found] = read(Buffer.concat([headersOf(entry), END_OF_ARCHIVE]));
      assert.deepEqual({ ...found }, { ...entry, atime: undefined, extents: undefined, uncarried: [] });
    });
  }

  it('is read by GNU tar', () => {
    const archive = Object.values(ENTRIES).map((differing) => headersOf({ ...plain, ...differing }));
    const listed = execFileSync('tar', ['-t', '--quoting-style=escape'], {
      input: Buffer.concat([...archive, END_OF_ARCHIVE]),
      encoding: 'utf8',
    });
    assert.equal(listed.split('\n').length, archive.length + 1);
    assert.match(listed, /^file\n/);
  });

  it('says sizes that octal digits do not hold', () => {
    const size = 9 * 2 ** 30;
    const reader = new TarReader({ entry: (entry) => assert.equal(entry.size, size), data: () => {}, end: () => {} }, LIMITS);
    reader.push(headersOf({ ...plain, size }));
    assert.equal(paddingOf(513).length, 511);
  });
});
