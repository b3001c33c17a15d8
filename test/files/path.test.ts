/** Expected values follow docker's own code: cli/command/container/cp.go and go-archive's copy.go. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { absolutePath, type CopyDestination, followsLink, landingOf, nameOf, splitArgument } from '../../src/files/path.js';

describe('a word of cp', () => {
  for (const [word, expected] of [
    ['web:/etc', { container: 'web', path: '/etc' }],
    ['web:etc/x:y', { container: 'web', path: 'etc/x:y' }],
    ['web:', { container: 'web', path: '' }],
    ['/a:b', { path: '/a:b' }],
    ['./a:b', { path: './a:b' }],
    ['..:b', { path: '..:b' }],
    ['.hidden:b', { path: '.hidden:b' }],
    ['a', { path: 'a' }],
    ['-', { path: '-' }],
    [':a', { path: 'a' }],
  ] as const) {
    it(`${word} names ${JSON.stringify(expected)}`, () => assert.deepEqual(splitArgument(word), expected));
  }
});

describe('an absolute path', () => {
  for (const [path, expected] of [
    ['', '/.'],
    ['/', '/'],
    ['.', '/here/.'],
    ['etc', '/here/etc'],
    ['/etc/', '/etc/'],
    ['/etc//x/../.', '/etc/.'],
    ['/etc/.', '/etc/.'],
    ['/etc/./', '/etc/.'],
    ['../..', '/'],
    ['/a/b/..', '/a'],
    ['/../../x', '/x'],
  ] as const) {
    it(`of ${JSON.stringify(path)} keeps what its ending says`, () => {
      assert.equal(absolutePath(path, path === '' ? '/' : '/here'), expected);
    });
  }

  it('follows a link at its end only where a directory must be meant', () => {
    assert.deepEqual(['/a', '/a/', '/a/.'].map(followsLink), [false, true, true]);
  });

  it('names what is copied, or nothing where its contents are', () => {
    assert.deepEqual(['/a/b', '/a/b/', '/a/b/.', '/'].map(nameOf), ['b', 'b', '', '']);
  });
});

describe('what is copied lands', () => {
  const file = { isDirectory: false, name: 'f' };
  const directory = { isDirectory: true, name: 'd' };
  const contents = { isDirectory: true, name: '' };
  const to = (path: string, is?: 'directory' | 'other'): CopyDestination => ({ path, is });
  for (const [what, source, destination, expected] of [
    ['a file in a directory', file, to('/x/', 'directory'), { directory: '/x/', name: 'f' }],
    ['a file in place of a file', file, to('/x/y', 'other'), { directory: '/x', name: 'y' }],
    ['a file as a new one', file, to('/x/y'), { directory: '/x', name: 'y' }],
    ['a file nowhere', file, to('/x/y/'), { refused: 'no such directory' }],
    ['a file in what is none', file, to('/x/y/', 'other'), { refused: 'no such directory' }],
    ['a directory in a directory', directory, to('/x', 'directory'), { directory: '/x', name: 'd' }],
    ['a directory over a file', directory, to('/x', 'other'), { refused: 'directory over a file' }],
    ['a directory as a new one', directory, to('/x/y'), { directory: '/x', name: 'y' }],
    ['a directory as a new one, with a slash', directory, to('/x/y/'), { directory: '/x', name: 'y' }],
    ['a directory in one that there is not', directory, to('/x/y/.'), { refused: 'no such directory' }],
    ['contents in a directory', contents, to('/x', 'directory'), { directory: '/x', name: '' }],
    ['contents as a new directory', contents, to('/x/y'), { directory: '/x', name: 'y' }],
  ] as const) {
    it(what, () => assert.deepEqual(landingOf(source, destination), expected));
  }
});
