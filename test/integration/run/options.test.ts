/** The other flags of `run`: exit codes, --init, --rootfs, --cidfile, --name. */
import assert from 'node:assert/strict';
import { chownSync, cpSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { identities } from '../../harness/identity.js';
import { assertNothingLeft, describeAs, firstProcessOf, until } from './place.js';

for (const who of identities()) {
  describeAs(who, 'exit codes', (where) => {
    const codeOf = async (command: string[], flags: string[] = []) => (await where().run([...flags, where().image, ...command])).code;

    it('are the command’s', async () => {
      for (const code of [0, 42, 255]) assert.equal(await codeOf(['sh', '-c', `exit ${code}`]), code);
    });

    it('are 127 for a command that is not there, 126 for one that cannot run, each with a reason', async () => {
      for (const [command, code, reason] of [
        ['nope', 127, /"nope": executable file not found/],
        ['/nope', 127, /"\/nope"/],
        ['/etc/passwd/x', 127, /not a directory/],
        ['/etc', 126, /"\/etc": permission denied/],
        ['/etc/passwd', 126, /permission denied/],
      ] as const) {
        const found = await where().run([where().image, command]);
        assert.equal(found.code, code, `${command}: ${found.stderr}`);
        assert.match(found.stderr, /^tsrun: .*\n$/);
        assert.match(found.stderr, reason);
      }
    });

    it('are 125 for a flag or an image that is not there', async () => {
      assert.equal((await where().box.tsrun(['run', '--nope', where().image])).code, 125);
      assert.equal((await where().box.tsrun(['run', '--pull', 'never', 'oci:/nowhere:latest', 'true'])).code, 125);
      assert.equal((await where().box.tsrun(['run'])).code, 125);
    });

    it('pid 1 gets no default action of a signal; under --init the command does, as 128+n', async () => {
      assert.equal(await codeOf(['sh', '-c', 'kill -9 $$; exit 3']), 3);
      assert.equal(await codeOf(['sh', '-c', 'kill -9 $$; exit 3'], ['--init']), 137);
      assert.equal(await codeOf(['sh', '-c', 'kill -TERM $$; exit 3'], ['--init']), 143);
      assert.equal(await codeOf(['sh', '-c', 'exit 7'], ['--init']), 7);
      assert.equal(await codeOf(['nope'], ['--init']), 127);
      assert.equal(await codeOf(['/etc'], ['--init']), 126);
    });
  });

  describeAs(who, '--init', (where) => {
    it('is pid 1, reaps what the command left behind, and ends with the command', async () => {
      const script = `
        echo $$ > /tmp/self; sh -c 'sleep 0.2 & echo $! > /tmp/orphan'
        orphan=$(cat /tmp/orphan); grep PPid /proc/$orphan/status
        while kill -0 $orphan 2>/dev/null; do sleep 0.05; done
        cat /tmp/self; test -e /proc/$orphan && echo zombie; exit 5`;
      const { code, stdout } = await where().run(['--init', where().image, 'sh', '-c', script]);
      assert.equal(stdout, 'PPid:\t1\n2\n');
      assert.equal(code, 5);
    });

    it('hands signals to the command', async () => {
      const script = 'trap "echo term; exit 9" TERM; trap "echo usr1" USR1; echo ready; while :; do sleep 0.05; done';
      const running = where().start(['--init', where().image, 'sh', '-c', script]);
      await running.waitFor(/ready/);
      running.child.kill('SIGUSR1');
      await running.waitFor(/usr1/);
      running.child.kill('SIGTERM');
      const { code, stdout } = await running.finished;
      assert.deepEqual({ code, stdout }, { code: 9, stdout: 'ready\nusr1\nterm\n' });
    });

    it('is a program that the container cannot write to', async () => {
      const script = '(: > /proc/1/exe) 2>/dev/null || echo refused; cat /proc/1/comm';
      const { stdout } = await where().run(['--init', where().image, 'sh', '-c', script]);
      assert.match(stdout, /^refused\n/);
    });
  });

  describeAs(who, '--rootfs', (where) => {
    it('a directory is the root file system, and what is written there stays', async () => {
      const rootfs = join(where().box.home, 'rootfs');
      mkdirSync(join(rootfs, 'bin'), { recursive: true });
      cpSync('/bin/busybox', join(rootfs, 'bin/sh'));
      for (const path of ['', 'bin', 'bin/sh']) chownSync(join(rootfs, path), who.uid, who.gid);
      const script = 'echo $0; echo written > /file; echo $$; echo *';
      const words = ['--rootfs', rootfs, '/bin/sh', '-c', script, 'name'];
      const { code, stdout, stderr } = await where().run(words);
      assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
      assert.match(stdout, /^name\n1\nbin dev etc file proc sys\n$/);
      assert.equal(readFileSync(join(rootfs, 'file'), 'utf8'), 'written\n');
      const readOnly = await where().run(['--read-only', ...words]);
      assert.match(readOnly.stderr, /Read-only file system/);
    });

    it('one whose resolv.conf is a link to /dev/null starts all the same', async () => {
      const rootfs = join(where().box.home, 'linked');
      for (const path of ['bin', 'etc']) mkdirSync(join(rootfs, path), { recursive: true });
      cpSync('/bin/busybox', join(rootfs, 'bin/sh'));
      symlinkSync('/dev/null', join(rootfs, 'etc/resolv.conf'));
      for (const path of ['', 'bin', 'bin/sh', 'etc']) chownSync(join(rootfs, path), who.uid, who.gid);
      const { code, stdout, stderr } = await where().run(['--network', 'none', '--rootfs', rootfs, '/bin/sh', '-c', 'echo runs']);
      assert.deepEqual({ code, stdout, stderr }, { code: 0, stdout: 'runs\n', stderr: '' });
    });

    it('one that is missing is refused', async () => {
      const { code, stderr } = await where().run(['--rootfs', '/nowhere', 'sh']);
      assert.equal(code, 125);
      assert.match(stderr, /the root file system \/nowhere is not a directory/);
    });

    it('one without a name is refused: it is not the directory of the caller', async () => {
      const { code, stderr } = await where().run(['--rootfs', '', 'sh']);
      assert.equal(code, 125);
      assert.match(stderr, /^tsrun: the name of the root file system is empty: /);
    });
  });

  describeAs(who, '--cidfile and --name', (where) => {
    it('--cidfile holds the 64 digits of the id and no newline, and is never overwritten', async () => {
      const file = join(where().box.home, 'cid');
      const flags = ['--cidfile', 'cid'];
      const id = await where().sh('cat /etc/hostname', flags);
      const text = readFileSync(file, 'utf8');
      assert.match(text, /^[0-9a-f]{64}$/);
      assert.equal(text.slice(0, 12), id.trim());
      const again = await where().run([...flags, where().image, 'touch', '/ran']);
      assert.equal(again.code, 125);
      assert.match(again.stderr, /cid exists already/);
      assert.equal(readFileSync(file, 'utf8'), text);
      writeFileSync(join(where().box.home, 'empty'), '');
      assert.equal((await where().run(['--cidfile', 'empty', where().image, 'true'])).code, 125);
    });

    it('empty ones are none at all', async () => {
      const { code, stdout, stderr } = await where().run(['--cidfile', '', '--name', '', where().image, 'echo', 'runs']);
      assert.deepEqual({ code, stdout, stderr }, { code: 0, stdout: 'runs\n', stderr: '' });
    });

    it('a command that cannot start leaves no name taken, and no --cidfile', async () => {
      assert.equal((await where().run(['--name', 'never', '--cidfile', 'never', where().image, 'nope'])).code, 127);
      assert.ok(!existsSync(join(where().box.home, 'never')));
      assert.equal((await where().run(['--name', 'never', where().image, 'true'])).code, 0);
    });

    it('a name is taken while its container lives, and free afterwards', async () => {
      const running = where().start(['-i', '--name', 'only.one', where().image, 'sh', '-c', 'echo ready; cat'], { input: 'open' });
      await running.waitFor(/ready/);
      const second = await where().run(['--name', 'only.one', where().image, 'true']);
      assert.equal(second.code, 125);
      assert.match(second.stderr, /the name "only.one" is used by another container.*tsrun rm only\.one/);
      running.child.stdin?.end();
      assert.equal((await running.finished).code, 0);
      assert.equal((await where().run(['--name', 'only.one', where().image, 'true'])).code, 0);
    });

    it('of two that start at once with one name, one runs', async () => {
      const both = await Promise.all([1, 2].map(() => where().run(['--name', 'twin', where().image, 'sleep', '0.5'])));
      assert.deepEqual(both.map(({ code }) => code).sort(), [0, 125], both.map(({ stderr }) => stderr).join());
    });

    it('a name that docker would refuse is refused', async () => {
      const { code, stderr } = await where().run(['--name', 'a/b', where().image, 'true']);
      assert.equal(code, 125);
      assert.match(stderr, /"a\/b" is not a container name/);
    });

    it('a name whose container was killed with its runner is free again', async () => {
      const running = where().start(['-i', '--name', 'lost', where().image, 'sh', '-c', 'echo ready; cat'], { input: 'open' });
      await running.waitFor(/ready/);
      const pid = firstProcessOf(running);
      running.child.kill('SIGKILL');
      await running.finished;
      assert.ok(await until(() => !existsSync(`/proc/${pid}`)));
      assert.equal((await where().run(['--name', 'lost', where().image, 'true'])).code, 0);
      await assertNothingLeft(where().box);
    });
  });
}
