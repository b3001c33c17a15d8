/** A container on a real terminal: its size, its keys, and how it is left. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { identities } from '../../harness/identity.js';
import { busyboxImage, debianImage } from '../../harness/images.js';
import { leftovers } from '../../harness/leftovers.js';
import { COOKED, openTerminal, type TerminalOptions } from '../../harness/pty.js';
import { type Sandbox, sandbox } from '../../harness/tsrun.js';

const STARTS = 20;

for (const who of identities()) {
  describe(`as ${who.name}, a container on a terminal`, { skip: who.unavailable ?? false }, () => {
    const place = sandbox(who);
    let image: string;
    before(async () => {
      image = (await busyboxImage()).reference;
      assert.equal((await place.tsrun(['run', '--rm', image, 'true'])).code, 0);
    });
    const type = (command: readonly string[], options: TerminalOptions = {}) =>
      openTerminal(command, { as: who, cwd: place.home, ...options, env: { ...place.env, ...options.env } });
    const tsrun = (args: readonly string[], options?: TerminalOptions) => type([place.program, ...args], options);
    /** On a terminal that somebody else goes on using. */
    const inShell = (args: readonly string[]) => type(['sh', '-c', '"$@"; echo "ended with $?"; read end', 'sh', place.program, ...args]);

    it(`has its size from the first moment, ${STARTS} times, and TERM`, async () => {
      for (let count = 0; count < (who.name === 'range' ? STARTS : 2); count++) {
        const [rows, columns] = [20 + count, 100 + 3 * count];
        const terminal = await tsrun(['run', '--rm', image, 'sh', '-c', 'stty size; echo $TERM'], { rows, columns });
        assert.equal((await terminal.finished).code, 0);
        assert.equal(terminal.output(), `${rows} ${columns}\r\nxterm-256color\r\n`);
      }
    });

    it('is a shell: its prompt shows the short id, ^C ends the program in front alone, ^D ends the shell', async () => {
      const terminal = await tsrun(['run', '--rm', '-e', 'PS1=\\h# ', image]);
      const [, id] = await terminal.waitFor(/^([0-9a-f]{12})# /m);
      const [running] = readdirSync(join(place.root, 'v1/transient'));
      assert.equal(id, running?.slice(0, 12));
      // Typed in two halves, so that the echo of the line is not taken for its output.
      terminal.type("sh -c 'echo as''leep; exec sleep 60'\r");
      await terminal.waitFor(/^asleep/m);
      terminal.type('\x03');
      terminal.type('echo still $((40+2))\r');
      // ^D means the end only to a shell that is at its prompt: before, the terminal itself takes it.
      await terminal.waitFor(/^still 42\r\n[^\n]*# /m);
      terminal.type('exi\x7f\x7f\x7f(exit 7)\r');
      await terminal.waitFor(/\(exit 7\)\r\n[^\n]*# /);
      terminal.type('\x04');
      assert.equal((await terminal.finished).code, 7);
    });

    if (who.name === 'range') {
      // Of a distribution as it is: nobody sets PS1. The large image once; bash is the same for all.
      it('is Debian’s shell, whose prompt shows the short id unaided', async () => {
        const terminal = await tsrun(['run', '--rm', '-q', (await debianImage()).reference], { timeoutMs: 180_000 });
        const [, id] = await terminal.waitFor(/root@([0-9a-f]{12}):\/# /);
        assert.equal(id, readdirSync(join(place.root, 'v1/transient'))[0]?.slice(0, 12));
        terminal.type('exit\r');
        assert.equal((await terminal.finished).code, 0);
      });
    }

    it('follows the window: SIGWINCH arrives, and stty size is right', async () => {
      const script = 'trap "stty size; exit 0" WINCH; echo ready; while :; do sleep 60 & wait $!; done';
      const terminal = await tsrun(['run', '--rm', image, 'sh', '-c', script], { rows: 24, columns: 80 });
      await terminal.waitFor(/ready/);
      terminal.resize(50, 133);
      assert.equal((await terminal.finished).code, 0);
      assert.match(terminal.output(), /^50 133\r$/m);
    });

    it('^C ends a program that is process 1 and does nothing about it: 130', async () => {
      const terminal = await tsrun(['run', '--rm', image, 'sh', '-c', 'echo ready; exec sleep 60']);
      await terminal.waitFor(/ready/);
      // The shell catches it, and gives itself what the kernel does not let happen to process 1: it is the program behind it that is meant.
      const typing = setInterval(() => terminal.type('\x03'), 100);
      const { code } = await terminal.finished;
      clearInterval(typing);
      assert.equal(code, 130);
      assert.deepEqual(leftovers(place), { processes: [], mounts: [], directories: [] });
    });

    it('^C is the program’s own affair when it handles it, or has made it an ordinary key', async () => {
      const handling = await tsrun(['run', '--rm', image, 'sh', '-c', 'trap "echo caught; exit 5" INT; echo ready; sleep 60 & wait']);
      await handling.waitFor(/ready/);
      handling.type('\x03');
      assert.equal((await handling.finished).code, 5);
      assert.match(handling.output(), /caught/);
      const raw = await tsrun(['run', '--rm', image, 'sh', '-c', 'stty raw -echo; echo ready; dd bs=1 count=1 2>/dev/null | od -An -tx1']);
      await raw.waitFor(/ready/);
      raw.type('\x03');
      assert.equal((await raw.finished).code, 0);
      assert.match(raw.output(), /\b03\b/);
    });

    describe('leaves the terminal as it was found', () => {
      it('after its end, whatever it did to its own', async () => {
        const terminal = await inShell(['run', '--rm', image, 'sh', '-c', 'stty raw -echo -isig; exit 3']);
        await terminal.waitFor(/ended with 3/);
        assert.deepEqual(await terminal.modes(), COOKED);
        terminal.type('\r');
        await terminal.finished;
      });

      it('after kill -9 of the container', async () => {
        const terminal = await inShell(['run', '--rm', image, 'sh', '-c', 'echo ready; exec sleep 60']);
        await terminal.waitFor(/ready/);
        assert.notDeepEqual(await terminal.modes(), COOKED, 'it is raw meanwhile');
        process.kill(pidIn(place), 'SIGKILL');
        await terminal.waitFor(/ended with 137/);
        assert.deepEqual(await terminal.modes(), COOKED);
        terminal.type('\r');
        await terminal.finished;
      });

      it('after a start that failed', async () => {
        const terminal = await inShell(['run', '--rm', image, 'no-such-command']);
        await terminal.waitFor(/ended with 127/);
        assert.match(terminal.screen().text, /^tsrun: "no-such-command": executable file not found in the container/m);
        assert.deepEqual(await terminal.modes(), COOKED);
        terminal.type('\r');
        await terminal.finished;
      });

      it('after SIGTERM, which a shell ignores', async () => {
        const terminal = await inShell(['run', '--rm', image, 'sh', '-c', 'echo ready; exec sleep 60']);
        await terminal.waitFor(/ready/);
        process.kill(helperIn(place), 'SIGTERM');
        await terminal.waitFor(/ended with 143/);
        assert.deepEqual(await terminal.modes(), COOKED);
        terminal.type('\r');
        await terminal.finished;
      });
    });

    describe('with half a terminal', () => {
      const hello = (...command: string[]) => type(['sh', '-c', 'echo hello | "$@"', 'sh', ...command]);

      it('-i -t with a pipe for input: a terminal all the same, fed from the pipe, and a note', async () => {
        const terminal = await hello(
          place.program,
          'run',
          '--rm',
          '-it',
          image,
          'sh',
          '-c',
          'tty; read line; echo got $line; read line || echo end',
        );
        assert.equal((await terminal.finished).code, 0);
        const screen = terminal.screen().text;
        assert.match(screen, /^note: standard input is not a terminal/m);
        assert.match(screen, /^\/dev\/pts\/0$[\s\S]*^got hello$[\s\S]*^end$/m);
      });

      it('… called as docker: "the input device is not a TTY", and nothing is made', async () => {
        const docker = join(place.home, 'docker');
        symlinkSync(place.program, docker);
        const terminal = await hello(docker, 'run', '-it', image, 'true');
        assert.equal((await terminal.finished).code, 1);
        assert.equal(terminal.screen().text, 'the input device is not a TTY');
        assert.equal((await place.tsrun(['ps', '-aq'])).stdout, '');
      });

      it('called as docker, nothing is implied: no -i -t', async () => {
        const docker = join(place.home, 'also/../docker');
        const terminal = await type([docker, 'run', '--rm', image, 'sh', '-c', 'tty; cat; echo end of input']);
        assert.equal((await terminal.finished).code, 0);
        assert.equal(terminal.screen().text, 'not a tty\nend of input');
      });

      it('-t without -i: a terminal of the right size on which nothing arrives', async () => {
        const script = 'stty size; tty; if read -t 1 line; then echo got $line; else echo nothing; fi';
        const terminal = await tsrun(['run', '--rm', '-t', image, 'sh', '-c', script], { rows: 31, columns: 91 });
        await terminal.waitFor(/pts/);
        terminal.type('hello\r');
        assert.equal((await terminal.finished).code, 0);
        assert.match(terminal.screen().text, /^31 91$[\s\S]*^\/dev\/pts\/0$[\s\S]*^nothing$/m);
      });

      it('-i without -t: what is typed arrives, and there is no terminal in the container', async () => {
        const terminal = await tsrun(['run', '--rm', '-i', image, 'sh', '-c', 'tty; read line; echo got $line']);
        await terminal.waitFor(/not a tty/);
        terminal.type('hello\r');
        assert.equal((await terminal.finished).code, 0);
        assert.match(terminal.screen().text, /^got hello$/m);
      });

      it('neither, with the output in a pipe: nothing is implied', async () => {
        const terminal = await type([
          'sh',
          '-c',
          '"$@" | cat',
          'sh',
          place.program,
          'run',
          '--rm',
          image,
          'sh',
          '-c',
          'tty; cat; echo end',
        ]);
        assert.equal((await terminal.finished).code, 0);
        assert.equal(terminal.screen().text, 'not a tty\nend');
      });

      it('inside of script(1)', async () => {
        const line = `${place.program} run --rm ${image} sh -c 'tty; stty size'`;
        const terminal = await type(['script', '-qec', line, '/dev/null'], { rows: 35, columns: 95 });
        assert.equal((await terminal.finished).code, 0);
        assert.equal(terminal.screen().text, '/dev/pts/0\n35 95');
      });
    });
  });
}

/** The first process of the only container that runs, as the host counts. */
function pidIn(place: Sandbox): number {
  const [id = ''] = readdirSync(join(place.root, 'v1/transient'));
  return Number(JSON.parse(readFileSync(join(place.root, 'v1/transient', id, 'status.json'), 'utf8')).pid);
}

/** The helper is its parent. */
function helperIn(place: Sandbox): number {
  return Number(/^PPid:\s*(\d+)$/m.exec(readFileSync(`/proc/${pidIn(place)}/status`, 'utf8'))?.[1]);
}
