/** The helper between a terminal and a container that has one of its own. */
import assert from 'node:assert/strict';
import { readFileSync, readlinkSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { identity } from '../harness/identity.js';
import { type Place, place } from '../harness/place.js';
import { childrenOf, isRunning } from '../harness/processes.js';
import { openTerminal, type Terminal } from '../harness/pty.js';
import { until } from '../harness/wait.js';

describe('the terminal', { skip: identity('range').unavailable ?? false }, () => {
  let where: Place;
  before(async () => {
    where = await place(identity('range'));
  });
  after(() => where[Symbol.asyncDispose]());

  /** A script in a shell on a terminal; "$run" FLAGS IMAGE starts a container, $image is busybox. */
  function script(text: string, shell = 'bash'): Promise<Terminal> {
    const { box, image, who } = where;
    const lines = `run() { "${box.program}" run --rm "$@"; }; image=${image}; before=$(stty -g)\n${text}`;
    return openTerminal([shell, '-c', lines], { as: who, cwd: box.home, env: box.env, timeoutMs: 20_000 });
  }
  const LEFT = '[ "$before" = "$(stty -g)" ] && echo unchanged';

  it('is as it was before, however the run ends', async () => {
    const ends = [
      'run -it $image sh -c "exit 3"; echo $?',
      'run -it $image no-such-command 2>/dev/null; echo $?',
      'run -it $image sh -c "stty raw -echo; kill -KILL \\$\\$; exit 4"; echo $?',
      'run -it $image sh -c "stty -icanon; exec 0<&- 1>&- 2>&-; sleep 0.1; exit 5"; echo $?',
    ];
    const { stdout } = await (await script(ends.map((end) => `${end}; ${LEFT}`).join('\n'))).finished;
    assert.equal(stdout, [3, 127, 4, 5].map((status) => `${status}\r\nunchanged\r\n`).join(''));
  });

  it('is as it was before when the helper is told to end', async () => {
    const terminal = await script(`run -it $image sh -c "echo ready; exec sleep 60"; echo $?; ${LEFT}`);
    await terminal.waitFor(/ready/);
    process.kill(helperBelow(terminal.pid), 'SIGTERM');
    assert.match((await terminal.finished).stdout, /143\r\nunchanged\r\n$/);
  });

  it('is not taken over from the background: the run stops until it is in front', async () => {
    const wait = 'until jobs -s | grep -q .; do sleep 0.02; done';
    const terminal = await script(
      `set -m; run -it $image sh -c "echo in front; exit 6" & ${wait}; ${LEFT}; fg %1 > /dev/null; echo $?; ${LEFT}`,
    );
    const { stdout } = await terminal.finished;
    assert.match(stdout, /unchanged\r\n(.*\r\n)?in front\r\n6\r\nunchanged\r\n$/);
  });

  it('whose window is frozen does not keep the run from being ended', async () => {
    const terminal = await script('run -t=false $image sh -c "echo ready; exec yes"; echo $?');
    await terminal.waitFor(/ready\s+y/);
    process.kill(terminal.pid, 'SIGSTOP');
    const helper = helperBelow(terminal.pid);
    const container = childrenOf(helper).find(isElsewhere) ?? assert.fail('no container');
    assert.ok(await until(() => isWaiting(helper)), 'nothing moves any more');
    process.kill(helper, 'SIGTERM');
    assert.ok(await until(() => !isRunning(container)), 'the container has ended');
    process.kill(terminal.pid, 'SIGCONT');
    assert.match((await terminal.finished).stdout, /143\r\n$/);
  });

  it('of the container may be let go and opened again', async () => {
    const reopen = 'exec 0<&- 1>&- 2>&-; sleep 0.3; exec > /dev/console; echo again; exit 7';
    const { stdout } = await (await script(`run -it $image sh -c 'echo first; ${reopen}'; echo $?`)).finished;
    assert.equal(stdout, 'first\r\nagain\r\n7\r\n');
  });

  it('fed from a pipe comes to its end, also within a line', async () => {
    for (const text of ['one\\n', 'one', '']) {
      const { stdout } = await (await script(`printf '${text}' | run -it $image sh -c 'stty -echo; echo ready; cat' 2> /dev/null; echo $?`))
        .finished;
      assert.match(stdout, /0\r\n$/, text);
    }
  });

  it('whose program does not read what is typed does not stop the run from being ended', async () => {
    const terminal = await script('yes | run -it $image sh -c "stty raw; echo ready; exec sleep 60" 2> /dev/null; echo $?');
    await terminal.waitFor(/ready/);
    process.kill(helperBelow(terminal.pid), 'SIGTERM');
    assert.match((await terminal.finished).stdout, /143\r\n$/);
  });
});

/** The helper that was started somewhere below a process: the one with a child in another pid namespace. */
function helperBelow(pid: number): number {
  const below = childrenOf(pid);
  if (below.some(isElsewhere)) return pid;
  const [helper] = below.map(helperBelow).filter((found) => found > 0);
  return helper ?? 0;
}

function isElsewhere(pid: number): boolean {
  return readlinkSync(`/proc/${pid}/ns/pid`) !== readlinkSync('/proc/self/ns/pid');
}

/** Twice asleep at the same count of bytes written. */
function isWaiting(pid: number): boolean {
  const written = () => /wchar: (\d+)/.exec(readFileSync(`/proc/${pid}/io`, 'utf8'))?.[1];
  const before = written();
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50);
  return written() === before;
}
