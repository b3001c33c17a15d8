import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { prepare } from '../../../src/cli/listing/listing.js';
import { redrawn, STATS_LISTING, unknownNote } from '../../../src/cli/listing/stats.js';
import { binarySize } from '../../../src/cli/units.js';
import type { ContainerStats } from '../../../src/index.js';

const ROW: ContainerStats = {
  id: 'abcdef012345'.padEnd(64, '6'),
  name: 'web',
  cpuPercent: 101.237,
  cpuTime: 7,
  memory: 8_191_000,
  memoryLimit: 16_700_000_000,
  memoryPercent: 0.0488,
  received: 1510,
  sent: 0,
  read: 4_100_000,
  written: 12,
  tasks: 3,
};
const { received: _received, sent: _sent, ...SHARED } = ROW;

describe('stats', () => {
  it('has docker’s columns', () => {
    const [head, row] = prepare(STATS_LISTING, {}).print([ROW]).split('\n');
    assert.equal(head, 'CONTAINER ID   NAME      CPU %     MEM USAGE / LIMIT     MEM %     NET I/O       BLOCK I/O     PIDS');
    assert.equal(row, 'abcdef012345   web       101.24%   7.812MiB / 15.55GiB   0.05%     1.51kB / 0B   4.1MB / 12B   3');
  });

  it('has docker’s fields for templates', () => {
    const format = '{{.Container}} {{.ID}} {{.CPUPerc}} {{.MemPerc}} {{.NetIO}} {{.PIDs}}';
    assert.equal(prepare(STATS_LISTING, { format, noTrunc: true }).print([ROW]), `web ${ROW.id} 101.24% 0.05% 1.51kB / 0B 3\n`);
  });

  it('says what cannot be known, and why', () => {
    assert.equal(prepare(STATS_LISTING, { format: '{{.NetIO}}' }).print([SHARED]), '--\n');
    assert.match(unknownNote([ROW, SHARED]) ?? '', /-- is what cannot be known: web has no network of its own/);
    assert.equal(unknownNote([ROW]), undefined);
  });

  it('is drawn over what a terminal shows, to the end of each line', () => {
    assert.equal(redrawn('a\nb\n', false), '\x1b[Ha\x1b[K\nb\x1b[K\n\x1b[J');
    assert.ok(redrawn('', true).startsWith('\x1b[2J\x1b[H'));
  });

  it('counts memory in powers of 1024', () => {
    assert.deepEqual([0, 1023, 1024, 1536, 8_191_000, 1024 ** 4].map(binarySize), ['0B', '1023B', '1KiB', '1.5KiB', '7.812MiB', '1TiB']);
  });
});
