import assert from 'node:assert/strict';
import { execFileSync, type StdioOptions } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { LIMITS } from '../../../src/layer/limits.js';
import type { TarEntry } from '../../../src/layer/tar/entry.js';
import { TarReader } from '../../../src/layer/tar/reader.js';
import type { Case } from '../corpus.js';
import { freshDirectory } from '../harness.js';
import { archive, binary, directory, END, file, header, long, member, padded, pax, record, symlink } from '../tar-builder.js';
import { WHOLE } from '../whole-corpus.js';

interface Read extends TarEntry {
  contents: Buffer;
}

function read(tar: Buffer, step = tar.length || 1, limits = LIMITS): Read[] {
  const entries: Read[] = [];
  let parts: Buffer[] = [];
  const reader = new TarReader(
    {
      entry: (entry) => entries.push({ ...entry, contents: Buffer.alloc(0) }),
      data: (bytes) => parts.push(Buffer.from(bytes)),
      end: () => {
        (entries.at(-1) as Read).contents = Buffer.concat(parts);
        parts = [];
      },
    },
    limits,
  );
  for (let at = 0; at < tar.length; at += step) {
    // The piece is destroyed afterwards: the reader must not keep views of it.
    const piece = Buffer.from(tar.subarray(at, at + step));
    reader.push(piece);
    piece.fill(0xdd);
  }
  reader.end();
  return entries;
}

const refuses = (tar: Buffer, code = 'ERR_TSRUN_LAYER_INVALID') => {
  assert.throws(() => read(tar), { code });
  assert.throws(() => read(tar, 100), { code });
};

test('the same entries come out however the stream is cut', () => {
  for (const { tar } of WHOLE.filter(({ tar }) => tar.length < 100_000)) {
    const whole = read(tar);
    for (const step of [1, 7, 511, 512, 513, 4096]) assert.deepEqual(read(tar, step), whole);
  }
});

const listable = (reader: 'python' | 'bsdtar') => WHOLE.filter(({ notListedBy, tar }) => !notListedBy?.includes(reader) && tar.length > 0);

/** The archives as files 0, 1, 2… of a directory. */
function written(cases: readonly Case[]): string {
  const directory = freshDirectory('archives');
  for (const [index, { tar }] of cases.entries()) writeFileSync(join(directory, String(index)), tar);
  return directory;
}

const PYTHON = `
import sys, tarfile, json
hexed = lambda s: s.encode('utf-8', 'surrogateescape').hex()
def kind(m):
    return 'directory' if m.isdir() else 'hardlink' if m.islnk() else 'symlink' if m.issym() else 'fifo' if m.isfifo() else 'character' if m.ischr() else 'block' if m.isblk() else 'file'
def listed(path):
    out = []
    for m in tarfile.open(path, mode='r:', errors='surrogateescape', encoding='utf-8'):
        link = m.linkname if m.type in (b'1', b'2') else ''
        out.append([hexed(m.name.rstrip('/')), kind(m), m.size if m.isreg() else 0, m.mode & 0o7777, m.uid, m.gid, hexed(link)])
    return out
print(json.dumps([listed(sys.argv[1] + '/' + str(i)) for i in range(int(sys.argv[2]))]))
`;

describe("the entries are those that Python's tarfile lists", () => {
  const cases = listable('python');
  let listed: unknown[];
  before(() => {
    listed = JSON.parse(
      execFileSync('python3', ['-c', PYTHON, written(cases), String(cases.length)], { encoding: 'utf8', maxBuffer: 2 ** 26 }),
    );
  });
  for (const [index, { name, tar }] of cases.entries())
    test(name, () => {
      const ours = read(tar).map(({ name: bytes, type, size, mode, uid, gid, link }) => {
        const bare = Buffer.from(bytes.toString('latin1').replace(/\/+$/, ''), 'latin1');
        return [bare.toString('hex'), type, size, mode, uid, gid, link.toString('hex')];
      });
      assert.deepEqual(ours, listed[index]);
    });
});

