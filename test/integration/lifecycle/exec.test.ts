/** exec: further processes in a container that runs. */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { readlinkSync } from 'node:fs';
import { it } from 'node:test';
import { BOUNDING_MASK } from '../../harness/bounding-set.js';
import { identities } from '../../harness/identity.js';
import { COOKED } from '../../harness/pty.js';
import { until } from '../run/place.js';
import { describeLife } from './place.js';

const STAY = 'echo ready; while :; do sleep 0.05; done';
const SPACES = ['user', 'mnt', 'pid', 'net', 'ipc', 'uts', 'cgroup'];

for (const who of identities()) {
  describeLife(who, 'exec', (life) => {
    it('is in all namespaces of the container, with its capabilities, filter, directory and variables', async () => {
      const id = await life().detached(STAY, '-e', 'OWN=value', '-w', '/tmp');
      const { first } = life().processesOf(id);
      const script = `for each in ${SPACES.join(' ')}; do readlink /proc/self/ns/$each; done; pwd; echo $OWN; echo $HOSTNAME; grep -E '^(Cap|Seccomp:|NoNew)' /proc/self/status | sed 's/\\t/ /'`;
      const lines = (await life().ok('exec', id, 'sh', '-c', script)).trimEnd().split('\n');
      assert.deepEqual(
        lines.slice(0, 7),
        SPACES.map((name) => readlinkSync(`/proc/${first}/ns/${name}`)),
      );
      assert.deepEqual(lines.slice(7, 10), ['/tmp', 'value', id.slice(0, 12)]);
      const own = await life().ok('exec', id, 'sh', '-c', "grep -E '^(Cap|Seccomp:|NoNew)' /proc/1/status | sed 's/\\t/ /'");
      assert.equal(`${lines.slice(10).join('\n')}\n`, own);
    });

    it('ends as the command does; 126 and 127 are exec’s, 125 ours', async () => {
      const id = await life().detached(STAY);
      const codeOf = async (...command: string[]) => (await life().box.tsrun(['exec', ...command])).code;
      assert.equal(await codeOf(id, 'sh', '-c', 'exit 42'), 42);
      assert.equal(await codeOf(id, 'sh', '-c', 'kill -TERM $$'), 143);
      assert.equal(await codeOf(id, 'nope'), 127);
      assert.equal(await codeOf(id, '/etc'), 126);
      assert.equal(await codeOf(id), 125);
      assert.equal(await codeOf('nobody', 'true'), 125);
      await life().ok('stop', id);
      const { code, stderr } = await life().box.tsrun(['exec', id, 'true']);
      assert.equal(code, 125);
      assert.match(stderr, /does not run: start it first/);
    });

    it('-e, -w and -u; HOME is the user’s', async () => {
      const id = await life().detached(STAY, '-e', 'A=1', '-e', 'B=1');
      assert.equal(await life().ok('exec', '-e', 'B=2', '-w', '/etc', id, 'sh', '-c', 'echo $A $B $(pwd) $HOME'), '1 2 /etc /root\n');
      const { code, stderr } = await life().box.tsrun(['exec', '-u', 'nobody-here', id, 'true']);
      assert.equal(code, 125);
      assert.match(stderr, /no user "nobody-here"/);
      if (who.name === 'single') return; // its containers have no other user
      assert.equal(
        await life().ok('exec', '-u', 'ada', id, 'sh', '-c', 'id -u; id -gn; echo $HOME; grep CapEff /proc/self/status'),
        '1000\nada\n/home/ada\nCapEff:\t0000000000000000\n',
      );
    });

    it('-u is resolved in the container as it is now, and never on the host', async () => {
      const id = await life().detached("echo 'eve:x:0:0::/eve:/bin/sh' >> /etc/passwd; echo ready; sleep 60");
      assert.ok(await until(async () => /ready/.test(await life().ok('logs', id))));
      assert.equal(await life().ok('exec', '-u', 'eve', id, 'sh', '-c', 'echo $HOME'), '/eve\n');
      const trap = await life().detached('rm /etc/passwd; ln -s /proc/1/root/../../../../etc/shadow /etc/passwd; echo ready; sleep 60');
      assert.ok(await until(async () => /ready/.test(await life().ok('logs', trap))));
      assert.equal((await life().box.tsrun(['exec', '-u', 'ada', trap, 'true'])).code, 125);
    });

    it('64 MiB through -i come back the same; without -i there is no input', async () => {
      const id = await life().detached(STAY);
      const bytes = randomBytes(64 << 20);
      const { stdoutBytes, code } = await life().box.tsrun(['exec', '-i', id, 'cat'], { input: bytes });
      assert.equal(code, 0);
      assert.equal(createHash('sha256').update(stdoutBytes).digest('hex'), createHash('sha256').update(bytes).digest('hex'));
      assert.equal((await life().box.tsrun(['exec', id, 'cat'], { input: 'data' })).stdout, '');
    });

    it('gives away no descriptor of its own, and cannot be traced or written to from inside', async () => {
      const id = await life().detached(STAY);
      assert.equal(await life().ok('exec', id, 'sh', '-c', 'ls /proc/self/fd | tr "\\n" " "'), '0 1 2 3 ');
      assert.match(
        (await life().box.tsrun(['exec', id, 'sh', '-c', '(: > /proc/self/exe) 2>&1; echo $?'])).stdout,
        /(Text file busy|Permission denied|Read-only)/,
      );
    });

    it('on a terminal: a shell with the right size, ^C, and the terminal as it was', async () => {
      const id = await life().detached(STAY);
      const terminal = await life().terminal('exec', id, 'sh');
      terminal.type('stty size; tty; sleep 60\r');
      await terminal.waitFor(/24 80\r\n\/dev\/pts\/\d+\r\n/);
      assert.ok(await until(async () => / sleep 60\n/.test(await life().ok('exec', id, 'ps')), 20_000));
      terminal.type('\x03');
      terminal.type('exit 5\r');
      assert.equal((await terminal.finished).code, 5);
      assert.deepEqual(await (await life().terminal('ps')).modes().catch(() => COOKED), COOKED);
    });

    it('-d returns at once and lets it run', async () => {
      const id = await life().detached(STAY);
      assert.equal(await life().ok('exec', '-d', id, 'sh', '-c', 'echo begun > /begun; sleep 0.3; echo done > /done'), '');
      assert.ok(await until(async () => (await life().box.tsrun(['exec', id, 'cat', '/done'])).code === 0));
      const failed = await life().box.tsrun(['exec', '-d', id, 'nope']);
      assert.equal(failed.code, 127);
    });

    it('ends with the container, and with its caller', async () => {
      const id = await life().detached(STAY);
      const running = life().box.start(['exec', id, 'sh', '-c', 'echo here; sleep 60']);
      await running.waitFor(/here/);
      await life().ok('kill', id);
      assert.equal((await running.finished).code, 137);
      await life().ok('start', id);
      const other = life().box.start(['exec', id, 'sh', '-c', 'echo here; sleep 61']);
      await other.waitFor(/here/);
      other.child.kill('SIGKILL');
      await other.finished;
      assert.ok(await until(async () => !/sleep 61/.test(await life().ok('exec', id, 'ps'))));
    });

    it('--privileged has every capability that the caller has, and no filter', async () => {
      const id = await life().detached(STAY);
      const status = await life().ok('exec', '--privileged', id, 'grep', '-E', '^(CapEff|Seccomp:)', '/proc/self/status');
      assert.match(status, new RegExp(`CapEff:\\t${BOUNDING_MASK}\\n`));
      assert.match(status, /Seccomp:\t[02]\n/);
    });
  });
}
