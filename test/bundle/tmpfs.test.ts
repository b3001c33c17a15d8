import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseTmpfs } from '../../src/bundle/tmpfs.js';

const options = (text: string) => parseTmpfs(text).options.join(',');

describe('--tmpfs', () => {
  it('has docker’s defaults, and the last word wins', () => {
    assert.equal(parseTmpfs('/t//x/').destination, '/t/x');
    assert.equal(options('/t'), 'nosuid,nodev,noexec,mode=1777');
    assert.equal(options('/t:size=1m,mode=700,noexec'), 'nosuid,nodev,noexec,size=1m,mode=700');
    assert.equal(options('/t:exec,suid,dev'), 'mode=1777');
    assert.equal(options('/t:exec,noexec'), 'nosuid,nodev,noexec,mode=1777');
    assert.equal(options('/t:ro,size=1m,size=2m'), 'nosuid,nodev,noexec,ro,mode=1777,size=2m');
    assert.equal(options('/t:ro,rw'), 'nosuid,nodev,noexec,mode=1777');
    assert.equal(options('/t:uid=1000,gid=10,nr_inodes=1k,noatime'), 'nosuid,nodev,noexec,mode=1777,uid=1000,gid=10,nr_inodes=1k,noatime');
  });

  it('is refused with what it cannot do', () => {
    for (const text of ['', 't', '/', '/t:size', '/t:size=', '/t:size=big', '/t:mode=9', '/t:nonsense', '/t:,', '/t:uid=ada', '/t\0'])
      assert.throws(() => parseTmpfs(text), { code: 'ERR_TSRUN_USAGE' }, text);
    for (const text of ['/t:tmpcopyup', '/proc/x', '/dev']) assert.throws(() => parseTmpfs(text), { code: 'ERR_TSRUN_UNSUPPORTED' }, text);
  });
});
