/** A foreground run, start or exec at a terminal: its caller may leave it alone, and is missed when he is lost. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { identities } from '../../harness/identity.js';
import type { Terminal } from '../../harness/pty.js';
import { isRunning, until } from '../run/place.js';
import { describeLife, type Life } from './place.js';

/** Asks for a line, and says what it got, until it is told to go: one that says what it was typed, whoever types. */
const TALK = 'while read word; do [ "$word" = go ] && exit 7; echo "got $word"; done';
const LEAVE = '\x10\x11';

/** `tsrun run -it FLAGS IMAGE sh -c SCRIPT` */
function atTerminal({ terminal, image }: Life, flags: readonly string[], script: string): Promise<Terminal> {
  return terminal('run', '-it', '--network', 'none', ...flags, image, 'sh', '-c', script);
}

/** What runs at the terminal: tsrun. */
function commandOf({ pid }: Terminal): number {
  const [command] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ');
  return Number(command);
}

/** One that does nothing but stay. */
async function staying(life: Life, ...flags: string[]): Promise<{ terminal: Terminal; id: string; runner: number; first: number }> {
  const terminal = await atTerminal(life, flags, 'echo ready; exec sleep 1000');
  await terminal.waitFor(/ready/);
  const id = (await life.ok('ps', '-q', '--no-trunc', '--last', '1')).trim();
  return { terminal, id, ...life.processesOf(id) };
}

