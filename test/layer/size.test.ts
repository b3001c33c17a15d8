import assert from 'node:assert/strict';
import { linkSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { treeSize } from '../../src/layer/size.js';
import { temporaryDirectory } from '../harness/temporary.js';

describe('the size of a tree', () => {
  it('is that of its files, each once, without directories', () => {
    const directory = temporaryDirectory();
    assert.equal(treeSize(directory), 0);
    mkdirSync(join(directory, 'a/b'), { recursive: true });
    writeFileSync(join(directory, 'a/b/file'), 'x'.repeat(1000));
    linkSync(join(directory, 'a/b/file'), join(directory, 'same'));
    writeFileSync(join(directory, 'other'), 'x'.repeat(24));
    assert.equal(treeSize(directory), 1024);
  });

  it('counts a symlink and not what it leads to', () => {
    const directory = temporaryDirectory();
    symlinkSync('/', join(directory, 'x'));
    assert.equal(treeSize(directory), 1);
    assert.equal(treeSize(join(directory, 'x')), 0);
  });

  it('counts names that are no UTF-8', () => {
    const directory = temporaryDirectory();
    const odd = Buffer.concat([Buffer.from(`${directory}/`), Buffer.from([0xff, 0xfe])]);
    mkdirSync(odd);
    writeFileSync(Buffer.concat([odd, Buffer.from('/\xff', 'latin1')]), 'abc');
    assert.equal(treeSize(directory), 3);
  });

  it('of what is not there, or no directory, is none', () => {
    const directory = temporaryDirectory();
    writeFileSync(join(directory, 'file'), 'abc');
    assert.equal(treeSize(join(directory, 'nothing')), 0);
    assert.equal(treeSize(join(directory, 'file')), 0);
  });
});
