/** attach: our streams become those of a container that runs. */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { it } from 'node:test';
import { identities } from '../../harness/identity.js';
import { isRunning, until } from '../run/place.js';
import { describeLife } from './place.js';

for (const who of identities()) {
  describeLife(who, 'run -a stdin', (life) => {
    const fed = (flags: string[], script: string, input: string) =>
      life().box.tsrun(['run', '--network', 'none', '-a', 'stdin', ...flags, life().image, 'sh', '-c', script], { input });

    it('prints the id, hands over its input and goes; the container has its own end', async () => {
      const { code, stdout, stderr } = await fed(['-i'], 'cat; echo read all; exit 3', 'typed\n');
      assert.deepEqual([code, stderr], [0, '']);
      assert.match(stdout, /^[0-9a-f]{64}\n$/);
      const id = stdout.trim();
      assert.equal((await life().box.tsrun(['wait', id])).stdout, '3\n');
      assert.equal(await life().ok('logs', id), 'typed\nread all\n');
    });

    it('without -i has nothing to hand over, and is -d', async () => {
      const { code, stdout } = await fed([], 'cat; echo read all', 'typed\n');
      assert.equal(code, 0);
      await life().ok('wait', stdout.trim());
      assert.equal(await life().ok('logs', stdout.trim()), 'read all\n');
    });

    it('goes with a container that does not read, and is not missed: lost, it is an end of the input', async () => {
      const running = life().box.start(['run', '--network', 'none', '--rm', '-i', '-a', 'stdin', life().image, 'true'], { input: 'open' });
      assert.equal((await running.finished).code, 0);
      const words = ['run', '--network', 'none', '-i', '-a', 'stdin', life().image, 'sh', '-c', 'cat; echo end; exit 4'];
      const lost = life().box.start(words, { input: 'open' });
      const [id = ''] = (await lost.waitFor(/^[0-9a-f]{64}$/m)) ?? [];
      lost.child.stdin?.write('typed\n');
      assert.ok(await until(async () => /typed/.test(await life().ok('logs', id))));
      lost.child.kill('SIGKILL');
      assert.equal((await life().box.tsrun(['wait', id])).stdout, '4\n');
      assert.equal(await life().ok('logs', id), 'typed\nend\n');
    });

    it('beside another stream is a run that is seen through; what cannot be is refused', async () => {
      const both = await fed(['-i', '-a', 'stdout'], 'cat; echo unseen >&2; exit 5', 'typed\n');
      assert.deepEqual([both.code, both.stdout, both.stderr], [5, 'typed\n', '']);
      const again = await fed(['-i', '--restart', 'always'], 'cat', '');
      assert.equal(again.code, 125);
      assert.match(again.stderr, /-a stdin alone and --restart exclude each other/);
      assert.equal((await fed(['-d'], 'cat', '')).code, 125);
    });
  });

  describeLife(who, 'attach', (life) => {
    it('shows what comes from now on, on the right stream, and ends as the container ends', async () => {
      const id = await life().detached('echo before; read line; echo "out $line"; echo err >&2; exit 3', '-i');
      await until(async () => /before/.test(await life().ok('logs', id)));
      const { code, stdout, stderr } = await life().box.tsrun(['attach', id], { input: 'typed\n' });
      assert.deepEqual({ code, stdout, stderr }, { code: 3, stdout: 'out typed\n', stderr: 'err\n' });
    });

    it('types into one that was started with -i, of which several see the same', async () => {
      const id = await life().detached('while read line; do echo "<$line>"; [ "$line" = end ] && exit 0; done', '-i');
      const watching = life().box.start(['attach', '--no-stdin', id]);
      const typing = life().box.start(['attach', id], { input: 'open' });
      const both = async () => {
        typing.child.stdin?.write('line\n');
        return /<line>/.test(watching.stdout()) && /<line>/.test(typing.stdout());
      };
      assert.ok(await until(both, 20_000));
      typing.child.stdin?.write('end\n');
      for (const { finished } of [watching, typing]) {
        const { code, stdout } = await finished;
        assert.equal(code, 0);
        assert.match(stdout, /<end>\n$/);
      }
    });

    it('16 MiB in and out at once, through one that reads as it writes, are not lost and do not hang', async () => {
      const id = await life().detached('exec cat', '-i');
      const bytes = randomBytes(16 << 20);
      const running = life().box.start(['attach', id], { input: 'open' });
      running.child.stdin?.end(bytes);
      let received = 0;
      const hash = createHash('sha256');
      running.child.stdout?.on('data', (chunk: Buffer) => {
        received += chunk.length;
        hash.update(chunk);
      });
      assert.ok(await until(() => received === bytes.length, 30_000), `${received} of ${bytes.length}`);
      assert.equal(hash.digest('hex'), createHash('sha256').update(bytes).digest('hex'));
      await life().ok('kill', id);
      assert.equal((await running.finished).code, 137);
    });

    it('keeps room for others when a container that has closed its input was typed at by many', async () => {
      const id = await life().detached('exec <&-; until [ -e /go ]; do echo tick; sleep 0.2; done; echo late', '-i');
      for (let client = 0; client < 20; client++) await typeAt(join(life().box.runRoot, id), 'typed\n');
      const last = life().box.start(['attach', id]);
      await last.waitFor(/tick/);
      await life().ok('exec', id, 'touch', '/go');
      const { code, stdout } = await last.finished;
      assert.equal(code, 0);
      assert.match(stdout, /late\n$/);
    });

    it('hands signals on, unless told not to', async () => {
      const script = "trap 'echo caught; exit 4' TERM; while :; do echo tick; sleep 0.1; done";
      const first = await life().detached(script);
      const attached = life().box.start(['attach', first]);
      await attached.waitFor(/tick/);
      attached.child.kill('SIGTERM');
      assert.equal((await attached.finished).code, 4);
      const second = await life().detached(script);
      const alone = life().box.start(['attach', '--sig-proxy=false', second]);
      await alone.waitFor(/tick/);
      alone.child.kill('SIGTERM');
      assert.equal((await alone.finished).code, 143);
      assert.ok(isRunning(life().processesOf(second).first));
    });

    it('at a terminal: raw, sized, and ctrl-p ctrl-q leaves it running with the terminal as it was', async () => {
      const id = (await life().ok('run', '-d', '-i', '-t', life().image, 'sh')).trim();
      const terminal = await life().terminal('attach', id);
      terminal.type('stty size; echo a$((1+1))b\r');
      await terminal.waitFor(/24 80\r\n/);
      await terminal.waitFor(/a2b\r\n/);
      terminal.resize(30, 100);
      await new Promise((done) => setTimeout(done, 200));
      terminal.type('stty size\r');
      await terminal.waitFor(/30 100\r\n/);
      assert.deepEqual(await terminal.modes(), []);
      terminal.type('\x10\x11');
      assert.equal((await terminal.finished).code, 0);
      assert.ok(isRunning(life().processesOf(id).first));
      const again = await life().terminal('attach', '--detach-keys', 'ctrl-a,d', id);
      again.type('echo x\x10\x11y\r\x01d'); // these keys are the shell's now
      assert.equal((await again.finished).code, 0);
      const last = await life().terminal('attach', id);
      last.type('\rexit 6\r');
      assert.equal((await last.finished).code, 6);
    });

    it('kill -9 of the client changes nothing for the container, nor does one that does not read', async () => {
      const id = await life().detached('i=0; while :; do echo $i; i=$((i+1)); sleep 0.01; done');
      const attached = life().box.start(['attach', id]);
      await attached.waitFor(/\d+\n/);
      attached.child.kill('SIGKILL');
      await attached.finished;
      const count = async () => (await life().ok('logs', id)).length;
      const before = await count();
      assert.ok(await until(async () => (await count()) > before));
    });

    it('to one that is not there, has ended, or is run with --rm in the foreground, is refused with a sentence', async () => {
      const id = await life().detached('true');
      await life().ok('wait', id);
      for (const name of ['nobody', id]) {
        const { code, stderr } = await life().box.tsrun(['attach', name]);
        assert.equal(code, 125);
        assert.match(stderr, /^tsrun: (no container nobody|the container \S+ does not run)/);
      }
      const foreground = life().start(['--name', 'fore', life().image, 'sh', '-c', 'echo ready; sleep 60']);
      await foreground.waitFor(/ready/);
      const { code, stderr } = await life().box.tsrun(['attach', 'fore']);
      assert.equal(code, 125);
      assert.match(stderr, /cannot be attached to/);
      foreground.child.kill('SIGTERM');
      await foreground.finished;
    });

    it('keys that are none are refused', async () => {
      const id = await life().detached('sleep 60');
      assert.equal((await life().box.tsrun(['attach', '--detach-keys', 'ctrl-', id])).code, 125);
    });
  });
}

/** A client that speaks the frames of native/frames.h: types, and goes when it is let go. By way of /proc: the name of a socket has an end. */
async function typeAt(directory: string, text: string): Promise<void> {
  const opened = openSync(directory, 'r');
  const header = Buffer.alloc(8);
  header.writeUInt32BE(text.length, 4);
  const socket = connect(`/proc/self/fd/${opened}/attach`);
  socket.end(Buffer.concat([header, Buffer.from(text)]));
  socket.resume();
  await once(socket, 'close', { signal: AbortSignal.timeout(20_000) });
  closeSync(opened);
}
