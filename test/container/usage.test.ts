import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseIo, parseNetDev } from '../../src/container/usage.js';

describe('what a container uses', () => {
  it('on its network is all but the loopback', () => {
    const text = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo:  999999     100    0    0    0     0          0         0   999999     100    0    0    0     0       0          0
  eth0: 1500 10 0 0 0 0 0 0 700 9 0 0 0 0 0 0
  eth1:5 1 0 0 0 0 0 0 7 1 0 0 0 0 0 0
`;
    assert.deepEqual(parseNetDev(text), { received: 1505, sent: 707 });
    assert.deepEqual(parseNetDev(''), { received: 0, sent: 0 });
  });

  it('of disks is what was read and written there, or not known', () => {
    const text =
      'rchar: 323934931\nwchar: 323929600\nsyscr: 632687\nsyscw: 632675\nread_bytes: 4096\nwrite_bytes: 323932160\ncancelled_write_bytes: 0\n';
    assert.deepEqual(parseIo(text), { read: 4096, written: 323932160 });
    assert.equal(parseIo(''), undefined);
  });
});
