/** --mount and --tmpfs, and how the host's mounts and the container's see of each other. */
import assert from 'node:assert/strict';
import { chownSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { identities } from '../../harness/identity.js';
import { mountNamespace } from '../../harness/mount-namespace.js';
import { describeAs, place } from '../run/place.js';

for (const who of identities()) {
  describeAs(who, 'a mount', (where) => {
    it('is a tmpfs with docker’s defaults and the options given', async () => {
      const script =
        'stat -c %a /t /u; grep -E " /(t|u) " /proc/mounts | cut -d" " -f2-4 | sort; echo "#!/bin/sh" > /t/x; chmod +x /t/x; /t/x 2>&1 | grep -o denied';
      const flags = ['--tmpfs', '/t:size=1m,mode=700', '--mount', 'type=tmpfs,dst=/u,tmpfs-size=2m'];
      const stdout = await where().sh(script, flags);
      assert.match(stdout, /^700\n1777\n/);
      assert.match(stdout, /\/t tmpfs rw,nosuid,nodev,noexec,relatime,size=1024k,mode=700/);
      assert.match(stdout, /\/u tmpfs rw,nosuid,nodev,noexec,relatime,size=2048k/);
      assert.match(stdout, /denied\n$/);
      assert.equal(
        await where().sh('dd if=/dev/zero of=/t/f bs=1M count=2 2>&1 | grep -o "No space left"', ['--tmpfs', '/t:size=1m']),
        'No space left\n',
      );
      assert.equal(await where().sh('cp /bin/true /t/true && /t/true && echo runs', ['--tmpfs', '/t:exec']), 'runs\n');
      assert.equal(await where().sh('touch /t/x 2> /dev/null || echo refused', ['--mount', 'type=tmpfs,dst=/t,ro']), 'refused\n');
    });

    it('at /dev/shm or below another takes the place meant', async () => {
      const script = 'grep -c " /dev/shm " /proc/mounts; grep -o "size=3072k" /proc/mounts; ls /a/b';
      const flags = ['--tmpfs', '/dev/shm:size=3m', '--tmpfs', '/a/b', '-v', 'outer:/a'];
      assert.equal(await where().sh(script, flags), '1\nsize=3072k\n');
    });

    it('with docker’s CSV has quoted values', async () => {
      const directory = join(where().box.home, 'odd,name:with');
      mkdirSync(directory);
      writeFileSync(join(directory, 'file'), 'odd\n');
      for (const path of [directory, join(directory, 'file')]) chownSync(path, who.uid, who.gid);
      assert.equal(await where().sh('cat /d/file', ['--mount', `type=bind,"src=${directory}",dst=/d,readonly`]), 'odd\n');
      assert.equal(await where().sh('cat /d/file', ['--mount', 'type=bind,"src=./odd,name:with",dst=/d']), 'odd\n');
    });

    it('that is refused says so with 125', async () => {
      for (const [flags, message] of [
        [['--mount', 'type=bind,src=/no/such/place,dst=/d'], /does not exist/],
        [['--mount', 'type=bind,src=/usr,dst=/'], /cover the whole container/],
        [['--mount', 'type=bind,src=/usr,dst=/d,bind-propagation=rshared'], /never reaches the host/],
        [['--mount', 'type=bind,src=hd,dst=/d'], /not absolute/],
        [['--tmpfs', '/t:uid=4000000'], /refuses the options/],
        [['--tmpfs', '/t:nonsense'], /unknown option/],
        [['--volumes-from', 'nobody'], /no container nobody/],
        [['--volumes-from', 'a:b:c'], /no container with a mode/],
        [['-v', '/usr:/a', '--tmpfs', '/a'], /duplicate mount point/],
      ] as const) {
        const { code, stderr } = await where().run([...flags, where().image, 'true']);
        assert.equal(code, 125, stderr);
        assert.match(stderr, message);
      }
    });

    it('relabelled is one note, once', async () => {
      const words = ['-v', '/usr:/a:z,ro', '-v', '/usr:/b:Z,ro', where().image, 'true'];
      assert.match((await where().run(words)).stderr, /^note: z and Z of a volume have no effect[^\n]*\n$/);
      assert.equal((await where().run(words)).stderr, '');
    });
  });

  const skip = who.unavailable ?? (process.getuid?.() === 0 ? false : 'only root mounts');
  describe(`as ${who.name}: what is mounted on the host`, { skip }, () => {
    /** /mnt is a shared tmpfs of the commands' own, with a directory of the user's and something mounted below it. */
    const SCRIPT = `mount -t tmpfs -o mode=755 shared /mnt; mount --make-shared /mnt; mkdir -p /mnt/d/below /mnt/d/later /mnt/d/proc; mount -t proc proc /mnt/d/proc; mount -t tmpfs -o mode=777 below /mnt/d/below
      chown $1:$2 /mnt/d /mnt/d/later; touch /mnt/d/below/there`;
    const inside = async () => {
      const here = await place(who);
      const space = await mountNamespace(SCRIPT, [String(who.uid), String(who.gid)]);
      return {
        here,
        box: space.inside(here.box),
        asRoot: space.asRoot,
        [Symbol.asyncDispose]: async () => {
          await space[Symbol.asyncDispose]();
          await here[Symbol.asyncDispose]();
        },
      };
    };
    const LATER = 'touch /m/later/x; echo ready; read _; ls /m/later; grep -c "/m/later " /proc/mounts';

    for (const [option, expected] of [
      ['rslave', 'ready\nfrom-the-host\n1\n'],
      ['rprivate', 'ready\nx\n0\n'],
      ['runbindable', 'ready\nx\n0\n'],
    ] as const) {
      it(`later reaches a mount that is rslave, and no other: ${option}`, async () => {
        await using world = await inside();
        const { box, here } = world;
        const running = box.start(['run', '--rm', '-i', '-v', `/mnt/d:/m:${option}`, here.image, 'sh', '-c', LATER], { input: 'open' });
        await running.waitFor(/ready/);
        const mounting = await world.asRoot('mount -t tmpfs -o mode=777 later /mnt/d/later && touch /mnt/d/later/from-the-host');
        assert.equal(mounting.code, 0, mounting.stderr);
        running.child.stdin?.end('\n');
        const { stdout, stderr } = await running.finished;
        assert.deepEqual({ stdout, stderr }, { stdout: expected, stderr: '' });
      });
    }

    it('below a source is read-only as well, unless it is to be writable', async () => {
      await using world = await inside();
      const { box, here } = world;
      const script = 'touch /m/below/x 2> /dev/null && echo written || echo refused; ls /m/below/there';
      for (const [mount, expected] of [
        ['ro', 'refused'],
        ['ro,bind-recursive=readonly', 'refused'],
        ['ro,bind-recursive=writable', 'written'],
      ]) {
        const { stdout, stderr } = await box.tsrun([
          'run',
          '--rm',
          '--mount',
          `type=bind,src=/mnt/d,dst=/m,${mount}`,
          here.image,
          'sh',
          '-c',
          script,
        ]);
        assert.deepEqual([stdout, stderr], [`${expected}\n/m/below/there\n`, ''], mount);
      }
    });

    it('below a source is left out where that can be, and an error where it cannot', async () => {
      await using world = await inside();
      const { box, here } = world;
      const { code, stdout, stderr } = await box.tsrun(['run', '--rm', '-v', '/mnt/d:/m:bind', here.image, 'ls', '/m/below']);
      if (who.name === 'root') assert.deepEqual([code, stdout, stderr], [0, '', '']);
      else {
        assert.equal(code, 125);
        assert.match(stderr, /\/mnt\/d has mounts below it, and a user namespace cannot show it without them/);
      }
    });

    it('privately cannot be a slave’s, and the error says so', async () => {
      await using world = await inside();
      const { box, here } = world;
      const { code, stderr } = await box.tsrun(['run', '--rm', '-v', `${here.box.home}:/m:rslave`, here.image, 'true']);
      assert.equal(code, 125);
      assert.match(stderr, /which is private: nothing can propagate/);
    });

    it('shared can be a root file system', async () => {
      await using world = await inside();
      const { box } = world;
      const made = await world.asRoot(
        `mkdir -p /mnt/d/root/bin && cp /bin/busybox /mnt/d/root/bin/sh && chown -R ${who.uid}:${who.gid} /mnt/d/root`,
      );
      assert.equal(made.code, 0, made.stderr);
      const { code, stdout, stderr } = await box.tsrun([
        'run',
        '--rm',
        '--rootfs',
        '-v',
        '/new',
        '/mnt/d/root',
        '/bin/sh',
        '-c',
        'echo here > /new/x; read x < /new/x; echo $x',
      ]);
      assert.deepEqual([code, stdout, stderr], [0, 'here\n', '']);
    });
  });
}
