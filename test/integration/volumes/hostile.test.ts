/** Images that lay links where mounts are asked for, and neighbours who swap what is mounted: nothing of the host is reached. */
import assert from 'node:assert/strict';
import { chownSync, existsSync, mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { identities } from '../../harness/identity.js';
import { succeed } from '../../harness/process.js';
import { temporaryDirectory } from '../../harness/temporary.js';
import { describeAs } from '../run/place.js';
import { leadingImage, linkedImage } from './images.js';

/** Of 42 mounts each. */
const RUNS = 12;

for (const who of identities()) {
  describeAs(who, 'a hostile place to mount at', (where) => {
    /** A directory of the host with a canary. @returns what is asserted afterwards */
    async function outside() {
      const path = temporaryDirectory();
      writeFileSync(join(path, 'canary'), 'secret of the host\n');
      const look = () => succeed(['find', path, '-printf', '%P %i %m %u %T@\\n']);
      const before = await look();
      return { path, unharmed: async () => assert.equal(await look(), before) };
    }

    it('does not let a volume be filled from the host, nor made there', async () => {
      const canary = await outside();
      const image = await linkedImage(canary.path);
      await where().run(['-q', image, 'true']);
      for (const [index, place] of ['/absolute', '/relative', '/parent/link', '/parent/link/sub', '/absolute/../../x'].entries()) {
        const { code, stdout, stderr } = await where().run([
          '-v',
          `hostile${index}:${place}`,
          image,
          'sh',
          '-c',
          `cd ${place} && ls && touch made`,
        ]);
        assert.deepEqual({ code, stdout, stderr }, { code: 0, stdout: '', stderr: '' }, place);
        assert.deepEqual(readdirSync(join(where().box.root, `v1/volumes/hostile${index}/_data`)), ['made']);
      }
      const kept = await where().run(['-v', 'inside:/kept', image, 'sh', '-c', 'cat /kept/file; grep -c " /inside " /proc/mounts']);
      assert.deepEqual([kept.code, kept.stdout], [0, 'inside\n1\n'], 'a link within the root is followed');
      await canary.unharmed();
    });

    it('does not let a mount cover the container, or loop', async () => {
      const canary = await outside();
      const image = await linkedImage(canary.path);
      await where().run(['-q', image, 'true']);
      for (const flags of [
        ['-v', 'covers:/all'],
        ['-v', '/bare-up:/up'],
        ['-v', '/usr:/up'],
        ['--tmpfs', '/all'],
        ['--tmpfs', '/loop'],
        ['-v', '/usr:/loop'],
        ['-v', '/all'],
      ]) {
        if (flags[1]?.startsWith('/bare-up')) continue;
        const { code, stderr } = await where().run([...flags, image, 'true']);
        assert.equal(code, 125, `${flags.join(' ')}: ${stderr}`);
        assert.match(stderr, /cover the whole container|cannot mount on|cannot be filled/, flags.join(' '));
      }
      const followed = await where().run(['--tmpfs', '/absolute', image, 'sh', '-c', 'touch /absolute/x; ls /absolute']);
      assert.deepEqual([followed.code, followed.stdout], [0, 'x\n']);
      await canary.unharmed();
    });

    it('does not let an image’s VOLUME lead out of it', async () => {
      const canary = await outside();
      const image = await leadingImage(canary.path);
      const { code, stdout } = await where().run(['-q', image, 'sh', '-c', 'ls /data/ /data2; echo x > /data/x; readlink /data']);
      assert.deepEqual([code, stdout], [0, `/data/:\n\n/data2:\n${canary.path}\n`]);
      await canary.unharmed();
    });

    it('that is swapped for a link while it is mounted on, five hundred times, does not lead to the host (CVE-2021-30465, CVE-2024-45310)', async () => {
      const canary = await outside();
      const directory = join(where().box.home, 'swapped');
      mkdirSync(join(directory, 'dir'), { recursive: true });
      symlinkSync(canary.path, join(directory, 'link'));
      await succeed(['chown', '-hR', `${who.uid}:${who.gid}`, directory]);
      const swap = `import ctypes,os\nlibc=ctypes.CDLL(None)\nos.chdir(${JSON.stringify(directory)})\nprint('go',flush=True)\nwhile True: libc.renameat2(-100,b'dir',-100,b'link',2)\n`;
      const mount = (count: number) => {
        const below = ['-v', `${directory}:/v`, '-v', `below:/v/dir/made${count}`, '-v', `/v/dir/own`];
        for (let index = 0; index < 40; index++) below.push('--tmpfs', `/v/dir/tmpfs${count}-${index}`);
        return where().run([...below, where().image, 'true']);
      };
      const undisturbed = await mount(RUNS);
      assert.equal(undisturbed.code, 0, undisturbed.stderr);
      const swapper = where().box.command(['python3', '-c', swap]);
      await swapper.waitFor(/go/);
      try {
        for (let count = 0; count < RUNS; count++) {
          // A run may fail at any of its mounts.
          const { code, stderr } = await mount(count);
          assert.ok(code === 0 || code === 125, `${code}: ${stderr}`);
        }
      } finally {
        swapper.child.kill('SIGKILL');
        await swapper.finished;
      }
      await canary.unharmed();
    });

    it('gives what is mounted with U to the user, links not followed', async () => {
      const canary = await outside();
      const directory = join(where().box.home, 'given');
      mkdirSync(join(directory, 'sub'), { recursive: true });
      writeFileSync(join(directory, 'sub/file'), '');
      symlinkSync(canary.path, join(directory, 'out'));
      for (const path of ['', 'sub', 'sub/file']) chownSync(join(directory, path), who.uid, who.gid);
      await succeed(['chown', '-h', `${who.uid}:${who.gid}`, join(directory, 'out')]);
      const user = who.name === 'single' ? [] : ['-u', 'ada'];
      const id = who.name === 'single' ? '0:0' : '1000:1000';
      const script = 'stat -c %u:%g /g /g/sub /g/sub/file /g/out; touch /g/sub/new';
      assert.equal(await where().sh(script, [...user, '-v', `${directory}:/g:U`]), `${id}\n`.repeat(4));
      assert.ok(existsSync(join(directory, 'sub/new')));
      if (who.name === 'root') assert.equal(statSync(join(directory, 'sub')).uid, 1000);
      assert.equal(await where().sh('stat -c %u:%g /n', [...user, '-v', 'given:/n:U']), `${id}\n`);
      await canary.unharmed();
    });

    if (who.name !== 'root') {
      it('keeps U from what is not the caller’s to give', async () => {
        const directory = temporaryDirectory(); // the test's own
        if (process.getuid?.() !== 0) return;
        const { code, stderr } = await where().run(['-v', `${directory}:/g:U`, where().image, 'true']);
        assert.equal(code, 125);
        assert.match(stderr, /U cannot give the files of a volume/);
      });
    }
  });
}
