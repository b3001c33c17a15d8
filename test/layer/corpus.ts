/**
 * Hand-made archives without hostile content. What each must become is in golden/corpus.txt; GNU tar, bsdtar and umoci make the same of it but
 * where `unlike` says otherwise.
 */
import { archive, binary, checksum, directory, END, file, header, long, padded, pax, symlink } from './tar-builder.js';

export interface Case {
  name: string;
  tar: Buffer;
  /** Directories whose mtime others lose, because an entry reaches them by another name. */
  mtimeLost?: string[];
  /** Readers that list it differently or not at all, with the reason. */
  notListedBy?: ('python' | 'bsdtar')[];
  needsRoot?: boolean;
  /** The entry that a layer of its own cannot have without its parents: unpacked `merged` alone. */
  needsParents?: string;
  /** Directories made on the way, whose times are those of the moment. */
  timeless?: string[];
  /** Programs whose tree is another one, and why. */
  unlike?: Partial<Record<'gnu' | 'bsdtar' | 'umoci', string>>;
}

const LONG = `${'d'.repeat(60)}/${'e'.repeat(60)}/${'f'.repeat(60)}`;
const bytes = (...values: number[]) => Buffer.from(values);
const many = (count: number, make: (index: number) => Buffer) => Array.from({ length: count }, (_, index) => make(index));

/** Parents of LONG by means that need no long names. */
function parentsOfLong(): Buffer[] {
  const [first = '', second = ''] = LONG.split('/');
  return [directory(first), directory(second, { prefix: first })];
}

function signedChecksum(): Buffer {
  const block = header({ name: bytes(0xe9, 0x74, 0xe9) });
  block.write(checksum(block, true), 148, 'latin1');
  return block;
}

const DATA = Buffer.from(Array.from({ length: 3000 }, (_, index) => (index * 7) & 0xff));

