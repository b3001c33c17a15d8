/** --pid, --ipc, --uts, --cgroupns: the same namespaces, what is seen through them, and that nothing outlives the container. */
import assert from 'node:assert/strict';
import { chmodSync, copyFileSync, mkdtempSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, it } from 'node:test';
import { identities } from '../../harness/identity.js';
import { describeAs, type Place } from '../../harness/place.js';
import { isRunning } from '../../harness/processes.js';
import { until } from '../../harness/wait.js';

const NAMES = ['user', 'mnt', 'pid', 'net', 'ipc', 'uts', 'cgroup'] as const;
const SPACES = `for each in ${NAMES.join(' ')}; do readlink /proc/self/ns/$each; done`;
const ALL = ['pid', 'ipc', 'uts', 'cgroupns', 'network'].flatMap((flag) => [`--${flag}`, 'container:first']);
/** Orphans in a session of their own, with the container's output in their hands. */
const ORPHANS = 'sleep 1001 & (setsid sleep 1002 &); echo ready; exec sleep 1003';

async function ok(where: Place, ...words: string[]): Promise<string> {
  const { code, stdout, stderr } = await where.box.tsrun(words);
  assert.equal(code, 0, stderr);
  return stdout;
}

async function detached(where: Place, name: string, flags: string[], script = 'sleep 1000'): Promise<number> {
  const network = flags.includes('--network') ? [] : ['--network', 'none'];
  await ok(where, 'run', '-d', '--name', name, ...network, ...flags, where.image, 'sh', '-c', script);
  return Number(await ok(where, 'inspect', '-f', '{{.State.Pid}}', name));
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** Those that the container has, as the host counts. */
async function processesOf(where: Place, name: string): Promise<number[]> {
  return (await ok(where, 'top', name, '-o', 'pid')).split('\n').slice(1).filter(Boolean).map(Number);
}

for (const who of identities()) {
  describeAs(who, 'shared namespaces', (where) => {
    afterEach(() => where().box.tsrun(['rm', '-f', 'first', 'second', 'ends']));

    const refused = async (words: string[], message: RegExp) => {
      const { code, stderr } = await where().run([...words, where().image, 'true']);
      assert.match(stderr, message);
      assert.equal(code, 125);
    };

    it('are those of another container: processes, queues, shared memory, host name, network; of one alone', async () => {
      const { box, image } = where();
      const first = await detached(
        where(),
        'first',
        ['--ipc', 'shareable', '-h', 'called'],
        'touch /dev/mqueue/queue; echo x > /dev/shm/file; sleep 1000',
      );
      const theirs = NAMES.map((name) => readlinkSync(`/proc/${first}/ns/${name}`));
      assert.ok(await until(async () => (await box.tsrun(['exec', 'first', 'ls', '/dev/shm'])).stdout === 'file\n'));
      const seen = await where().sh(
        `${SPACES}; ps -o args; ls /dev/mqueue; cat /dev/shm/file; hostname; echo $HOSTNAME; cat /etc/hostname`,
        ALL,
      );
      const mine = seen.split('\n').slice(0, NAMES.length);
      assert.deepEqual(
        NAMES.filter((_, index) => mine[index] !== theirs[index]),
        ['mnt'],
      );
      assert.match(seen, /\nsleep 1000\n[\s\S]*\nqueue\nx\ncalled\ncalled\ncalled\n$/);

      const none = await where().sh('ls /dev/mqueue /dev/shm; ps -o args | grep -c "[s]leep 1000"; true', ['--init']);
      assert.equal(none, '/dev/mqueue:\n\n/dev/shm:\n0\n');
      const id = (await ok(where(), 'inspect', '-f', '{{.Id}}', 'first')).trim();
      const byId = ['--ipc', `container:${id.slice(0, 12)}`];
      assert.equal(await where().sh('cat /dev/shm/file; echo $$; ps -o args | grep -c "[s]leep"; true', byId), 'x\n1\n0\n');
      await refused(['--pid', 'container:first', '--ipc', 'container:second'], /no container second/);

      await detached(where(), 'second', ['--pid', 'container:first']);
      await refused(
        ['--ipc', 'container:second'],
        /--ipc container:second cannot be used so: its ipc namespace is for itself \(--ipc private\): start that container with --ipc shareable/,
      );
      await refused(['--pid', 'container:second', '--ipc', 'container:first'], /a container can join the namespaces of one other only/);
      const modes = '{{.HostConfig.PidMode}} {{.HostConfig.IpcMode}} {{.HostConfig.UTSMode}}';
      assert.equal(await ok(where(), 'inspect', '-f', modes, 'second'), `container:${id} private \n`);

      // Each has its own, though both see all.
      const [one, other] = [await processesOf(where(), 'first'), await processesOf(where(), 'second')];
      assert.deepEqual(
        one.filter((pid) => other.includes(pid)),
        [],
      );
      assert.equal((await ok(where(), 'exec', 'second', 'sh', '-c', SPACES)).split('\n')[2], theirs[2]);
      await ok(where(), 'pause', 'first');
      assert.match(await ok(where(), 'top', 'second', '-o', 'state,args'), /^STATE .*\nS .*sleep 1000\n$/);
      assert.match(await ok(where(), 'top', 'first', '-o', 'state'), /^STATE\n(T.*\n)+$/);
      await ok(where(), 'unpause', 'first');

      // With process 1 all of its namespace ends.
      await ok(where(), 'stop', '-t', '0', 'first');
      assert.equal(await ok(where(), 'wait', 'second'), '137\n');
      const again = await box.tsrun(['start', 'second']);
      assert.match(again.stderr, /--pid container:first: that container does not run: start it first/);
      assert.equal(again.code, 125);
      await ok(where(), 'start', 'first', 'second');
      assert.match(await ok(where(), 'exec', 'second', 'ps', '-o', 'args'), /^COMMAND\nsleep 1000\nsleep 1000\n/);
      await ok(where(), 'rm', '-f', 'second', 'first');
      assert.equal((await box.tsrun(['run', '--rm', '--pid', 'container:first', image, 'true'])).code, 125);
    });

    it('are the host’s: its processes are seen and its ids not had; masks stay', async () => {
      const flags = ['--pid', 'host', '--ipc', 'host', '--uts', 'host', '--cgroupns', 'host'];
      const { code, stdout, stderr } = await where().run([
        ...flags,
        where().image,
        'sh',
        '-c',
        `${SPACES}; kill -0 1; ls -d /proc/${process.pid}; wc -c < /proc/keys; ! touch /proc/sys/kernel/hostname; head -n 1 /proc/${process.pid}/environ`,
      ]);
      const lines = stdout.split('\n');
      const own = NAMES.map((name) => readlinkSync(`/proc/self/ns/${name}`));
      assert.deepEqual(
        NAMES.filter((_, index) => lines[index] === own[index]),
        ['pid', 'ipc', 'uts', 'cgroup'],
      );
      assert.deepEqual([code === 0, ...lines.slice(NAMES.length)], [false, `/proc/${process.pid}`, '0', ''], stderr);
      assert.equal(/--pid host: the container has your user id/.test(stderr), who.name !== 'root', stderr);
      assert.equal(await where().sh('ls /dev/shm 2>&1; echo $$', ['--ipc', 'none']), 'ls: /dev/shm: No such file or directory\n1\n');
    });

    for (const [pid, ...init] of [['host', '--init'], ['container:first']] as const)
      it(`--pid ${pid}: with its first process, and with kill -9 of its runner, all of it ends, exec included`, async () => {
        const flags = ['--pid', pid, ...init];
        if (pid !== 'host') await detached(where(), 'first', []);
        // What holds its output is ended with it, and nobody waits.
        const { code, stdout } = await where().run([...flags, where().image, 'sh', '-c', '(sleep 1004 & setsid sleep 1005 &); kill -9 $$']);
        assert.deepEqual([code, stdout], [137, '']);
        const words = ['run', '--network', 'none', '--name', 'ends', ...flags, where().image, 'sh', '-c', ORPHANS];
        const running = where().box.start(words);
        await running.waitFor(/ready/);
        await ok(where(), 'exec', '-d', 'ends', 'sh', '-c', 'setsid sleep 1006 & exec sleep 1007');
        assert.ok(await until(async () => (await processesOf(where(), 'ends')).length === 5 + init.length, 20_000));
        const all = await processesOf(where(), 'ends');
        running.child.kill('SIGKILL');
        assert.ok(await until(() => !all.some(isRunning)), `${all.filter(isRunning)} are left`);
        await running.finished;
        // The same by stop, once more.
        await ok(where(), 'start', 'ends');
        const again = await processesOf(where(), 'ends');
        await ok(where(), 'stop', 'ends');
        assert.equal(await ok(where(), 'inspect', '-f', '{{.State.ExitCode}}', 'ends'), '143\n');
        assert.deepEqual(again.filter(isRunning), []);
      });

    if (who.name !== 'root' && process.getuid?.() === 0)
      it('--pid host: who runs a program that may not be read, and so may not be looked at, ends with the container, too', async () => {
        const directory = mkdtempSync(join(where().box.home, 'unreadable-'));
        chmodSync(directory, 0o755);
        copyFileSync('/bin/busybox', join(directory, 'sleep'));
        chmodSync(join(directory, 'sleep'), 0o711);
        const script = '(setsid /v/sleep 1008 &); until ps -o args | grep -q "^/v/sleep 1008"; do :; done; kill -9 $$';
        const { code } = await where().run(['--pid', 'host', '-v', `${directory}:/v:ro`, where().image, 'sh', '-c', script]);
        assert.equal(code, 137);
        const left = readdirSync('/proc').filter((pid) => /^\d/.test(pid) && readIfThere(`/proc/${pid}/cmdline`).startsWith('/v/sleep'));
        assert.deepEqual(left, []);
      });

    it('are those of files for root: procfs and queues of that namespace', async () => {
      const first = await detached(where(), 'first', ['-h', 'called'], 'touch /dev/mqueue/queue; sleep 1000');
      const flags = ['pid', 'ipc', 'uts'].flatMap((name) => [`--${name}`, `ns:/proc/${first}/ns/${name}`]);
      if (who.name === 'root') {
        assert.match(await where().sh('ps -o args; ls /dev/mqueue; hostname; id -u', flags), /\nsleep 1000\n[\s\S]*queue\ncalled\n0\n$/);
        await detached(where(), 'second', flags);
        assert.match(await ok(where(), 'exec', 'second', 'ps', '-o', 'args'), /\nsleep 1000\n/);
        await refused(['--pid', 'container:second'], /it has that of a file itself: name the same file: --pid ns:/);
        await ok(where(), 'rm', '-f', 'second');
      } else await refused(flags, /the (pid|ipc|uts) namespace cannot be entered: operation not permitted/);
      await refused(['--uts', `ns:/proc/${first}/ns/ipc`], who.name === 'root' ? /not of that kind/ : /cannot be entered/);
      await ok(where(), 'rm', '-f', 'first');
    });
  });
}
