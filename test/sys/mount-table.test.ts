import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { mountAt, mountsOf } from '../../src/sys/mount-table.js';

describe('the mount table', () => {
  const TABLE = [
    '22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw',
    '30 22 0:26 / /sys/fs/cgroup ro shared:2 - cgroup2 cgroup2 rw',
    '40 22 0:40 / /home rw - btrfs /dev/sdb rw',
    '41 40 0:41 / /home/a\\040b rw - nfs4 server:/x rw',
    '42 40 0:42 / /home rw master:3 - xfs /dev/sdc rw',
    '',
  ].join('\n');

  it('says which file system a path lies on, the last one mounted there', () => {
    const at = (path: string) => mountAt(mountsOf(TABLE), path)?.type;
    assert.deepEqual(['/', '/homes', '/home/x', '/home/a b/c', '/sys/fs/cgroup'].map(at), ['ext4', 'ext4', 'xfs', 'nfs4', 'cgroup2']);
    assert.equal(mountAt([], '/'), undefined);
  });
});
