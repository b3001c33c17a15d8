/** The caller's terminal: never within the container's reach. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { identities } from '../../harness/identity.js';
import { COOKED, openTerminal } from '../../harness/pty.js';
import { describeAs, type Place, probeProgram } from './place.js';

/** `tsrun run --rm WORDS` with its three standard streams on a terminal that is also its controlling one. */
function onTerminal({ box, who }: Place, words: string[]) {
  return openTerminal([box.program, 'run', '--rm', ...words], { as: who, cwd: box.home, env: box.env });
}

for (const who of identities()) {
  describeAs(who, 'a terminal without -t', (where) => {
    for (const flags of [['-t=false'], ['-i']]) {
      it(`${flags}: the container cannot read the terminal from any descriptor or name, nor type on it`, async () => {
        const probe = await probeProgram();
        const terminal = await onTerminal(where(), [...flags, '-v', `${probe}:/probe`, where().image, '/probe', 'steal']);
        terminal.type('secret\r');
        assert.equal((await terminal.finished).code, 0);
        const lines = terminal
          .output()
          .split('\r\n')
          .filter((line) => /^([\d/])/.test(line));
        assert.deepEqual(
          lines.slice(0, 3).map((line) => line.split(' ')[0]),
          ['0', '1', '2'],
        );
        assert.match(lines[3] ?? '', /^\/dev\/tty /, 'no other descriptor is open');
        for (const line of lines) {
          assert.match(line, / closed$|tty=0/);
          assert.doesNotMatch(line, /type=typed/);
          if (!/^(0|\/dev\/stdin|\/proc\/1\/fd\/0) /.test(line)) assert.doesNotMatch(line, /read=yes/);
        }
        assert.doesNotMatch(terminal.output(), /^x/m, 'nothing was typed into it');
        assert.deepEqual(
          lines.filter((line) => line.startsWith('/dev/tty ')),
          ['/dev/tty closed'],
        );
      });
    }

    it('with -i what is typed arrives through a pipe, ^D ends it, and the terminal stays as it was', async () => {
      const terminal = await onTerminal(where(), [
        '-i',
        where().image,
        'sh',
        '-c',
        'test -t 0 && echo terminal; echo ready; cat; echo end',
      ]);
      await terminal.waitFor(/ready/);
      assert.deepEqual(await terminal.modes(), COOKED);
      terminal.type('hello\r');
      await terminal.waitFor(/hello\r\nhello\r\n/);
      terminal.type('\x04');
      assert.equal((await terminal.finished).code, 0);
      assert.equal(terminal.screen().text, 'ready\nhello\nhello\nend');
    });

    it('-t alone: the size is right, and follows the window', async () => {
      const script =
        'stty size < /dev/console; trap "stty size < /dev/console" WINCH; echo ready; i=0; while [ $i -lt 100 ]; do sleep 0.05; i=$((i+1)); done';
      const terminal = await onTerminal(where(), ['-t', where().image, 'sh', '-c', script]);
      await terminal.waitFor(/24 80\r*\n/);
      await terminal.waitFor(/ready/);
      terminal.resize(30, 100);
      await terminal.waitFor(/30 100\r*\n/);
      terminal.type('\x03');
      await terminal.finished;
    });

    it('^C reaches the command', async () => {
      const terminal = await onTerminal(where(), [
        '-i',
        where().image,
        'sh',
        '-c',
        'trap "echo caught; exit 4" INT; echo ready; while :; do sleep 0.05; done',
      ]);
      await terminal.waitFor(/ready/);
      terminal.type('\x03');
      await terminal.waitFor(/caught/);
      assert.equal((await terminal.finished).code, 4);
    });
  });

  describeAs(who, 'a terminal of its own', (where) => {
    it('with -t nothing can be typed into it by TIOCSTI, and the caller’s is not the one that is seen', async () => {
      const probe = await probeProgram();
      const terminal = await onTerminal(where(), [
        '-it',
        '-v',
        `${probe}:/probe`,
        where().image,
        'sh',
        '-c',
        '/probe type; tty; echo $(ls /dev/pts); exit 3',
      ]);
      assert.equal((await terminal.finished).code, 3);
      assert.equal(terminal.screen().text, 'EPERM\n/dev/pts/0\n0 ptmx');
      assert.deepEqual(await where().sh('ls /dev/pts'), 'ptmx\n');
    });
  });
}