describe('the names are those that bsdtar lists', () => {
  const cases = listable('bsdtar');
  let listed: string[];
  before(() => {
    const script = 'i=0; while [ $i -lt "$1" ]; do bsdtar -tf "$0/$i"; printf "\\0"; i=$((i+1)); done';
    const env = { ...process.env, LC_ALL: 'C.UTF-8' };
    const stdio: StdioOptions = ['ignore', 'pipe', 'ignore'];
    const args = ['-c', script, written(cases), String(cases.length)];
    listed = execFileSync('sh', args, { encoding: 'utf8', env, stdio, maxBuffer: 2 ** 26 }).split('\0');
  });
  const bare = (text: string) => text.replace(/\/+$/, '');
  for (const [index, { name, tar }] of cases.entries())
    test(name, () => {
      const ours = read(tar).map((entry) => bare(entry.name.toString()));
      assert.deepEqual(ours, listed[index]?.split('\n').filter(Boolean).map(bare));
    });
});

test('truncation anywhere but between entries is an error', () => {
  const members = [pax({ path: 'x' }), file('a', 'hello'), file('b', 'y'.repeat(700))];
  const tar = Buffer.concat(members);
  const boundaries = new Set([0, (members[0] as Buffer).length + (members[1] as Buffer).length, tar.length]);
  for (let length = 1; length < tar.length; length += 64) {
    if (!boundaries.has(length)) refuses(tar.subarray(0, length));
  }
});