export const CORPUS: Case[] = [
  { name: 'an empty stream', tar: Buffer.alloc(0), notListedBy: ['python'], unlike: { gnu: 'GNU tar wants a block' } },
  { name: 'an empty archive', tar: END },
  {
    name: 'files of 0, 1, 511, 512, 513 bytes',
    tar: archive(...[0, 1, 511, 512, 513].map((size) => file(`f${size}`, DATA.subarray(0, size)))),
  },
  { name: 'a file larger than every buffer', tar: archive(file('large', Buffer.alloc(3 * 2 ** 20 + 17, 'abcdefg'))) },
  {
    name: 'directories with metadata kept although entries follow',
    tar: archive(directory('d', { mtime: 1000 }), directory('d/e', { mtime: 2000 }), file('d/e/f', 'x'), file('d/g', 'y')),
  },
  {
    name: "names that begin with './' and an entry for the root",
    unlike: { bsdtar: 'loses the time of the root' },
    tar: archive(directory('./', { mode: 0o750, mtime: 5 }), directory('./a'), file('./a/b', 'x')),
  },
  {
    name: "a name that is '.' alone",
    unlike: { bsdtar: 'loses the time of the root' },
    tar: archive(directory('.', { mode: 0o711 }), file('a')),
  },
  {
    name: "names with '/' in front, doubled and at the end",
    tar: archive(directory('/a/'), directory('a//b//'), file('/a/./b/c', 'x')),
    mtimeLost: ['a/b'],
  },
  { name: 'a name of exactly 100 bytes', tar: archive(file('n'.repeat(100), 'x'), symlink('l', 't'.repeat(100))) },
  {
    name: 'ustar prefixes',
    tar: archive(...parentsOfLong(), file('f'.repeat(60), 'x', { prefix: LONG.split('/').slice(0, 2).join('/') })),
  },
  {
    name: 'GNU long names and long links',
    tar: archive(
      ...parentsOfLong(),
      long('L', LONG),
      file(LONG.slice(0, 100), 'x', { format: 'gnu' }),
      long('K', 't'.repeat(300)),
      symlink('l', 't'.repeat(100), { format: 'gnu' }),
    ),
  },
  {
    name: 'GNU long name and long link of one entry',
    tar: archive(...parentsOfLong(), long('K', 't'.repeat(300)), long('L', LONG), symlink('x', 'y', { format: 'gnu' })),
  },
  {
    name: 'PAX path and linkpath',
    tar: archive(...parentsOfLong(), pax({ path: LONG }), file('short', 'x'), pax({ linkpath: 'u'.repeat(500) }), symlink('l', 'short')),
  },
  {
    name: 'a PAX header applies to the next entry alone',
    tar: archive(pax({ path: 'first', uid: '7' }), file('x', '1'), file('second', '2')),
  },
  {
    name: 'names that are not UTF-8',
    unlike: { bsdtar: 'wants PAX names to be UTF-8' },
    tar: archive(
      file(bytes(0xff, 0xfe, 0x41), 'x'),
      directory(bytes(0xe9)),
      file(bytes(0xe9, 0x2f, 0x80), 'y'),
      pax({ path: bytes(0xc3, 0x28) }),
      file('p', 'z'),
    ),
    notListedBy: ['bsdtar'],
  },
  {
    name: 'names with backslashes, blanks, newlines and quotes',
    tar: archive(file('a\\b', '1'), file(' a b ', '2'), file('new\nline', '3'), file(`"'$(x)`, '4'), file('-rf', '5')),
    notListedBy: ['bsdtar'],
  },
  { name: 'NFC and NFD are two names', tar: archive(file('\u00e9', 'nfc'), file('e\u0301', 'nfd')) },
  { name: 'upper and lower case are two names', tar: archive(file('A', '1'), file('a', '2')) },
  {
    name: 'modes with setuid, setgid and sticky',
    tar: archive(
      ...[0o4755, 0o2755, 0o6711, 0o1777, 0o0, 0o7777].flatMap((mode) => [
        file(`f${mode}`, 'x', { mode }),
        directory(`d${mode}`, { mode }),
      ]),
    ),
  },
  {
    name: 'setuid is kept after the owner is given',
    tar: archive(
      file('suid', 'x', { mode: 0o4755, uid: 33, gid: 44 }),
      directory('sgid', { mode: 0o2775, gid: 50 }),
      file('sgid/inside', 'x', { gid: 0 }),
    ),
  },
  {
    name: 'a directory that may not be written, with entries',
    tar: archive(directory('d', { mode: 0o555 }), file('d/f', 'x', { mode: 0o444 })),
  },
  {
    name: 'owners in octal, base-256 and PAX',
    tar: archive(
      file('o', '', { uid: 1000, gid: 1001 }),
      file('b', '', { uid: 3_000_000, gid: 4_000_000 }),
      pax({ uid: '65534', gid: '4294967294' }),
      file('p', ''),
    ),
  },
  {
    name: 'times: 0, base-256 before 1970 and after 2242',
    tar: archive(file('zero', '', { mtime: 0 }), file('before', '', { mtime: -5 }), file('late', '', { mtime: 2 ** 33 })),
  },
  {
    name: 'PAX times in nanoseconds, before 1970 too',
    unlike: { bsdtar: 'counts a negative fraction upwards', umoci: 'cuts what is finer than a nanosecond off' },
    tar: archive(
      ...['1600000000.123456789', '1600000000.5', '1.1234567899', '-1.5', '-0.000000001', '-3.0000000001', '7'].flatMap((mtime, index) => [
        pax({ mtime }),
        file(`t${index}`),
      ]),
      pax({ mtime: '9.25' }),
      directory('d'),
      pax({ mtime: '8.75' }),
      symlink('l', 'x'),
    ),
    notListedBy: ['python'],
  },
  {
    name: 'types 7 and NUL are files',
    unlike: { umoci: 'does not know type 7' },
    tar: archive(file('seven', 'x', { type: '7' }), file('nul', 'y', { type: '\0' })),
  },
  {
    name: 'headers of the seventh edition, a directory by its slash',
    tar: archive(file('d/', '', { type: '\0', format: 'v7', mode: 0o755 }), file('d/f', 'x', { type: '\0', format: 'v7' })),
  },
  {
    name: 'a file with a slash and type 0 is a directory',
    unlike: { umoci: 'makes a file' },
    tar: archive(file('d/', '', { mode: 0o755 }), file('d/f', 'x')),
    notListedBy: ['python', 'bsdtar'],
  },
  { name: 'a checksum of signed characters', tar: archive(signedChecksum()), notListedBy: ['bsdtar'] },
  {
    name: 'numbers with leading blanks',
    tar: archive(
      file('a', 'abc', {
        patch: [
          [124, '          3 '],
          [108, '   1750\0'],
        ],
      }),
    ),
  },
  {
    name: 'empty number fields',
    tar: archive(
      file('a', '', {
        patch: [
          [329, Buffer.alloc(16)],
          [108, Buffer.alloc(16)],
        ],
      }),
    ),
  },
  {
    name: 'PAX size over an empty header size',
    tar: archive(pax({ size: '5' }), header({ name: 'a', size: 0 }), padded(Buffer.from('12345')), file('b', 'next')),
  },
  {
    name: 'PAX size is for the entry, not for the GNU name before it',
    tar: archive(
      pax({ size: '5' }),
      long('K', 'x'.repeat(120)),
      header({ name: 'a', size: 0 }),
      padded(Buffer.from('12345')),
      file('b', 'next'),
    ),
    notListedBy: ['python', 'bsdtar'],
  },
  {
    name: 'a base-256 size',
    tar: archive(header({ name: 'a', patch: [[124, binary(12, 5)]] }), padded(Buffer.from('12345')), file('b', 'next')),
  },
  {
    name: 'global PAX headers, overridden by local ones',
    unlike: { bsdtar: 'passes them over', umoci: 'refuses them' },
    tar: archive(
      pax({ comment: 'made by git', gid: '77' }, 'g'),
      file('a', '1'),
      pax({ gid: '78' }),
      file('b', '2'),
      pax({ gid: '79' }, 'g'),
      file('c', '3'),
    ),
  },
  {
    name: 'PAX keys of vendors, and a key twice',
    tar: archive(
      pax([
        ['VENDOR.thing', 'x=y\nz'],
        ['path', 'one'],
        ['path', 'two'],
        ['hdrcharset', 'BINARY'],
      ]),
      file('x', '1'),
    ),
  },
  { name: 'no end of archive', tar: file('a', 'x') },
  { name: 'one block of zeros at the end', tar: Buffer.concat([file('a', 'x'), Buffer.alloc(512)]) },
  { name: 'more behind the end of the archive', tar: Buffer.concat([archive(file('a', 'x')), file('b', 'hidden'), Buffer.from('odd')]) },
  { name: 'a deep tree', tar: archive(...many(200, (index) => Buffer.concat([pax({ path: 'd/'.repeat(index + 1) }), directory('d')]))) },
  { name: 'many entries in one directory', tar: archive(directory('m'), ...many(500, (index) => file(`m/f${index}`, String(index)))) },
  {
    name: 'user attributes and file capabilities',
    unlike: { umoci: 'loses empty attributes' },
    tar: archive(
      pax({ 'SCHILY.xattr.user.bin': bytes(0, 255, 10, 61, 128), 'SCHILY.xattr.user.empty': '' }),
      file('x', '1'),
      pax({ 'SCHILY.xattr.user.d': 'on directory' }),
      directory('d'),
      pax({ 'SCHILY.xattr.security.capability': bytes(1, 0, 0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0) }),
      file('ping', 'x', { uid: 1, mode: 0o755 }),
    ),
  },
];
