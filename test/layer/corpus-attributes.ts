/** Hand-made archives: extended attributes, and what stands in few archives beside them. */
import type { Case } from './corpus.js';
import { archive, directory, fifo, file, hardlink, header, long, pax, record, symlink } from './tar-builder.js';

const bytes = (...values: number[]) => Buffer.from(values);
const every = Buffer.from(Array.from({ length: 256 }, (_, index) => index));
/** cap_net_raw=ep, version 2 (linux/capability.h). */
const CAPABILITY = bytes(1, 0, 0, 2, 0, 0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
/** As bsdtar writes it: no padding. */
const base64 = (value: Buffer) => value.toString('base64').replace(/=+$/, '');

export const ATTRIBUTES: Case[] = [
  {
    name: 'attributes: every byte as a value, values of 0 and 1000 bytes',
    tar: archive(
      pax({ 'SCHILY.xattr.user.every': every, 'SCHILY.xattr.user.none': '', 'SCHILY.xattr.user.large': Buffer.alloc(1000, every) }),
      file('f', 'x'),
    ),
    unlike: { umoci: 'loses empty attributes' },
  },
  {
    name: "attributes: LIBARCHIVE's form beside SCHILY's, as bsdtar writes them",
    tar: archive(
      pax({ 'SCHILY.xattr.user.every': every, 'LIBARCHIVE.xattr.user.every': base64(every) }),
      file('f', 'x'),
      pax({ 'LIBARCHIVE.xattr.user.d': base64(Buffer.from('d')), 'SCHILY.xattr.user.d': 'd' }),
      directory('d'),
    ),
  },
  {
    name: "attributes: LIBARCHIVE's form alone, the name with %XX",
    tar: archive(
      pax({ 'LIBARCHIVE.xattr.user.every': base64(every), 'LIBARCHIVE.xattr.user.%e9%3D%25': 'AAH/', 'LIBARCHIVE.xattr.user.none': '' }),
      file('f', 'x'),
    ),
    unlike: { gnu: 'GNU tar does not know it', umoci: 'Go does not know it' },
  },
  {
    name: 'attributes: of two records with one name the later counts',
    tar: archive(
      pax([
        ['SCHILY.xattr.user.x', 'first'],
        ['SCHILY.xattr.user.x', 'second'],
      ]),
      file('f', 'x'),
    ),
  },
  {
    name: 'attributes: a capability stays with an owner, a setuid bit and a second name; one in LIBARCHIVE’s form too',
    tar: archive(
      pax({ 'SCHILY.xattr.security.capability': CAPABILITY }),
      file('ping', 'x', { uid: 33, gid: 44, mode: 0o4755 }),
      hardlink('ping6', 'ping'),
      pax({ 'LIBARCHIVE.xattr.security.capability': base64(CAPABILITY), 'SCHILY.xattr.security.capability': CAPABILITY }),
      file('both', 'x', { uid: 7 }),
    ),
  },
  {
    name: 'attributes: those of a directory that comes twice stay',
    tar: archive(pax({ 'SCHILY.xattr.user.one': '1' }), directory('d'), pax({ 'SCHILY.xattr.user.two': '2' }), directory('d')),
    unlike: { umoci: 'removes the first' },
  },
  {
    name: 'attributes: a file that comes twice has those of the second',
    tar: archive(pax({ 'SCHILY.xattr.user.one': '1' }), file('f', '1'), pax({ 'SCHILY.xattr.user.two': '2' }), file('f', '2')),
  },
  {
    name: 'attributes: trusted and other security ones are not applied',
    tar: archive(
      pax({ 'SCHILY.xattr.trusted.x': '1', 'SCHILY.xattr.security.evm': '2', 'SCHILY.xattr.user.x': '3', 'RHT.security.selinux': 'label' }),
      file('f', 'x'),
    ),
    needsRoot: true,
    unlike: { gnu: 'as root it applies them', bsdtar: 'as root it applies them', umoci: 'as root it applies them' },
  },
  {
    name: 'names of users and groups mean nothing beside the numbers',
    tar: archive(
      pax({ uname: 'nobody', gname: 'nogroup' }),
      file('a', '', { uid: 5, gid: 6 }),
      file('b', '', {
        uid: 7,
        gid: 8,
        patch: [
          [265, 'daemon\0'],
          [297, 'daemon\0'],
        ],
      }),
    ),
  },
  {
    name: "keys of star's and libarchive's that say nothing of the file",
    tar: archive(
      pax({ 'SCHILY.dev': '5', 'SCHILY.ino': '99', 'SCHILY.nlink': '3', 'LIBARCHIVE.creationtime': '1.5', ctime: '2.5', comment: '' }),
      file('a', 'x'),
    ),
  },
  { name: 'a mode with the bits of the type in it', tar: archive(file('a', 'x', { mode: 0o100640 }), directory('d', { mode: 0o40711 })) },
  {
    name: "GNU's own fields where POSIX has the prefix",
    notListedBy: ['python'],
    tar: archive(file('a', 'x', { format: 'gnu', patch: [[345, '14000000000\x0014000000001\0']] })),
  },
  {
    name: "star's shorter prefix, times behind it",
    tar: archive(
      directory('p'),
      file('a', 'x', {
        prefix: 'p',
        patch: [
          [476, '14000000000\0'],
          [488, '14000000001\0'],
          [508, 'tar\0'],
        ],
      }),
    ),
  },
  {
    name: 'a prefix of 155 bytes, names of 255 bytes in each part',
    tar: archive(
      directory(`${'p'.repeat(99)}`),
      directory('q'.repeat(55), { prefix: 'p'.repeat(99) }),
      file('n'.repeat(100), 'x', { prefix: `${'p'.repeat(99)}/${'q'.repeat(55)}` }),
      pax({ path: 'c'.repeat(255) }),
      directory('c'),
      pax({ path: `${'c'.repeat(255)}/${'d'.repeat(255)}` }),
      file('d', 'y'),
    ),
  },
  {
    name: 'a path of 4000 bytes',
    tar: archive(
      ...Array.from({ length: 20 }, (_, index) => Buffer.concat([pax({ path: `${'e'.repeat(199)}/`.repeat(index + 1) }), directory('e')])),
    ),
  },
  { name: 'a GNU long name that has no NUL at its end', tar: archive(long('L', 'l'.repeat(120)).fill(0, 512 + 120), file('l', 'x')) },
  { name: 'an empty PAX header', tar: archive(pax({}), file('a', 'x')), notListedBy: ['bsdtar'] },
  {
    name: 'dots in names that are no dots',
    tar: archive(file('...', '1'), file('..a', '2'), file('a..', '3'), directory('.hidden'), file('.hidden/.x', '4'), file('. ', '5')),
  },
  {
    name: 'symlinks of bytes that are no UTF-8, and of 4000 bytes',
    tar: archive(symlink(bytes(0xff, 0x6c), bytes(0xfe, 0x2f, 0x80)), pax({ linkpath: 't'.repeat(4000) }), symlink('l', 'x')),
    notListedBy: ['bsdtar'],
  },
  {
    name: 'links and fifos twice, the second counts',
    tar: archive(
      symlink('s', 'one'),
      symlink('s', 'two'),
      fifo('p', { mode: 0o600 }),
      fifo('p', { mode: 0o644 }),
      file('a', 'x'),
      hardlink('h', 'a'),
      hardlink('h', 'a'),
    ),
  },
  {
    name: 'a file, a directory and a file again',
    tar: archive(file('x', '1'), directory('x'), file('x', '2', { mode: 0o600 })),
  },
  {
    name: 'parents last: they keep their own modes and times',
    tar: archive(
      file('a/b/c', 'x'),
      directory('a/b', { mode: 0o750, mtime: 1000, uid: 3 }),
      symlink('a/l', 'b'),
      directory('a', { mode: 0o711, mtime: 2000, gid: 4 }),
    ),
    needsParents: 'a/b/c',
  },
  {
    name: 'the root last',
    tar: archive(directory('a', { mtime: 5 }), file('a/b', 'x'), directory('./', { mode: 0o750, mtime: 7 })),
  },
  {
    name: 'a hard link before its target',
    tar: archive(hardlink('first', 'later'), file('later', 'x')),
    needsParents: 'first',
    unlike: { gnu: 'gives up', bsdtar: 'gives up', umoci: 'gives up' },
  },
  {
    name: 'an entry whose parents nobody made',
    tar: archive(file('not/there/f', 'x', { uid: 9 })),
    needsParents: 'not/there/f',
    timeless: ['not', 'not/there'],
  },
  {
    name: 'old links of the seventh edition',
    tar: archive(file('a', 'x', { format: 'v7', type: '\0' }), hardlink('h', 'a', { format: 'v7' }), symlink('s', 'a', { format: 'v7' })),
  },
  {
    name: 'an archive within a file, by the size that PAX tells alone',
    tar: archive(pax({ size: '1536' }), header({ name: 'inner.tar' }), file('hidden', 'x'), Buffer.alloc(512), file('after', 'y')),
  },
  {
    name: 'a file that is empty by PAX, and not by its header',
    tar: archive(pax({ size: '0' }), header({ name: 'a', size: 512 }), file('after', 'y')),
  },
  { name: 'nothing but zeros, as docker ends an empty layer', tar: Buffer.alloc(10240) },
  {
    name: 'two headers for every file, PAX and global in turn',
    tar: archive(
      ...Array.from({ length: 10 }, (_, index) =>
        Buffer.concat([pax({ comment: 'c' }, 'g'), pax({ mtime: `${index}.5` }), file(`f${index}`)]),
      ),
    ),
    unlike: { umoci: 'refuses global headers' },
  },
  {
    name: 'a PAX record of exactly 99, 100 and 101 bytes',
    tar: archive(
      ...[99, 100, 101].map((size) => {
        const value = 'v'.repeat(size - record('comment', '').length - (size > 99 ? 1 : 0));
        return Buffer.concat([pax({ comment: value, path: `f${size}` }), file('x', 'x')]);
      }),
    ),
  },
];
