/** Processes of a plan: how they end, and who hears of it. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { describe, it } from 'node:test';
import { encodePlan } from '../../src/plan/encode.js';
import { slot } from '../../src/plan/slot.js';
import { isRunning } from '../harness/processes.js';
import { temporaryDirectory } from '../harness/temporary.js';
import { until } from '../harness/wait.js';
import { one, shell, two } from './plain.js';
import { type Launched, launch, released } from './program.js';

const directory = temporaryDirectory();

async function ended({ finished, reports }: Launched) {
  const { code, stdout, stderr } = await finished;
  const { failed, ended: status } = await reports;
  return { code, stdout, stderr, status, ...(failed ? { failed } : {}) };
}

describe('the end of a plan', () => {
  it('is its process’s: exit statuses, and 128 and the number of a signal', async () => {
    for (const [script, status] of [
      ['exit 0', 0],
      ['exit 255', 255],
      ['kill -KILL $$', 137],
      ['kill -SEGV $$', 139],
    ] as const) {
      assert.deepEqual(await ended(launch(released, two([shell(script)]))), { code: status, stdout: '', stderr: '', status });
    }
  });

  it('is exact for a caller who ignores what becomes of his children', async () => {
    const deaf = ['sh', '-c', 'trap "" CHLD PIPE HUP; exec "$@"', 'sh', ...released];
    assert.equal((await ended(launch(deaf, two([shell('exit 9')])))).code, 9);
    const mask = launch(deaf, two([shell('grep SigIgn /proc/self/status')]));
    const ignored = Number.parseInt((await ended(mask)).stdout.split(/\s+/)[1] ?? '', 16);
    assert.equal(ignored & 0x10000, 0, 'CHLD is not ignored by the command either');
    assert.equal(ignored & 0x1000, 0, 'nor PIPE');
    assert.equal(ignored & 1, 0, 'nor HUP: it passes by, whatever the command does with its own');
  });

  it('of a command that does not exist is a record, and what was to happen on failure happens', async () => {
    const mark = join(directory, 'failed');
    const before = [
      ['on-exit', 1, [['mkdir', mark, 0o700]]],
      ['on-exit', 2, [['mkdir', `${mark}.not`, 0o700]]],
    ] as const;
    const { code, failed } = await ended(
      launch(released, two([['exec', ['no-such-command'], [], '/bin:/usr/bin']], { before: [...before] })),
    );
    assert.equal(code, 125);
    assert.deepEqual(failed, { process: 'child', stage: 'start', operation: 'exec', path: 'no-such-command', error: 2 });
    assert.ok(existsSync(mark));
    assert.ok(!existsSync(`${mark}.not`), 'nor did what was to happen on success');
  });

  it('does what was registered for it, the last first, whatever fails of that', async () => {
    const order = join(directory, 'order');
    mkdirSync(order);
    const { code, failed } = await ended(
      launch(
        released,
        one(
          ['on-exit', 0, [['write-file', `${order}/3`, 0o600, slot('now')]]],
          ['on-exit', 1, [['write-file', `${order}/never`, 0o600, '']]],
          ['on-exit', 2, [['write-file', `${order}/2`, 0o600, '']]],
          ['on-exit', 0, [['remove-contents'], ['mkdir', '/nowhere/x', 0]]],
          ['on-exit', 0, [['write-file', `${order}/1`, 0o600, slot('now')]]],
          ['chdir-host', temporaryDirectory()],
        ),
      ),
    );
    assert.equal(code, 0);
    assert.deepEqual([failed?.operation, failed?.stage], ['mkdir', 'cleanup']);
    assert.deepEqual(readdirSync(order).sort(), ['1', '2', '3']);
    assert.ok(readFileSync(join(order, '1'), 'utf8') < readFileSync(join(order, '3'), 'utf8'));
  });

  it('is seen through its descriptor', async () => {
    const connect = [
      ['name-process', 'child', 'first'],
      ['check-alive', 'first'],
      ['send', 'child', 'go'],
    ] as const;
    const child = [['await', 'parent', 'go'], shell('exit 0')] as const;
    const { failed } = await ended(launch(released, two([...child], { connect: [...connect], after: [['check-alive', 'first']] })));
    assert.deepEqual([failed?.operation, failed?.error], ['check-alive', 3]);
  });

  it('leaves no process of the plan', async () => {
    const pid = join(directory, 'pid');
    const plan = encodePlan({
      processes: [
        {
          name: 'parent',
          operations: [
            ['clone', 'other', 0],
            ['await-exec', 'other'],
            ['clone', 'child', 0],
            ['await-exec', 'child'],
            ['wait', 'child'],
          ],
        },
        { name: 'other', operations: [shell('echo $$ > "$1"; exec sleep 60', pid)] },
        { name: 'child', operations: [shell('until [ -s "$1" ]; do sleep 0.01; done; exit 3', pid)] },
      ],
    });
    assert.equal((await ended(launch(released, plan))).code, 3);
    assert.ok(!isRunning(Number(readFileSync(pid, 'utf8'))));
  });

  it('comes when the program that listens to the reports is gone', async () => {
    const launched = launch(released, two([shell('echo $$; exec sleep 60')]));
    const { started } = await launched.started;
    assert.ok(started);
    (launched.child.stdio[4] as Duplex).destroy();
    assert.equal((await launched.finished).code, 137);
    assert.ok(!isRunning(started.pid));
  });

  it('comes when the helper is killed: what dies with its parent is gone', async () => {
    const launched = launch(released, two([['die-with-parent'], shell('exec sleep 60')]));
    const { started } = await launched.started;
    launched.child.kill('SIGKILL');
    await launched.finished;
    assert.ok(started && (await until(() => !isRunning(started.pid))));
  });
});

describe('a process that fails', () => {
  it('is told with what it was at', async () => {
    const child = [
      ['stage', 'deep'],
      ['mkdir', '/no/such/directory', 0],
    ] as const;
    const { failed } = await ended(launch(released, two([...child])));
    assert.deepEqual(failed, { process: 'child', stage: 'deep', operation: 'mkdir', path: '/no/such/directory', error: 2 });
  });

  it('without a word is noticed by whoever waits for one', async () => {
    const connect = [['await', 'child', 'never']] as const;
    const { failed } = await ended(launch(released, two([['stage', 'silent']], { connect: [...connect] })));
    assert.deepEqual(failed, { process: 'parent', stage: 'start', operation: 'await', path: 'child', error: 108 });
  });

  it('that works for another is that one’s failure', async () => {
    const worker = (script: string) =>
      encodePlan({
        processes: [
          {
            name: 'parent',
            operations: [
              ['clone', 'worker', 0],
              ['reap', 'worker'],
            ],
          },
          { name: 'worker', operations: [shell(script)] },
        ],
      });
    assert.equal((await ended(launch(released, worker('exit 0')))).code, 0);
    assert.equal((await ended(launch(released, worker('exit 1')))).failed?.operation, 'reap');
    assert.equal((await ended(launch(released, worker('kill -KILL $$')))).failed?.operation, 'reap');
  });

  it('is not joined when its pid was given to another', async () => {
    const sleeping = launch(released, two([shell('exec sleep 60')]));
    const { started } = await sleeping.started;
    const stat = readFileSync(`/proc/${started?.pid}/stat`, 'utf8');
    const startTime = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]);
    assert.equal((await ended(launch(released, one(['open-process', started?.pid ?? 0, startTime, 'x'])))).code, 0);
    const { failed } = await ended(launch(released, one(['open-process', started?.pid ?? 0, startTime + 1, 'x'])));
    assert.deepEqual([failed?.operation, failed?.error], ['open-process', 3]);
    sleeping.child.kill('SIGTERM');
    assert.equal((await sleeping.finished).code, 143);
  });

  it('is told with odd bytes as they are, and printed without their power over a terminal', async () => {
    const odd = 'no\x1b[2J\n\x07\x7fé"such';
    const plan = two([['exec', [odd], [], '/bin']]);
    assert.equal((await ended(launch(released, plan))).failed?.path, odd);
    const bare = launch(['sh', '-c', 'exec "$1" execute 3', 'sh', ...released], plan);
    const { code, stderr } = await bare.finished;
    const printed = 'no\\x1b[2J\\x0a\\x07\\x7f\\xc3\\xa9"such';
    assert.deepEqual([code, stderr], [125, `tsrun: exec failed: process child, stage start, ${printed}: No such file or directory\n`]);
  });

  it('is told whole when a path is longer than a record', async () => {
    const long = `/${'x'.repeat(250)}`.repeat(30);
    const { failed } = await ended(launch(released, two([['exec', [long], [], '/bin']])));
    assert.equal(failed?.error, 36);
    assert.ok(long.startsWith(failed?.path ?? '-') && (failed?.path.length ?? 0) > 1000);
  });
});
