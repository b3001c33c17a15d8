import assert from 'node:assert/strict';
import { existsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeDirectories } from '../../src/sys/directories.js';
import { temporaryDirectory } from '../harness/temporary.js';

test('directories are made with those above them, and it is said whether there was one', () => {
  const directory = temporaryDirectory();
  assert.equal(makeDirectories(join(directory, 'a/b/c'), 0o700), true);
  assert.equal(makeDirectories(join(directory, 'a/b/c'), 0o700), false);
  assert.equal(statSync(join(directory, 'a')).mode & 0o777, 0o700);
});

test('where nothing can be made it ends, with the reason', () => {
  const file = join(temporaryDirectory(), 'file');
  writeFileSync(file, '');
  assert.throws(() => makeDirectories('/proc/no/store', 0o700), { code: 'ENOENT' });
  assert.throws(() => makeDirectories(join(file, 'below'), 0o700), { code: 'ENOTDIR' });
  assert.ok(!existsSync('/proc/no'));
});