describe('malformed archives are errors, never skipped', () => {
  const cases: Record<string, Buffer> = {
    'text that is no tar': Buffer.alloc(1024, 'hello '),
    'a wrong checksum': archive(file('a', '', { checksum: '000000\0 ' })),
    'one zero block between entries': Buffer.concat([file('a'), Buffer.alloc(512), file('b')]),
    'a size with letters': archive(file('a', '', { patch: [[124, '0000000abc\0']] })),
    'a size with the digit 8': archive(file('a', '', { patch: [[124, '00000000008\0']] })),
    'a negative size': archive(file('a', '', { patch: [[124, binary(12, -1)]] })),
    'a size beyond 2^53': archive(file('a', '', { patch: [[124, binary(12, 2n ** 62n)]] })),
    'a negative uid': archive(file('a', '', { patch: [[108, binary(8, -2)]] })),
    'uid 4294967295, which chown ignores': archive(pax({ uid: '4294967295' }), file('a')),
    'a gid beyond 32 bits': archive(pax({ gid: '4294967296' }), file('a')),
    'a number followed by garbage': archive(file('a', '', { patch: [[100, '000644\0x']] })),
    'an unknown type': archive(file('a', '', { type: 'Z' })),
    'a volume label': archive(file('a', '', { type: 'V' })),
    'an empty name': archive(file('')),
    'a symlink without a target': archive(symlink('l', '')),
    'a directory with a size': archive(directory('d', { size: 512 }), Buffer.alloc(512, 1)),
    'a symlink with a size': archive(symlink('l', 'x', { size: 3 }), Buffer.alloc(512, 1)),
    'a file with a slash and data': archive(file('d/', 'data')),
    'PAX: no length': archive(member({ name: 'p', type: 'x' }, 'path=x\n'), file('a')),
    'PAX: length 0': archive(member({ name: 'p', type: 'x' }, '0 path=x\n'), file('a')),
    'PAX: length too long': archive(member({ name: 'p', type: 'x' }, '99 path=x\n'), file('a')),
    'PAX: length too short': archive(member({ name: 'p', type: 'x' }, '5 path=x\n'), file('a')),
    'PAX: length with a sign': archive(member({ name: 'p', type: 'x' }, '+9 path=x\n'), file('a')),
    'PAX: a record without =': archive(member({ name: 'p', type: 'x' }, '8 pathx\n'), file('a')),
    'PAX: an empty key': archive(member({ name: 'p', type: 'x' }, '6 =ab\n'), file('a')),
    'PAX: no newline': archive(member({ name: 'p', type: 'x' }, '9 path=xy'), file('a')),
    'PAX: NULs behind the records': archive(
      member({ name: 'p', type: 'x' }, Buffer.concat([record('path', 'x'), Buffer.alloc(3)])),
      file('a'),
    ),
    'PAX: a NUL in the path': archive(pax({ path: 'a\0b' }), file('a')),
    'PAX: an empty path': archive(pax({ path: '' }), file('a')),
    'PAX: a negative size': archive(pax({ size: '-1' }), file('a')),
    'PAX: a size with blanks': archive(pax({ size: ' 5' }), file('a', '12345')),
    'PAX: an octal-looking hex size': archive(pax({ size: '0x5' }), file('a', '12345')),
    'PAX: a size that is no number': archive(pax({ size: 'NaN' }), file('a')),
    'PAX: an mtime in exponents': archive(pax({ mtime: '1e9' }), file('a')),
    'PAX: an attribute without a name': archive(pax({ 'SCHILY.xattr.': 'x' }), file('a')),
    'PAX: two headers before one entry': archive(pax({ path: 'x' }), pax({ uid: '5' }), file('a')),
    'PAX: a header before the end': archive(file('a'), pax({ path: 'x' })),
    'PAX: a global header after a local one': archive(pax({ path: 'x' }), pax({ comment: 'x' }, 'g'), file('a')),
    'PAX: a global path': archive(pax({ path: 'x' }, 'g'), file('a')),
    'PAX: a global size': archive(pax({ size: '0' }, 'g'), file('a', 'data')),
    'PAX: a global attribute': archive(pax({ 'SCHILY.xattr.user.x': 'x' }, 'g'), file('a')),
    'GNU: two long names': archive(long('L', 'x'), long('L', 'y'), file('a')),
    'GNU: an empty long name': archive(long('L', ''), file('a')),
    'GNU: something behind the NUL of a long name': archive(member({ name: 'l', type: 'L', format: 'gnu' }, 'x\0y\0'), file('a')),
    'GNU: a long name and a PAX path': archive(long('L', 'x'), pax({ path: 'y' }), file('a')),
    'GNU: a long link and a PAX linkpath': archive(long('K', 'x'), pax({ linkpath: 'y' }), symlink('a', 'z')),
    'GNU: a long name before the end': archive(file('a'), long('L', 'x')),
    'an old sparse file in a ustar header': archive(file('a', '', { type: 'S' })),
    'sparse 1.0 of an unknown version': archive(
      pax({ 'GNU.sparse.major': '2', 'GNU.sparse.minor': '0', 'GNU.sparse.realsize': '0' }),
      file('a'),
    ),
    'sparse pieces that overlap': archive(sparse01('0,3,2,3', 2, 10), file('a', '123456')),
    'sparse pieces out of order': archive(sparse01('5,3,0,3', 2, 10), file('a', '123456')),
    'sparse pieces outside of the file': archive(sparse01('0,3,9,3', 2, 10), file('a', '123456')),
    'sparse pieces for less data than there is': archive(sparse01('0,3', 1, 10), file('a', '123456')),
    'sparse pieces for more data than there is': archive(sparse01('0,9', 1, 10), file('a', '123456')),
    'a sparse piece that begins in the middle of a block': archive(sparse01('0,3,1000,3', 2, 2000), file('a', '123456')),
    'PAX: attributes in two forms that differ': archive(pax({ 'SCHILY.xattr.user.x': 'x', 'LIBARCHIVE.xattr.user.x': 'eQ' }), file('a')),
    'PAX: an attribute that is not base64': archive(pax({ 'LIBARCHIVE.xattr.user.x': 'a-b_' }), file('a')),
    'PAX: base64 of one digit': archive(pax({ 'LIBARCHIVE.xattr.user.x': 'YWJjZ' }), file('a')),
    'PAX: an attribute whose name ends inside of an escape': archive(pax({ 'LIBARCHIVE.xattr.user.%4': 'YQ' }), file('a')),
    'PAX: an attribute whose name holds an escaped NUL': archive(pax({ 'LIBARCHIVE.xattr.user.%00x': 'YQ' }), file('a')),
    'PAX: an attribute of libarchive without a name': archive(pax({ 'LIBARCHIVE.xattr.': 'YQ' }), file('a')),
    'PAX: a global attribute of libarchive': archive(pax({ 'LIBARCHIVE.xattr.user.x': 'YQ' }, 'g'), file('a')),
    'a sparse map of odd length': archive(sparse01('0,3,5', 1, 10), file('a', '123456')),
    'a sparse map with a negative number': archive(sparse01('-1,6', 1, 10), file('a', '123456')),
    'a sparse directory': archive(sparse01('', 0, 0), directory('d')),
    'a sparse map longer than the file': archive(sparse10(), file('a', padded(Buffer.from('3\n0\n')))),
    'a sparse map without line ends': archive(sparse10(), file('a', Buffer.alloc(4096, '1'))),
  };
  for (const [name, tar] of Object.entries(cases)) test(name, () => refuses(tar));
});

