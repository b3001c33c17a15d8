/** -v: directories and files of the host, and whose they are on either side. */
import assert from 'node:assert/strict';
import { chownSync, existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { OWNERLESS } from '../../../src/plan/mounts.js';
import { identities } from '../../harness/identity.js';
import { mountNamespace } from '../../harness/mount-namespace.js';
import { describeAs, type Place } from './place.js';

/** A directory of the identity with one file. */
function shared({ box, who }: Place, name: string): string {
  const directory = join(box.home, name);
  mkdirSync(directory);
  writeFileSync(join(directory, 'file'), 'from outside\n');
  for (const path of [directory, join(directory, 'file')]) chownSync(path, who.uid, who.gid);
  return directory;
}

for (const who of identities()) {
  describeAs(who, 'volumes', (where) => {
    it('a directory is read and written on both sides, and belongs to the caller outside and to root inside', async () => {
      const directory = shared(where(), 'both');
      const script = 'cat /data/file; stat -c %u:%g /data /data/file; echo inside > /data/new; stat -c %u:%g /data/new';
      assert.equal(await where().sh(script, ['-v', `${directory}:/data`]), 'from outside\n0:0\n0:0\n0:0\n');
      assert.equal(readFileSync(join(directory, 'new'), 'utf8'), 'inside\n');
      const { uid, gid } = statSync(join(directory, 'new'));
      assert.deepEqual({ uid, gid }, { uid: who.uid, gid: who.gid });
    });

    if (who.name !== 'single') {
      it('what another user of the container writes belongs to his id outside: as root the same number, as a user one of his range', async () => {
        const directory = shared(where(), 'ada');
        await where().sh('chmod 777 /data; su ada -s /bin/sh -c "touch /data/hers"; stat -c %u /data/hers | grep -qx 1000', [
          '-v',
          `${directory}:/data`,
        ]);
        const { uid } = statSync(join(directory, 'hers'));
        if (who.name === 'root') assert.equal(uid, 1000);
        else assert.ok(uid >= 100_000, `${uid} is a subordinate id`);
        assert.equal(await where().sh('stat -c %u /data/hers', ['-v', `${directory}:/data`]), '1000\n');
      });
    }

    if (who.name === 'root') {
      it('root’s own 0700 directories can be mounted, also below another', async () => {
        const directory = shared(where(), 'private');
        mkdirSync(join(directory, 'inner'), { mode: 0o700 });
        writeFileSync(join(directory, 'inner/secret'), 'root’s\n', { mode: 0o600 });
        assert.equal(await where().sh('cat /data/secret', ['-v', `${directory}/inner:/data`]), 'root’s\n');
      });

      it('the whole host can be mounted, or be the root: what has owners is shown as root’s own, what the kernel makes up stays as it is', async () => {
        const script = `stat -c %u /host /host/root; grep -o ' /host[^ ]* [^ ]* .*- [^ ]*' /proc/self/mountinfo`;
        const [host, home, ...mounts] = (await where().sh(script, ['-v', '/:/host'])).trimEnd().split('\n');
        assert.deepEqual([host, home], ['0', '0']);
        assert.ok(mounts.length > 1, 'also what is mounted below');
        for (const line of mounts) {
          const type = line.split(' ').at(-1) ?? '';
          assert.equal(/[ ,]idmapped /.test(line), !(OWNERLESS as readonly string[]).includes(type), line);
        }
        const rooted = await where().run(['--rootfs', '/', 'stat', '-c', '%u', '/', '/root']);
        assert.deepEqual(rooted, { ...rooted, code: 0, stdout: '0\n0\n', stderr: '' });
      });

      it('a tree of mounts is what the host shows: covered and unbindable ones stay out, one that cannot be mapped is named', async () => {
        const tree = shared(where(), 'tree');
        const script = `
          cd "$1"; mkdir proc "a b" over off lower upper work; mount -t proc proc proc
          mount -t tmpfs below "a b"; mount -t tmpfs -o mode=0700 above "a b"; mkdir "a b/deep"
          mount -t tmpfs deep "a b/deep"; echo seen > "a b/deep/seen"
          mount -t tmpfs off off; mount --make-unbindable off
          touch over/file; mount --bind file over/file`;
        await using namespace = await mountNamespace(script, [tree]);
        const inside = namespace.inside(where().box);
        const look = `cat "/data/a b/deep/seen" /data/over/file; stat -c %u "/data/a b" /data/proc; grep -c ' /data' /proc/self/mountinfo`;
        const run = (flags: string[]) => inside.tsrun(['run', '--rm', ...flags, where().image, 'sh', '-c', look]);
        const shown = await run(['-v', `${tree}:/data`]);
        assert.deepEqual([shown.code, shown.stdout], [0, 'seen\nfrom outside\n0\n65534\n5\n'], shown.stderr);
        const overlay = `mount -t overlay -o lowerdir=lower,upperdir=upper,workdir=work overlay "a b/deep"`;
        assert.equal((await inside.command(['sh', '-euc', `cd "$1"; ${overlay}`, 'sh', tree]).finished).code, 0);
        const refused = await run(['-v', `${tree}:/data`]);
        assert.equal(refused.code, 125);
        assert.ok(refused.stderr.startsWith(`tsrun: the file system at ${tree}/a b/deep has no idmapped mounts: `), refused.stderr);
        const alone = await run(['-v', `${tree}:/data:bind`]);
        assert.match(alone.stderr, /can't open '\/data\/a b\/deep\/seen'/, 'without what is mounted below');
      });

      it('a file that belongs to nobody inside stays closed', async () => {
        const directory = shared(where(), 'foreign');
        const file = join(directory, 'foreign');
        writeFileSync(file, 'x', { mode: 0o600 });
        chownSync(file, 200_000, 200_000);
        const script = 'stat -c %u:%g /data/foreign; cat /data/foreign 2>/dev/null || echo closed';
        assert.equal(await where().sh(script, ['-v', `${directory}:/data`]), '65534:65534\nclosed\n');
      });
    }

    it('ro is read-only, also for root inside, and is no more after the run', async () => {
      const directory = shared(where(), 'ro');
      const script = 'cat /data/file; touch /data/x 2>/dev/null || echo refused; mount -o remount,rw /data 2>/dev/null || echo stays';
      assert.equal(await where().sh(script, ['-v', `${directory}:/data:ro`]), 'from outside\nrefused\nstays\n');
      await where().sh('touch /data/x', ['-v', `${directory}:/data`]);
    });

    it('a file is mounted into directories that are missing; a relative source starts where the caller is', async () => {
      const directory = shared(where(), 'relative');
      const flags = ['-v', './file:/new/dir/file:ro'];
      assert.equal(
        await where().sh('cat /new/dir/file; stat -c %F /new/dir/file', flags, { cwd: directory }),
        'from outside\nregular file\n',
      );
    });

    it('a deeper destination lies in the one above it, in whatever order they are given', async () => {
      const [outer, inner] = [shared(where(), 'outer'), shared(where(), 'inner')];
      const flags = ['-v', `${inner}/file:/data/below/name`, '-v', `${outer}:/data`];
      assert.equal(await where().sh('cat /data/below/name; ls /data', flags), 'from outside\nbelow\nfile\n');
    });

    it('a destination that the image makes a link leads nowhere outside the root', async () => {
      const rootfs = shared(where(), 'rootfs');
      const directory = shared(where(), 'linked');
      symlinkSync('/../../../../../../../../tmp', join(rootfs, 'escape'));
      for (const name of ['bin', 'tmp']) {
        mkdirSync(join(rootfs, name));
        chownSync(join(rootfs, name), who.uid, who.gid);
      }
      const flags = ['-v', '/bin/busybox:/bin/sh:ro', '-v', '/bin/busybox:/bin/ls:ro', '-v', `${directory}:/escape/inside`];
      const { code, stdout, stderr } = await where().run(['--rootfs', ...flags, rootfs, '/bin/sh', '-c', '/bin/ls /tmp/inside']);
      assert.deepEqual({ code, stdout, stderr }, { code: 0, stdout: 'file\n', stderr: '' });
      assert.ok(existsSync(join(rootfs, 'tmp/inside')), 'made in the root file system given');
      assert.ok(!readdirSync('/tmp').includes('inside'));
      assert.ok(lstatSync(join(rootfs, 'escape')).isSymbolicLink());
    });

    it('two at one destination, a source that is missing, a relative destination and what cannot work are refused', async () => {
      const directory = shared(where(), 'refused');
      for (const [flags, reason] of [
        [['-v', `${directory}:/data`, '-v', `${directory}:/data/`], /duplicate mount point: .* are both mounted at \/data/],
        [['-v', `${directory}/missing:/data`], /mount source .*\/missing does not exist/],
        [['-v', `${directory}:data`], /not absolute/],
        [['-v', `${directory}:/`], /cover the whole container/],
        [['-v', 'n:/data'], /no volume's name: "n"/],
        [['-v', `${directory}:/data:shared`], /shared cannot work/],
        [['-v', `${directory}:/data`, '--tmpfs', '/data'], /duplicate mount point/],
      ] as const) {
        const { code, stderr } = await where().run([...flags, where().image, 'true']);
        assert.equal(code, 125, stderr);
        assert.match(stderr, reason);
      }
    });
  });
}
