/** Hand-made archives: links, devices, and what takes the place of something else. */
import type { Case } from './corpus.js';
import { archive, device, directory, fifo, file, hardlink, symlink } from './tar-builder.js';

export const ENTRIES: Case[] = [
  {
    name: 'symlinks of all kinds',
    tar: archive(
      symlink('abs', '/etc/passwd'),
      symlink('rel', 'x/../y'),
      symlink('up', '../../up'),
      symlink('self', 'self'),
      symlink('dot', '.'),
    ),
  },
  {
    name: 'hard links to a file, to a link, in a chain',
    tar: archive(
      file('a', 'x', { mode: 0o4755 }),
      hardlink('b', 'a'),
      hardlink('c', 'b'),
      symlink('s', 'a'),
      hardlink('t', 's'),
      directory('d'),
      hardlink('d/e', './a'),
      hardlink('d/f', '/a'),
    ),
  },
  { name: 'a hard link onto itself', unlike: { bsdtar: 'gives up', umoci: 'gives up' }, tar: archive(file('a', 'x'), hardlink('a', 'a')) },
  {
    name: 'a hard link with a size has no data',
    tar: archive(file('a', 'abc'), hardlink('b', 'a', { size: 3 }), file('c', 'z')),
    notListedBy: ['bsdtar'],
  },
  { name: 'a fifo', tar: archive(fifo('p', { mode: 0o620, uid: 3 }), hardlink('q', 'p')) },
  { name: 'devices', tar: archive(device('null', 1, 3), device('big', 10, 300), device('disk', 8, 1, '4')), needsRoot: true },
  {
    name: 'the same file twice',
    tar: archive(file('a', 'longer content', { mode: 0o600 }), hardlink('b', 'a'), file('a', 'second', { mode: 0o644 })),
  },
  {
    name: 'a directory twice keeps its contents and takes the new metadata',
    unlike: { bsdtar: 'keeps the first time' },
    tar: archive(directory('d', { mode: 0o700, mtime: 1 }), file('d/f', 'x'), directory('d', { mode: 0o755, uid: 5, mtime: 2 })),
  },
  {
    name: 'a file takes the place of a link and not of its target',
    tar: archive(file('t', 'target'), symlink('l', 't'), file('l', 'own')),
  },
  { name: 'a link takes the place of a file', tar: archive(file('t', 'target'), file('l', 'file'), symlink('l', 't')) },
  { name: 'a directory takes the place of a file', tar: archive(file('d', 'x'), directory('d'), file('d/e', 'y')) },
  {
    name: 'a fifo and a hard link take the place of files',
    tar: archive(file('a', '1'), file('p', '2'), file('h', '3'), fifo('p'), hardlink('h', 'a')),
  },
  {
    name: 'entries below a link to a directory of the layer',
    unlike: { bsdtar: 'follows no link' },
    tar: archive(
      directory('usr'),
      directory('usr/lib'),
      symlink('lib', 'usr/lib'),
      file('lib/x', '1'),
      hardlink('lib/y', 'lib/x'),
      symlink('abs', '/nowhere'),
    ),
    mtimeLost: ['usr/lib'],
  },
  {
    name: 'a file takes the place of a directory that is not empty',
    tar: archive(directory('d'), directory('d/e'), file('d/e/f', 'x'), file('d', 'file')),
    unlike: { gnu: 'gives up; docker and containerd remove', bsdtar: 'gives up' },
  },
  {
    name: 'a link takes the place of a directory that is not empty, and what follows goes through it',
    tar: archive(directory('real'), directory('d'), file('d/f', 'x'), symlink('d', 'real'), file('d/g', 'y')),
    unlike: { gnu: 'gives up', bsdtar: 'gives up' },
  },
];
