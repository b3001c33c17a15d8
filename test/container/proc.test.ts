/** Recorded texts of /proc. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { type ProcessStat, parseStat, parseStatus, readMemoryFile, wordsOf } from '../../src/container/proc.js';
import { membersOf } from '../../src/container/processes.js';

const STAT = (name: string, pid = 9667, ppid = 9666, start = 2313793) =>
  `${pid} (${name}) S ${ppid} 9667 9667 34819 9667 4194560 102 0 0 0 1500 250 3 4 20 5 3 0 ${start} 3133440 418 18446744073709551615 94 94 14 0 0 0 0 0 0 0 0 0 17 0 0 0 0 0 0 93 93 93 14 14 14 14 0\n`;

describe('/proc/PID/stat', () => {
  it('is read around a name that holds anything', () => {
    for (const name of ['sleep', 'a b', 'a) S 1 2', ')', '', '1 (x) R 0', '\x1b[31m\nx']) {
      const stat = parseStat(STAT(name));
      assert.deepEqual(stat, {
        pid: 9667,
        name,
        state: 'S',
        ppid: 9666,
        processGroup: 9667,
        session: 9667,
        tty: 34819,
        foreground: 9667,
        userTicks: 1500,
        systemTicks: 250,
        childTicks: 7,
        nice: 5,
        threads: 3,
        startTicks: 2313793,
        vsz: 3133440,
      });
    }
  });

  it('is nothing when it is cut', () => {
    for (const text of ['', '12', '12 (x', '12 (x) S 1']) assert.equal(parseStat(text), undefined);
  });
});

describe('/proc/PID/cmdline', () => {
  it('is read no further than a command line is shown, however long the process says it is', async () => {
    const child = spawn(
      '/bin/sleep',
      Array.from({ length: 1000 }, () => `4711${'0'.repeat(200)}`),
      { stdio: 'ignore' },
    );
    try {
      await once(child, 'spawn');
      assert.equal((await readMemoryFile(child.pid as number, 'cmdline'))?.length, 65536);
    } finally {
      child.kill('SIGKILL');
    }
  });
});

describe('/proc/PID/status', () => {
  const STATUS = (name: string) =>
    `Name:\t${name}\nUmask:\t0022\nState:\tS (sleeping)\nUid:\t1000\t1001\t1000\t1000\nGid:\t5\t6\t5\t5\nNSpid:\t9667\t12\t1\nVmLck:\t       4 kB\nVmRSS:\t    1648 kB\n`;

  it('has effective ids, pids from the outermost namespace inwards, memory', () => {
    assert.deepEqual(parseStatus(STATUS('sh')), { uid: 1001, gid: 6, pids: [9667, 12, 1], locked: true, rss: 1648 * 1024 });
  });

  it('is not misled by a name: the kernel escapes its newline', () => {
    assert.equal(parseStatus(STATUS('a\\nUid:\\t0 0 0 0'))?.uid, 1001);
  });

  it('of a zombie has no memory', () => {
    assert.deepEqual(parseStatus('Name:\tx\nUid:\t0\t0\t0\t0\nGid:\t0\t0\t0\t0\n'), { uid: 0, gid: 0, pids: [], locked: false, rss: 0 });
    assert.equal(parseStatus(''), undefined);
  });
});

describe('a command line', () => {
  it('is its words, the empty ones too', () => {
    assert.deepEqual(wordsOf('sh\0-c\0\0x y\0'), ['sh', '-c', '', 'x y']);
    assert.deepEqual(wordsOf(''), []);
  });
});

describe('the members of a container', () => {
  const process = (pid: number, ppid: number) => parseStat(STAT('x', pid, ppid, pid)) as ProcessStat;
  const all = [
    process(1, 0),
    process(50, 1), // its runner
    process(100, 50),
    process(101, 100),
    process(102, 101),
    process(60, 1), // whoever said exec
    process(200, 60),
    process(201, 200), // in a pid namespace of its own
    process(300, 1),
  ];

  it('are what descends from its first process, and from what entered it', () => {
    const pids = (entered: number[]) => membersOf(all, 100, (pid) => entered.includes(pid)).map(({ pid }) => pid);
    assert.deepEqual(pids([]), [100, 101, 102]);
    assert.deepEqual(pids([100, 200]), [100, 101, 102, 200, 201]);
    assert.deepEqual(
      membersOf(all, 4711, () => false),
      [],
    );
  });

  it('end also where pids were given anew meanwhile and parents go in a circle', () => {
    assert.deepEqual(
      membersOf([process(5, 6), process(6, 5)], 5, () => false).map(({ pid }) => pid),
      [5, 6],
    );
  });
});
