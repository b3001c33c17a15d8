import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { encodePlan, jsonText } from '../../src/plan/encode.js';
import type { Operation } from '../../src/plan/operations.js';
import { slot } from '../../src/plan/slot.js';
import { temporaryDirectory } from '../harness/temporary.js';
import { type Launched, launch, released } from './program.js';

const directory = temporaryDirectory();

/** Executes the operations in one process. */
function perform(operations: Operation[], options: Parameters<typeof launch>[2] = {}): Launched {
  return launch(released, encodePlan({ processes: [{ name: 'parent', operations }] }), options);
}

/** Runs printf with the list, which shows each element between angle brackets. */
async function listed(list: string[], env: Record<string, string>): Promise<string> {
  const plan = encodePlan({
    processes: [
      {
        name: 'parent',
        operations: [
          ['clone', 'child', 0],
          ['wait', 'child'],
        ],
      },
      { name: 'child', operations: [['exec', ['printf', '<%s>', ...list], list.map((value) => `E=${value}`), '/usr/bin:/bin']] },
    ],
  });
  const { code, stdout, stderr } = await launch(released, plan, { env }).finished;
  assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
  return stdout;
}

async function written(contents: string, options: Parameters<typeof launch>[2] = {}): Promise<string> {
  const path = join(directory, `file-${Math.random()}`);
  const { code, stderr } = await perform([['write-file', path, 0o600, contents]], options).finished;
  assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
  return readFileSync(path, 'utf8');
}

describe('slots', () => {
  it('a variable that is unset is left out of a list, with what stands around it; an empty one is not', async () => {
    const list = [
      'first',
      slot('env:UNSET'),
      `A=${slot('env:UNSET')}`,
      `A=${slot('env:EMPTY')}`,
      `${slot('env:SET')}-${slot('env:SET')}`,
      'last',
    ];
    assert.equal(await listed(list, { EMPTY: '', SET: 'a b\n' }), '<first><A=><a b\n-a b\n><last>');
  });

  it('a variable that is unset is a failure anywhere else', async () => {
    const path = join(directory, 'none');
    const { finished, reports } = perform([['write-file', path, 0o600, slot('env:UNSET')]], { env: {} });
    assert.equal((await finished).code, 125);
    assert.deepEqual((await reports).failed, { process: 'parent', stage: 'start', operation: 'write-file', path, error: 61 });
  });

  it('values are escaped in JSON, and nowhere else', async () => {
    const odd = `"quoted" \\ \n\t\x01\x7f é€😀 {id} \${x} ${'long '.repeat(2000)}`;
    const env = { ODD: odd, 'odd name': 'too' };
    const value = { [slot('env:ODD')]: `<${slot('env:ODD')}>`, list: [slot('env:odd name')] };
    assert.deepEqual(JSON.parse(await written(jsonText(value), { env })), { [odd]: `<${odd}>`, list: ['too'] });
    assert.equal(await written(`${slot('env:ODD')}|${slot('env:odd name')}`, { env }), `${odd}|too`);
  });

  it('id is new each time, short-id its beginning, the same in every process of the plan', async () => {
    const runs = await Promise.all([1, 2].map(() => listed([slot('id'), slot('short-id')], {})));
    for (const run of runs) assert.match(run, /^<([0-9a-f]{12})[0-9a-f]{52}><\1>$/);
    assert.notEqual(runs[0], runs[1]);
  });

  it('now is the time in UTC with nanoseconds', async () => {
    const before = Date.now();
    const now = await written(slot('now'));
    assert.match(now, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/);
    assert.ok(Date.parse(now) >= before - 1 && Date.parse(now) <= Date.now() + 1, now);
  });

  it('cwd is where the caller stands', async () => {
    assert.equal(await written(slot('cwd'), { cwd: directory }), directory);
  });

  it('cwd is a failure when that directory is gone, not the root directory', async () => {
    const gone = join(directory, 'gone');
    mkdirSync(gone);
    const path = join(directory, 'mark');
    const plan = encodePlan({ processes: [{ name: 'parent', operations: [['write-file', path, 0o600, `${slot('cwd')}/x`]] }] });
    const { finished, reports } = launch(['sh', '-c', 'cd "$0" && rmdir "$0" && exec "$@"', gone, ...released], plan);
    assert.equal((await finished).code, 125);
    assert.deepEqual((await reports).failed, { process: 'parent', stage: 'start', operation: 'write-file', path, error: 2 });
  });

  it('pid and start-time are those of the process named child, exit-status is how it ended', async () => {
    const [facts, end] = [join(directory, 'facts'), join(directory, 'end')];
    const script = 'read -r line < /proc/$$/stat; echo "$$ $line"; exit 7';
    const plan = encodePlan({
      processes: [
        {
          name: 'parent',
          operations: [
            ['clone', 'child', 0],
            ['write-file', facts, 0o600, `${slot('pid')} ${slot('start-time')}`],
            ['wait', 'child'],
            ['write-file', end, 0o600, slot('exit-status')],
          ],
        },
        { name: 'child', operations: [['exec', ['sh', '-c', script], [], '/usr/bin:/bin']] },
      ],
    });
    const { stdout } = await launch(released, plan).finished;
    const [pid, ...fields] = stdout.split(' ');
    assert.equal(readFileSync(facts, 'utf8'), `${pid} ${fields[21]}`);
    assert.equal(readFileSync(end, 'utf8'), '7');
  });
});