for (const who of identities()) {
  describeLife(who, 'at a terminal that may be left', (life) => {
    it('ctrl-p ctrl-q leave a run, which goes on; attach finds it, with its log; its end is told', async () => {
      const first = await atTerminal(life(), ['--name', 'left'], TALK);
      first.type('one\r');
      await first.waitFor(/got one/);
      first.type(LEAVE);
      assert.equal((await first.finished).code, 0);
      assert.equal((await life().ok('ps', '--format', '{{.Names}} {{.State}}')).trim(), 'left running');
      const second = await life().terminal('attach', 'left');
      second.type('two\r');
      await second.waitFor(/got two/);
      second.type('go\r');
      assert.equal((await second.finished).code, 7);
      assert.match(await life().ok('logs', 'left'), /got one.*got two/s);
      await life().ok('rm', 'left');
    });

    it('a run with --rm may be left as well, and goes when it ends; the keys are anybody’s choice', async () => {
      const terminal = await atTerminal(life(), ['--rm', '--detach-keys', 'ctrl-a,d'], TALK);
      terminal.type(`${LEAVE}x\r`);
      await terminal.waitFor(/got .*x/);
      terminal.type('\x01d');
      assert.equal((await terminal.finished).code, 0);
      const id = (await life().ok('ps', '-q', '--no-trunc')).trim();
      const again = await life().terminal('attach', id);
      again.type('go\r');
      assert.equal((await again.finished).code, 7);
      assert.ok(await until(() => !existsSync(join(life().box.root, 'v1/transient', id))));
    });

    it('without keys there is no way out but the end, and two runs one after the other may have one name', async () => {
      for (let turn = 0; turn < 2; turn++) {
        const flags = ['--rm', '--name', 'same', '--detach-keys', turn === 0 ? '' : 'ctrl-p,ctrl-q'];
        const terminal = await atTerminal(life(), flags, TALK);
        if (turn === 0) {
          terminal.type(`${LEAVE}x\r`);
          await terminal.waitFor(/got .*x/);
        }
        terminal.type('go\r');
        assert.equal((await terminal.finished).code, 7, terminal.output());
      }
    });

    it('exec and start -ai may be left too', async () => {
      const id = await life().detached('while :; do sleep 1; done', '--network', 'none');
      const inside = await life().terminal('exec', '-it', id, 'sh', '-c', 'echo here; read word; echo $word > /tmp/word; exec sleep 1000');
      await inside.waitFor(/here/);
      inside.type('said\r');
      inside.type(LEAVE);
      assert.equal((await inside.finished).code, 0);
      assert.ok(await until(async () => (await life().box.tsrun(['exec', id, 'cat', '/tmp/word'])).stdout === 'said\n'));
      assert.match(await life().ok('exec', id, 'ps'), /sleep 1000/);
      await life().ok('rm', '-f', id);
      const made = (await life().ok('create', '-it', '--network', 'none', life().image, 'sh', '-c', TALK)).trim();
      const started = await life().terminal('start', '-ai', made);
      started.type('one\r');
      await started.waitFor(/got one/);
      started.type(LEAVE);
      assert.equal((await started.finished).code, 0);
      assert.equal((await life().ok('inspect', '-f', '{{.State.Running}}', made)).trim(), 'true');
      await life().ok('rm', '-f', made);
    });

    it('with -a it may be left all the same, and what is not attached is not seen', async () => {
      const shown = await atTerminal(life(), ['-a', 'stdin', '-a', 'stdout', '--name', 'shown'], TALK);
      shown.type('one\r');
      await shown.waitFor(/got one/);
      shown.type(LEAVE);
      assert.equal((await shown.finished).code, 0);
      const hidden = await atTerminal(life(), ['-a', 'stdin', '-a', 'stderr', '--name', 'hidden'], `echo ready; ${TALK}`);
      const logged = (text: RegExp) => until(async () => text.test((await life().box.tsrun(['logs', 'hidden'])).stdout));
      assert.ok(await logged(/ready/));
      hidden.type('one\r');
      assert.ok(await logged(/got one/));
      hidden.type(LEAVE);
      assert.deepEqual([(await hidden.finished).code, hidden.output()], [0, '']);
      await life().ok('rm', '-f', 'shown', 'hidden');
    });

    it('-a stdin alone tells the id, and may be left by its keys and by the end of the container', async () => {
      const terminal = await atTerminal(life(), ['-a', 'stdin', '--name', 'fed'], TALK);
      await terminal.waitFor(/^[0-9a-f]{64}\r\n/);
      terminal.type('one\r');
      terminal.type(LEAVE);
      assert.deepEqual([(await terminal.finished).code, terminal.output().length], [0, 66]);
      assert.ok(await until(async () => /got one/.test(await life().ok('logs', 'fed'))));
      await life().ok('rm', '-f', 'fed');
      const ended = await atTerminal(life(), ['-a', 'stdin', '--rm'], TALK);
      ended.type('go\r');
      assert.equal((await ended.finished).code, 0, 'the status is its own affair, as with -d');
    });

    it('with --sig-proxy=false it may be left, and a signal ends the run', async () => {
      const left = await staying(life(), '--rm', '--sig-proxy=false');
      left.terminal.type(LEAVE);
      assert.equal((await left.terminal.finished).code, 0);
      assert.ok(isRunning(left.first));
      await life().ok('rm', '-f', left.id);
      const ended = await staying(life(), '--rm', '--sig-proxy=false');
      process.kill(commandOf(ended.terminal), 'SIGTERM');
      assert.equal((await ended.terminal.finished).code, 143);
      assert.ok(!isRunning(ended.first));
    });

    it('with --restart it is there each time, with the size of its window, until it is left', async () => {
      const script = 'echo run $(cat /runs 2>/dev/null | wc -l) $(stty size); echo x >> /runs; read word; echo got $word; exit 1';
      const terminal = await atTerminal(life(), ['--name', 'again', '--restart', 'always'], script);
      await terminal.waitFor(/run 0 24 80/);
      terminal.type('one\r');
      await terminal.waitFor(/got one.*run 1 24 80/s);
      terminal.resize(30, 100);
      terminal.type('two\r');
      await terminal.waitFor(/got two.*run 2 30 100/s);
      terminal.type(LEAVE);
      assert.equal((await terminal.finished).code, 0);
      const again = await life().terminal('attach', 'again');
      again.type('three\r');
      await again.finished;
      assert.ok(await until(async () => /got three.*run 3 /s.test(await life().ok('logs', 'again'))));
      await life().ok('rm', '-f', 'again');
    });

    it('--restart ends with the last of its runs, or with whoever started it', async () => {
      const terminal = await atTerminal(life(), ['--name', 'twice', '--restart', 'on-failure:1'], 'echo run; exit 5');
      assert.equal((await terminal.finished).code, 5);
      assert.deepEqual(terminal.output().match(/run/g)?.length, 2);
      await life().ok('rm', 'twice');
      const { terminal: lost, first, runner } = await staying(life(), '--restart', 'always');
      process.kill(commandOf(lost), 'SIGKILL');
      await lost.finished;
      assert.ok(await until(() => !isRunning(first) && !isRunning(runner)), 'it is not begun again');
    });

    it('a mebibyte that is pasted arrives whole, and so does what comes back', async () => {
      const script = 'stty raw -echo; echo ready; head -c 1048576 | tee /tmp/pasted | md5sum; cat /tmp/pasted; echo; echo end';
      const terminal = await atTerminal(life(), ['--rm'], script);
      await terminal.waitFor(/ready/);
      const pasted = Array.from({ length: 1 << 14 }, (_, line) => `${String(line).padStart(63, 'x')}\n`).join('');
      terminal.type(pasted);
      await terminal.waitFor(/end\r?\n/);
      await terminal.finished;
      const [, digest, back] = /ready\n([0-9a-f]{32}) {2}-\n(.*)\nend/s.exec(terminal.output().replaceAll('\r', '')) ?? [];
      assert.equal(digest, createHash('md5').update(pasted).digest('hex'));
      assert.ok(back === pasted, `${back?.length} bytes came back`);
    });

    it('--timeout says why it ended', async () => {
      const terminal = await atTerminal(life(), ['--rm', '--timeout', '1'], 'exec sleep 1000');
      assert.equal((await terminal.finished).code, 124);
      assert.match(terminal.output(), /the container was killed: it ran for longer than 1 s \(--timeout\)/);
    });

    it('^Z stops and ^\\ ends what stands in front, and the shell behind it goes on', async () => {
      const terminal = await life().terminal('run', '-it', '--rm', '--network', 'none', '-e', 'PS1=prompt:', life().image, 'sh');
      await terminal.waitFor(/prompt:/);
      terminal.type("sh -c 'echo be''gun; exec sleep 1000'\r");
      await terminal.waitFor(/^begun/m);
      terminal.type('\x1a');
      await terminal.waitFor(/Stopped.*prompt:/s);
      terminal.type('fg; echo af""ter\r');
      await terminal.waitFor(/fg; echo[^\n]*\n.*sleep 1000/s);
      // The shell says which job comes to the front before it is there, and ignores the signal itself.
      const gone = () => /Quit.*after.*prompt:/s.test(terminal.output());
      for (let typed = 0; typed < 20 && !gone(); typed++) {
        terminal.type('\x1c');
        await until(gone, 1000);
      }
      assert.ok(gone(), terminal.output());
      terminal.type('exit 3\r');
      assert.equal((await terminal.finished).code, 3);
    });

    it('a caller that is killed takes it along, and leaves nothing', async () => {
      const { terminal, id, runner, first } = await staying(life(), '--rm');
      process.kill(commandOf(terminal), 'SIGKILL');
      await terminal.finished;
      assert.ok(await until(() => !isRunning(first) && !isRunning(runner)), 'neither the container nor its runner is left');
      assert.ok(await until(() => !existsSync(join(life().box.root, 'v1/transient', id))));
    });

    it('a supervisor that is killed is told of, and the terminal is what it was', async () => {
      const { terminal, runner, first } = await staying(life(), '--rm');
      process.kill(runner, 'SIGKILL');
      assert.equal((await terminal.finished).code, 125);
      assert.match(terminal.output(), /the container’s supervisor is gone without saying how the container ended/);
      assert.ok(await until(() => !isRunning(first)));
      await life().ok('ps', '-a');
    });
  });
}
