import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { resolveUser } from '../../src/bundle/user.js';

const PASSWD = `root:x:0:0:root:/root:/bin/sh
bin:x:1:1:bin:/bin:/sbin/nologin
app:x:100:101:App:/srv/app:/bin/sh
1000:x:0:0:trap:/trap:/bin/sh
nohome:x:200:200:::/bin/sh
broken:x:abc:0::/:
big:x:99999999999:0::/:
+::::::
`;
const GROUP = `root:x:0:root
bin:x:1:root,bin
wheel:x:10:app, root
app:x:101:
data:x:33:app
broken:x:x:app
`;

describe('a user', () => {
  const cases: [string, { uid: number; gid: number; additionalGids: number[]; home: string }][] = [
    ['', { uid: 0, gid: 0, additionalGids: [0, 1, 10], home: '/root' }],
    ['root', { uid: 0, gid: 0, additionalGids: [0, 1, 10], home: '/root' }],
    ['app', { uid: 100, gid: 101, additionalGids: [101, 10, 33], home: '/srv/app' }],
    ['100', { uid: 100, gid: 101, additionalGids: [101, 10, 33], home: '/srv/app' }],
    ['app:', { uid: 100, gid: 101, additionalGids: [101, 10, 33], home: '/srv/app' }],
    ['app:wheel', { uid: 100, gid: 10, additionalGids: [10], home: '/srv/app' }],
    ['app:0', { uid: 100, gid: 0, additionalGids: [0], home: '/srv/app' }],
    ['1234', { uid: 1234, gid: 0, additionalGids: [0], home: '/' }],
    ['1234:5678', { uid: 1234, gid: 5678, additionalGids: [5678], home: '/' }],
    [':2000', { uid: 0, gid: 2000, additionalGids: [2000], home: '/root' }],
    ['1000', { uid: 1000, gid: 0, additionalGids: [0], home: '/' }],
    ['nohome', { uid: 200, gid: 200, additionalGids: [200], home: '/' }],
  ];
  for (const [text, expected] of cases) {
    it(`${JSON.stringify(text)} is ${expected.uid}:${expected.gid}, groups ${expected.additionalGids}`, () => {
      assert.deepEqual(resolveUser(text, PASSWD, GROUP), expected);
    });
  }

  it('is root in an image without files', () => {
    for (const text of ['', 'root', '0', '0:0'])
      assert.deepEqual(resolveUser(text, '', ''), { uid: 0, gid: 0, additionalGids: [0], home: '/root' });
  });

  it('is an error when unknown, and never guessed', () => {
    for (const text of ['nobody', 'app:nogroup', 'broken', 'big', '-1', '0x10', '1e3', ' 0', '+']) {
      assert.throws(() => resolveUser(text, PASSWD, GROUP), { code: 'ERR_TSRUN_USER_NOT_FOUND' }, text);
    }
    for (const text of ['root\nx:0:0', 'a:b:c', '4294967295', '0:99999999999', 'a\0b']) {
      assert.throws(() => resolveUser(text, PASSWD, GROUP), { code: 'ERR_TSRUN_USAGE' }, text);
    }
  });

  it('is not taken from a line that hides control characters', () => {
    assert.throws(() => resolveUser('evil', 'evil:x:0:0::/\0{env:A}\0:', ''), { code: 'ERR_TSRUN_USER_NOT_FOUND' });
  });
});
