/** `--isolation landlock`: what a container without namespaces reaches of its host, and how it lives. Where there are user namespaces, and where not. */
import assert from 'node:assert/strict';
import { chownSync, copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { inCheckout } from '../../harness/checkout.js';
import { type Identity, identity } from '../../harness/identity.js';
import { busyboxImage, debianImage } from '../../harness/images.js';
import { assertNothingLeft } from '../../harness/place.js';
import { execute, type Finished, type Running } from '../../harness/process.js';
import { withinReach } from '../../harness/reach.js';
import { type Sandbox, sandbox } from '../../harness/tsrun.js';
import { until } from '../../harness/wait.js';

const { EACCES, EPERM, ENOSYS } = constants.errno;
const MODE = ['--isolation', 'landlock'];
const ATTEMPTS = 23;
const NAME = `tsrun-escape-${process.pid}`;

const native: typeof import('../../../scripts/native.mjs') = await import(inCheckout('scripts/native.mjs'));
const attempt = await program();
const version = Number((await execute([attempt])).stdout);

async function program(): Promise<string> {
  const source = inCheckout('test/integration/walls/escape.c');
  const output = inCheckout('build/harness/escape');
  if (native.isStale(output, [source])) await native.compile({ sources: [source], output });
  return withinReach(output);
}

/** Files, sockets and a process of the same user's. */
async function canary(box: Sandbox, { uid, gid }: Identity): Promise<{ directory: string; process: Running; pid: number }> {
  const directory = join(box.home, 'canary');
  mkdirSync(directory);
  writeFileSync(join(directory, 'file'), 'secret\n');
  copyFileSync('/bin/busybox', join(directory, 'program'));
  for (const path of [directory, join(directory, 'file'), join(directory, 'program')]) chownSync(path, uid, gid);
  const running = box.command([attempt, directory, NAME]);
  await until(() => running.stdout().includes('ready'));
  return { directory, process: running, pid: running.pid };
}

function attempts(stdout: string): [string, number][] {
  const seen = stdout
    .trim()
    .split('\n')
    .map((line) => line.split(' '));
  assert.equal(seen.length, ATTEMPTS, stdout);
  return seen.map(([name = '', errno]) => [name, Number(errno)]);
}

const MODES = [
  { name: 'range' as const, how: 'where user namespaces may be made', within: [] },
  {
    name: 'single' as const,
    how: 'where they are refused',
    within: ['unshare', '--user', '--map-root-user', 'sh', '-c', 'echo 0 > /proc/sys/user/max_user_namespaces; exec "$@"', 'sh'],
  },
];

for (const { name, how, within } of version >= 6 ? MODES : []) {
  const who = identity(name);
  describe(`as ${name}, ${how}: --isolation landlock`, { skip: who.unavailable ?? false }, () => {
    let box: Sandbox;
    let image: string;
    const tsrun = (words: readonly string[]): Promise<Finished> => box.command([...within, box.program, ...words]).finished;
    const run = (words: readonly string[]) => tsrun(['run', '--rm', ...MODE, ...words]);
    before(async () => {
      box = sandbox(who);
      image = (await busyboxImage()).reference;
    });
    after(async () => {
      await assertNothingLeft(box);
      await box[Symbol.asyncDispose]();
    });

    it('reaches its own files and no others, tells what it lacks each time, and ends as its command ends', async () => {
      const script = 'echo $TSRUN_ROOTFS; pwd; echo new > $TSRUN_ROOTFS/etc/new && cat $TSRUN_ROOTFS/etc/new; cat /etc/passwd; exit 7';
      for (const _ of [1, 2]) {
        const { code, stdout, stderr } = await run([image, 'sh', '-c', script]);
        const [root, cwd, written, ...more] = stdout.trim().split('\n');
        assert.deepEqual([code, cwd, written, more], [7, root, 'new', []], stderr);
        assert.match(stderr, /^note: --isolation landlock: weaker/m);
        assert.match(stderr, /cat: can't open '\/etc\/passwd': Permission denied/);
      }
      const quiet = await run(['-q', '--read-only', image, 'sh', '-c', 'echo > $TSRUN_ROOTFS/new; kill -9 $$']);
      assert.deepEqual([quiet.code, quiet.stderr.trim()], [137, `sh: can't create ${quiet.stderr.split(' ')[3]} Permission denied`]);
      assert.equal((await run(['-q', image, 'nothing'])).code, 127);
      assert.equal((await run(['-q', image, '/etc/passwd'])).code, 126);
    });

    it('none of the ways to a canary of the same user leads there; without it all do', async () => {
      const { directory, process: watched, pid } = await canary(box, who);
      await using _ended = {
        [Symbol.asyncDispose]: async () => {
          watched.child.kill('SIGKILL');
          await watched.finished;
        },
      };
      const words = [attempt, directory, String(pid), NAME];
      for (const [way, errno] of attempts((await box.command(words).finished).stdout)) assert.equal(errno, 0, way);
      const held = await run(['-q', '-v', `${dirname(attempt)}:${dirname(attempt)}:ro`, image, ...words]);
      assert.deepEqual([held.code, held.stderr], [0, '']);
      for (const [way, errno] of attempts(held.stdout)) assert.ok([EACCES, EPERM, ENOSYS].includes(errno), `${way}: ${errno}`);
    });

    it('refuses by name what it cannot enforce', async () => {
      const cases: [flag: string[], said: RegExp][] = [
        [['-p', '1:1'], /--publish cannot be had/],
        [['--hostname', 'x'], /--hostname cannot be had/],
        [['-v', '/tmp:/elsewhere'], /write -v \/tmp:\/tmp/],
      ];
      for (const [flag, said] of cases) {
        const { code, stderr } = await run([...flag, image, 'true']);
        assert.equal(code, 125);
        assert.match(stderr, said);
      }
    });

    it('lives as other containers do, and ends with all that it started, kill -9 of its runner included', async () => {
      const script =
        'ln -sfn ../../../../../../../../../../../../../../etc $TSRUN_ROOTFS/away; echo out; (setsid sleep 1000 &); sleep 1000 & exec sleep 1000';
      const started = await tsrun(['run', '-q', '-d', '--name', 'bare', ...MODE, image, 'sh', '-c', script]);
      assert.equal(started.code, 0, started.stderr);
      const inside = await tsrun(['exec', '-w', '/away', 'bare', 'sh', '-c', 'pwd; cat /etc/passwd; exit 3']);
      assert.equal(inside.code, 3);
      assert.match(inside.stderr, /Permission denied/);
      assert.match(inside.stdout, /\/overlay\/root\/etc\n$/, 'a link of the container leads nowhere else');
      for (const verb of ['pause', 'unpause', 'logs']) assert.equal((await tsrun([verb, 'bare'])).code, 0, verb);
      assert.match((await tsrun(['cp', 'bare:/etc', '-'])).stderr, /has no namespaces/);
      assert.equal((await tsrun(['restart', '-t', '0', 'bare'])).code, 0);
      const { stdout } = await tsrun(['inspect', '--format', '{{.State.Pid}}', 'bare']);
      const runner = Number((await execute(['ps', '-o', 'ppid=', '-p', stdout.trim()])).stdout);
      assert.ok(runner > 1);
      process.kill(runner, 'SIGKILL');
      await until(async () => (await execute(['pgrep', '-u', String(who.uid), '-x', 'sleep'])).code === 1);
      assert.equal((await execute(['pgrep', '-u', String(who.uid), '-x', 'sleep'])).code, 1);
      assert.equal((await tsrun(['rm', '-f', 'bare'])).code, 0);
    });

    if (name === 'single')
      it('programs that are linked dynamically, and scripts, start each other; there is no network with --network none', async () => {
        const { reference } = await debianImage();
        const script =
          'bash -c "perl -e \'print 6*7\'"; echo; ldd --version | head -n 1; (: > /dev/tcp/127.0.0.1/1) 2>&1 | grep -o "Operation.*"';
        const { code, stdout, stderr } = await run(['-q', '--network', 'none', reference, 'bash', '-c', script]);
        assert.equal(code, 0, stderr);
        assert.match(stdout, /^42\nldd .*\nOperation not permitted\n/);
      });
  });
}

describe('--isolation landlock', () => {
  it('is refused where the container would be the host’s root, or the kernel too old', async () => {
    const who = identity(process.getuid?.() === 0 ? 'root' : 'single');
    if (who.uid !== 0 && version >= 6) return;
    await using box = sandbox(who);
    const { code, stderr } = await box.tsrun(['run', ...MODE, 'oci:/nowhere', 'true']);
    assert.equal(code, 125);
    assert.match(stderr, who.uid === 0 ? /as root would run the container as the host’s root/ : /needs version 6 of Landlock/);
  });
});
