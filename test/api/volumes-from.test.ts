import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkSlaves } from '../../src/api/volumes-from.js';

const MOUNTINFO = () => `21 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
22 21 0:20 / /mnt/a\\040b rw - tmpfs tmpfs rw
23 22 0:21 / /mnt/a\\040b/c rw master:7 - tmpfs tmpfs rw
`;
const slave = (source: string) => [{ destination: '/d', type: 'bind', source, options: ['rbind', 'rslave'] }];

describe('a slave mount', () => {
  it('is one where the host’s mount propagates', () => {
    checkSlaves(slave('/srv'), MOUNTINFO);
    checkSlaves(slave('/mnt/a b/c/d'), MOUNTINFO);
    checkSlaves(slave('/mnt/a bc'), MOUNTINFO);
    checkSlaves([{ destination: '/d', source: '/mnt/a b', options: ['rbind', 'rprivate'] }], MOUNTINFO);
  });

  it('is an error where it does not', () => {
    assert.throws(() => checkSlaves(slave('/mnt/a b/x'), MOUNTINFO), {
      code: 'ERR_TSRUN_UNSUPPORTED',
      message: /\/mnt\/a b, which is private/,
    });
  });
});