function sparse01(map: string, blocks: number, size: number): Buffer {
  return pax({
    'GNU.sparse.size': String(size),
    'GNU.sparse.numblocks': String(blocks),
    'GNU.sparse.map': map,
    'GNU.sparse.name': 'sparse',
  });
}

function sparse10(): Buffer {
  return pax({ 'GNU.sparse.major': '1', 'GNU.sparse.minor': '0', 'GNU.sparse.realsize': '100', 'GNU.sparse.name': 'sparse' });
}

describe('what a header declares is never allocated or followed without bound', () => {
  const cases: Record<string, Buffer> = {
    'a long name of 8 GiB': header({ name: 'l', type: 'L', format: 'gnu', size: 2 ** 33 }),
    'a PAX header of 8 GiB': header({ name: 'p', type: 'x', size: 2 ** 33 }),
    'a PAX header of 1 MiB and a byte': header({ name: 'p', type: 'x', size: 2 ** 20 + 1 }),
    'a global header of 1 GiB': header({ name: 'p', type: 'g', size: 2 ** 30 }),
    'a name longer than a path can be': archive(pax({ path: 'x/'.repeat(2048) }), file('a')),
    'a link target longer than a path can be': archive(pax({ linkpath: 'x'.repeat(4096) }), symlink('a', 'x')),
    'a sparse map of a million pieces': archive(sparse10(), file('a', padded(Buffer.from('1000000\n')))),
    'old sparse headers without end': Buffer.concat([
      member({ name: 'a', type: 'S', format: 'gnu', patch: [[482, '1']] }),
      ...Array.from({ length: 5000 }, (_, index) => oldExtension(index)),
    ]),
  };
  for (const [name, tar] of Object.entries(cases)) test(name, () => refuses(tar, 'ERR_TSRUN_LAYER_LIMIT'));
});

function oldExtension(index: number): Buffer {
  const block = Buffer.alloc(512);
  for (let slot = 0; slot < 21; slot++) {
    block.write((index * 21 + slot).toString(8).padStart(11, '0'), slot * 24, 'latin1');
    block.write('00000000000', slot * 24 + 12, 'latin1');
  }
  block[504] = 1;
  return block;
}

test('messages show names without control characters', () => {
  assert.throws(
    () => read(archive(symlink('\u001b[31m\u009b', '', {}))),
    ({ message, subject }: { message: string; subject: string }) => {
      assert.match(subject, /\\u001b\[31m/);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: their absence is the point
      assert.doesNotMatch(message + subject, /[\u0000-\u001f\u007f-\u009f]/);
      return true;
    },
  );
  assert.deepEqual(read(END), []);
});

test('of two attributes with one name the later counts; forty thousand in one header are too many', () => {
  const twice = ['a', 'b', 'a'].map((name, index): [string, string] => [`SCHILY.xattr.user.${name}`, `${index}`]);
  const [entry] = read(archive(pax(twice), file('f')));
  assert.deepEqual(
    entry?.xattrs.map(({ name, value }) => [name, value.toString()]),
    [
      ['user.b', '1'],
      ['user.a', '2'],
    ],
  );
  const many = Array.from({ length: 40_000 }, (_, index): [string, string] => [`SCHILY.xattr.${index}`, '']);
  refuses(archive(pax(many), file('f')), 'ERR_TSRUN_LAYER_LIMIT');
});
