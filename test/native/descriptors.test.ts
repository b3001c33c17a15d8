/** What of the caller's, and of the helper's own, reaches the program behind exec. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Operation } from '../../src/plan/operations.js';
import { compileSeccomp } from '../../src/security/seccomp/compile.js';
import { identity } from '../harness/identity.js';
import { type Place, place } from '../harness/place.js';
import { openTerminal } from '../harness/pty.js';
import { temporaryDirectory } from '../harness/temporary.js';
import { one, shell, two } from './plain.js';
import { launch, released } from './program.js';

const O_RDONLY = 0;
const directory = temporaryDirectory();
/** Which a process has, looked at one by one: to list a directory would open another. */
const open = (pid: string) =>
  `n=0; while [ $n -lt 80 ]; do [ -L /proc/${pid}/fd/$n ] && echo $n $(readlink /proc/${pid}/fd/$n); n=$((n+1)); done`;
const numbersIn = (stdout: string) =>
  stdout
    .split(/\r?\n/)
    .slice(0, -1)
    .map((line) => Number(line.split(' ')[0]));
/** Of pid 1, then of a child. */
const LIST = `${open('1')}; sh -c '${open('$$')}'`;

/** A caller with twenty descriptors more than he needs. */
function holding(...command: string[]): string[] {
  const extra = Array.from({ length: 20 }, (_, index) => `exec ${index + 5}</etc/passwd`).join('; ');
  return ['bash', '-c', `${extra}; exec "$@"`, 'bash', ...command];
}

describe('descriptors of a plain process', () => {
  it('are 0, 1 and 2 whatever the caller holds', async () => {
    const { stdout, code } = await launch(holding(...released), two([shell(open('$$'))])).finished;
    assert.deepEqual([code, numbersIn(stdout)], [0, [0, 1, 2]]);
  });

  it('are those too when 0, 1 and 2 were closed: they are /dev/null', async () => {
    const list = join(directory, 'list');
    const script = `(${open('$$')}) > "$1"; cat; echo out; echo err >&2; exit 6`;
    const { code } = await launch(['sh', '-c', 'exec "$@" <&- >&- 2>&-', 'sh', ...released], two([shell(script, list)])).finished;
    assert.equal(code, 6);
    assert.equal(readFileSync(list, 'utf8'), '0 /dev/null\n1 /dev/null\n2 /dev/null\n');
  });

  it('are what the plan says, under any number, though the helper had its own there', async () => {
    const file = join(directory, 'file');
    writeFileSync(file, 'contents');
    const numbers = Array.from({ length: 18 }, (_, index) => index + 3);
    const open = numbers.map((number): Operation => ['open', file, O_RDONLY, `file.${number}`]);
    // Backwards, so that each lands where another of them, or a descriptor of the helper's, is still at home.
    const dup = numbers.map((number): Operation => ['dup', number, `file.${23 - number}`]);
    const show = numbers.map((number) => `readlink /proc/$$/fd/${number}`).join('; ');
    const { stdout, code } = await launch(released, two([...open, ...dup, shell(show)])).finished;
    assert.deepEqual([code, stdout], [0, `${file}\n`.repeat(numbers.length)]);
    const { reports } = launch(released, two([...open, ...dup, ['exec', ['no-such-command'], [], '/bin']]));
    assert.equal((await reports).failed?.path, 'no-such-command', 'the record found its way all the same');
  });

  it('of files that the plan names and does not hand on are not there', async () => {
    const plan = two([['open', '/etc/passwd', O_RDONLY, 'file'], ['pipe', 'pipe'], shell(open('$$'))]);
    assert.deepEqual(numbersIn((await launch(released, plan).finished).stdout), [0, 1, 2]);
  });

  it('are refused beyond what a table holds, not forgotten', async () => {
    const { code, stderr } = await launch(released, one(...Array.from({ length: 1100 }, (_, n): Operation => ['pipe', `p${n}`]))).finished;
    assert.deepEqual([code, stderr], [125, '']);
  });
});

describe('descriptors of a container', { skip: identity('range').unavailable ?? false }, () => {
  let where: Place;
  before(async () => {
    where = await place(identity('range'));
  });
  after(() => where[Symbol.asyncDispose]());

  it('are 0, 1 and 2, in pid 1 and in its children', async () => {
    const { box, image } = where;
    for (const flags of [[], ['-i']]) {
      const { stdout, code } = await box.command(holding(box.program, 'run', '--rm', ...flags, image, 'sh', '-c', LIST)).finished;
      assert.deepEqual([code, numbersIn(stdout)], [0, [0, 1, 2, 0, 1, 2]], flags.join());
    }
    const { stdout } = await box.command(holding(box.program, 'run', '--rm', '--init', image, 'sh', '-c', LIST)).finished;
    assert.deepEqual(stdout.match(/^3 .*$/gm), ['3 anon_inode:[signalfd]'], 'the reaper’s own');
  });

  it('are the same on a terminal, and it is the container’s own', async () => {
    const { box, image, who } = where;
    const words = holding(box.program, 'run', '--rm', '-it', image, 'sh', '-c', LIST);
    const terminal = await openTerminal(words, { as: who, cwd: box.home, env: box.env });
    const { stdout, code } = await terminal.finished;
    assert.deepEqual([code, stdout], [0, [0, 1, 2, 0, 1, 2].map((number) => `${number} /dev/pts/0\r\n`).join('')]);
  });

  it('are the same where an outer container hides newer system calls, which have older ways', async () => {
    const { box, image, who } = where;
    const rules = [{ names: ['clone3', 'close_range', 'mount_setattr'], action: 'SCMP_ACT_ERRNO' as const, errnoRet: 38 }];
    const filter = compileSeccomp({ defaultAction: 'SCMP_ACT_ALLOW', syscalls: rules }, process.arch === 'arm64' ? 'arm64' : 'x64');
    const script = `${LIST}; exec 2>&1; touch /x; echo 1 > /proc/sys/kernel/core_pattern`;
    const words = holding(box.program, 'run', '--rm', '--read-only', image, 'sh', '-c', script);
    const environment = Object.entries(box.env).map(([name, value]) => `${name}=${value}`);
    // Root installs the filter, then becomes the user: with no_new_privs newuidmap would have no power.
    const become: Operation[] =
      process.getuid?.() === 0
        ? [
            ['seccomp', filter],
            ['set-ids', who.uid, who.gid, []],
          ]
        : [];
    const plan = two([...become, ['exec', words, environment, '/usr/bin:/bin']]);
    const { stdout, stderr, code } = await launch(released, plan, { cwd: box.home }).finished;
    assert.equal(stderr, '');
    const lines = stdout.split('\n');
    assert.deepEqual(numbersIn(lines.slice(0, 7).join('\n')), [0, 1, 2, 0, 1, 2], stdout);
    assert.equal(lines.filter((line) => line.endsWith('Read-only file system')).length, 2, stdout);
    assert.equal(code, 1);
  });
});
