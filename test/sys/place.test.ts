import assert from 'node:assert/strict';
import { lchownSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { ForeignLink, findPlace } from '../../src/sys/place.js';
import { temporaryDirectory } from '../harness/temporary.js';

/** What the place of a path holds, and whether the last component was a link. */
function lookAt(path: string): [text: string, linked: boolean] {
  const { directory, name, linked } = findPlace(path);
  using held = directory;
  return [readFileSync(held.at(name), 'utf8'), linked];
}

describe('a place', () => {
  it('is found through links of ours, relative and absolute, and beyond ..', () => {
    const at = temporaryDirectory();
    mkdirSync(join(at, 'a/b'), { recursive: true });
    writeFileSync(join(at, 'a/file'), 'x');
    symlinkSync('a/b', join(at, 'relative'));
    symlinkSync(join(at, 'a'), join(at, 'absolute'));
    symlinkSync('../file', join(at, 'a/b/up'));
    symlinkSync('b/..', join(at, 'a/dots'));
    assert.deepEqual(lookAt(join(at, 'a/file')), ['x', false]);
    assert.deepEqual(lookAt(join(at, 'absolute/file')), ['x', false]);
    assert.deepEqual(lookAt(join(at, 'relative/up')), ['x', true]);
    assert.deepEqual(lookAt(join(at, 'absolute/dots/dots/file')), ['x', false]);
    const { directory, name, linked } = findPlace(join(at, 'a/dots'));
    using held = directory;
    assert.deepEqual([readdirSync(held.at(name)).sort(), linked], [['b', 'dots', 'file'], true]);
  });

  it('stays, whatever its path means meanwhile', () => {
    const at = temporaryDirectory();
    mkdirSync(join(at, 'a'));
    const { directory, name } = findPlace(join(at, 'a/file'));
    using held = directory;
    renameSync(join(at, 'a'), join(at, 'moved'));
    writeFileSync(held.at(name), 'x');
    assert.deepEqual(readdirSync(join(at, 'moved')), ['file']);
  });

  it('gets the directories above it where that is asked for', () => {
    const at = temporaryDirectory();
    assert.throws(() => findPlace(join(at, 'a/b/c')), { code: 'ENOENT' });
    findPlace(join(at, 'a/b/c'), 0o700).directory[Symbol.dispose]();
    assert.deepEqual([readdirSync(join(at, 'a')), statSync(join(at, 'a/b')).mode & 0o777], [['b'], 0o700]);
    writeFileSync(join(at, 'file'), '');
    assert.throws(() => findPlace(join(at, 'file/below/c'), 0o700), { code: 'ENOTDIR' });
    assert.throws(() => findPlace('/proc/no/store', 0o700), { code: 'ENOENT' });
    symlinkSync('loop', join(at, 'loop'));
    assert.throws(() => findPlace(join(at, 'loop')), { code: 'ELOOP' });
  });

  if (process.getuid?.() === 0)
    it('is not found through a link of another user’s', () => {
      const at = temporaryDirectory();
      mkdirSync(join(at, 'a'));
      symlinkSync('a', join(at, 'link'));
      lchownSync(join(at, 'link'), 7001, 7001);
      for (const path of ['link', 'link/file', 'link/new/file']) assert.throws(() => findPlace(join(at, path), 0o700), ForeignLink);
      assert.deepEqual(readdirSync(join(at, 'a')), []);
    });
});
