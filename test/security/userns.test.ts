import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseUserns } from '../../src/security/userns.js';

describe('--userns', () => {
  it('is one of its words, with its options', () => {
    assert.deepEqual(parseUserns({}), { mode: 'default' });
    assert.deepEqual(parseUserns({ userns: 'nomap' }), { mode: 'nomap' });
    assert.deepEqual(parseUserns({ userns: 'keep-id' }), { mode: 'keep-id', fast: false });
    assert.deepEqual(parseUserns({ userns: 'keep-id:fast' }), { mode: 'keep-id', fast: true });
    assert.deepEqual(parseUserns({ userns: 'keep-id:gid=0,uid=1000' }), { mode: 'keep-id', fast: false, uid: 1000, gid: 0 });
    assert.deepEqual(parseUserns({ userns: 'auto' }), { mode: 'auto' });
    assert.deepEqual(parseUserns({ userns: 'auto:size=4096' }), { mode: 'auto', size: 4096 });
    assert.deepEqual(parseUserns({ userns: 'identity' }), { mode: 'identity', hostRoot: false });
    assert.deepEqual(parseUserns({ userns: 'identity:host-root' }), { mode: 'identity', hostRoot: true });
  });

  for (const userns of [
    'nonsense',
    'keep-id:',
    'keep-id:uid=',
    'keep-id:uid=-1',
    'keep-id:uid=4294967295',
    'keep-id:uid=1,uid=2',
    'keep-id:slow',
    'auto:size=0',
    'auto:1000',
    'nomap:x',
    'identity:yes',
    'container:x',
  ])
    it(`is not ${userns}`, () => assert.throws(() => parseUserns({ userns }), { code: 'ERR_TSRUN_USAGE' }));
});

describe('--uidmap and --gidmap', () => {
  it('count for both when one is given', () => {
    const line = { containerId: 0, from: 1, size: 10, host: false };
    assert.deepEqual(parseUserns({ uidmap: ['0:1:10'] }), { mode: 'explicit', uid: [line], gid: [line] });
    assert.deepEqual(parseUserns({ gidmap: ['0:@5'] }), {
      mode: 'explicit',
      uid: [{ containerId: 0, from: 5, size: 1, host: true }],
      gid: [{ containerId: 0, from: 5, size: 1, host: true }],
    });
  });

  for (const uidmap of [['0'], ['0:1:0'], ['a:1:1'], ['0:1:1:1'], ['0:1:10', '9:20:1'], ['4294967294:1:2'], ['-1:0:1'], ['0:1:1\n'], ['']])
    it(`are not ${JSON.stringify(uidmap)}`, () => assert.throws(() => parseUserns({ uidmap }), { code: 'ERR_TSRUN_USAGE' }));

  it('say the whole map, so --userns says nothing besides', () =>
    assert.throws(() => parseUserns({ uidmap: ['0:0:1'], userns: 'keep-id' }), { code: 'ERR_TSRUN_USAGE' }));

  it('are as many as the kernel takes', () => {
    const uidmap = Array.from({ length: 341 }, (_, id) => `${id}:${id}:1`);
    assert.throws(() => parseUserns({ uidmap }), { code: 'ERR_TSRUN_USAGE' });
    assert.equal(parseUserns({ uidmap: uidmap.slice(1) }).mode, 'explicit');
  });
});
