import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { columnsFor, processTable } from '../../../src/cli/listing/processes.js';
import type { ContainerProcess } from '../../../src/index.js';

const NOW = new Date(2026, 0, 31, 13, 5).getTime();
const PROCESS: ContainerProcess = {
  pid: 4711,
  ppid: 4700,
  processGroup: 4711,
  session: 4711,
  uid: 100000,
  gid: 100000,
  user: '100000',
  group: '100000',
  inside: { pid: 1, ppid: 0, uid: 0, gid: 0, user: 'root', group: 'root' },
  state: 'Ss+',
  tty: 'pts/0',
  name: 'sle\x1b[1mep\n',
  args: ['sleep', '10\n20'],
  started: new Date(2026, 0, 31, 9, 7).toISOString(),
  elapsed: 14_280,
  cpuTime: 3661.5,
  cpuPercent: 25.64,
  rss: 1_649_000,
  vsz: 4096 * 1024,
  memoryPercent: 0.04,
  nice: 0,
  threads: 2,
};

const rows = (words: string[], ...processes: ContainerProcess[]) =>
  processTable(columnsFor(words), processes.length > 0 ? processes : [PROCESS], NOW)
    .trimEnd()
    .split('\n')
    .map((line) => line.split(/ {2,}/));

describe('the columns of top', () => {
  it('are those of ps -ef when none are asked for', () => {
    const full = [
      ['UID', 'PID', 'PPID', 'C', 'STIME', 'TTY', 'TIME', 'CMD'],
      ['100000', '4711', '4700', '25', '09:07', 'pts/0', '01:01:01', 'sleep 10\\n20'],
    ];
    for (const words of [[], ['-ef'], ['ef'], ['-f'], ['-eAf']]) assert.deepEqual(rows(words), full);
  });

  it('are those of ps aux', () => {
    for (const words of [['aux'], ['-aux'], ['u']])
      assert.deepEqual(rows(words), [
        ['USER', 'PID', '%CPU', '%MEM', 'VSZ', 'RSS', 'TTY', 'STAT', 'START', 'TIME', 'COMMAND'],
        ['100000', '4711', '25.6', '0.0', '4096', '1610', 'pts/0', 'Ss+', '09:07', '01:01:01', 'sleep 10\\n20'],
      ]);
  });

  it('are listed by -o as ps takes it, and by words as podman does: outside and inside', () => {
    for (const words of [
      ['-o', 'pid,user,ppid'],
      ['-opid,user', '-o', 'ppid'],
      ['-eo', 'pid user ppid'],
      ['-e', '-opid,user,ppid'],
    ])
      assert.deepEqual(rows(words)[1], ['4711', '100000', '4700']);
    assert.deepEqual(rows(['pid', 'user', 'ppid', 'hpid', 'huser'])[1], ['1', 'root', '0', '4711', '100000']);
    assert.deepEqual(rows(['pid,user'])[1], ['1', 'root']);
    assert.deepEqual(rows(['-o', 'etime,stat,comm,nlwp'])[1], ['03:58:00', 'Ss+', 'sle\\x1b[1mep\\n', '2']);
  });

  it('that there are not are refused, with all that there are', () => {
    for (const words of [['-o', 'pid,colour'], ['colour'], ['-Z'], ['-o'], ['-e'], ['-o', ''], ['-o', 'constructor'], ['pid', '-ef']])
      assert.throws(() => columnsFor(words), { code: 'ERR_TSRUN_USAGE' }, words.join(' '));
    assert.throws(
      () => columnsFor(['-o', 'x']),
      (error: Error & { hint?: string }) => /args.*comm.*pid.*vsz/.test(error.hint ?? ''),
    );
  });

  it('tell times as ps does', () => {
    const at = (change: Partial<ContainerProcess>) => rows(['-o', 'stime,time,etime'], { ...PROCESS, ...change })[1];
    assert.deepEqual(at({ elapsed: 61, cpuTime: 0 }), ['09:07', '00:00:00', '01:01']);
    const before = new Date(2026, 0, 29, 9, 7).toISOString();
    assert.deepEqual(at({ started: before, elapsed: 200_000, cpuTime: 100_000 }), ['Jan29', '01-03:46:40', '02-07:33:20']);
    assert.equal(at({ started: new Date(2025, 5, 1).toISOString() })?.[0], '2025');
  });

  it('show a zombie, and what has no command line, by its name', () => {
    const { tty: _none, ...without } = PROCESS;
    assert.deepEqual(rows(['-o', 'tty,args,comm'], { ...without, args: [], name: 'x', state: 'Z' })[1], [
      '?',
      '[x] <defunct>',
      'x <defunct>',
    ]);
    assert.deepEqual(rows(['-o', 'args'], { ...PROCESS, args: [], name: 'x' })[1], ['[x]']);
  });
});
