/** Images that lay links where mounts are asked for, and neighbours who swap what is mounted: nothing of the host is reached. */
import assert from 'node:assert/strict';
import { chownSync, existsSync, lstatSync, mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { errnoOf } from '../../../src/errors.js';
import { identities } from '../../harness/identity.js';
import { probeOf } from '../../harness/probe.js';
import { succeed } from '../../harness/process.js';
import { temporaryDirectory } from '../../harness/temporary.js';
import { until } from '../../harness/wait.js';
import { describeAs } from '../run/place.js';
import { leadingImage, linkedImage } from './images.js';

/** Of 42 mounts each. */
const RUNS = 12;

/** Looks whether `dir` is a directory, and makes one below it if so, as runtimes did: is it made at the host's in the end? */
function leads(directory: string, outside: string): Promise<boolean> {
  return until(() => {
    for (let count = 0; count < 1000; count++) {
      try {
        if (lstatSync(join(directory, 'dir')).isDirectory()) mkdirSync(join(directory, 'dir', 'naive'));
      } catch (error) {
        assert.equal(errnoOf(error), 'EEXIST'); // of the time before
      }
    }
    return readdirSync(outside).includes('naive');
  }, 30_000);
}

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
        ['-v', '/usr:/up'],
        ['--tmpfs', '/all'],
        ['--tmpfs', '/loop'],
        ['-v', '/usr:/loop'],
        ['-v', '/all'],
        ['-v', '/up'],
      ]) {
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

    it('that a neighbour swaps for a link while it is mounted on, five hundred times, does not lead to the host (CVE-2021-30465, CVE-2023-27561, CVE-2024-45310)', async () => {
      const canary = await outside();
      const directory = join(where().box.home, 'swapped');
      mkdirSync(join(directory, 'dir'), { recursive: true });
      symlinkSync(canary.path, join(directory, 'link'));
      await succeed(['chown', '-hR', `${who.uid}:${who.gid}`, directory]);
      const shared = ['-v', `${directory}:/v`];
      const mount = (count: number) => {
        const below = [...shared, '-v', `below:/v/dir/made${count}`, '-v', `/v/dir/own`];
        for (let index = 0; index < 40; index++) below.push('--tmpfs', `/v/dir/tmpfs${count}-${index}`);
        return where().run([...below, where().image, 'true']);
      };
      const swap = await probeOf('fixtures/probe/swap.c');
      const neighbour = where().start([...shared, '-v', `${swap}:/swap:ro`, where().image, '/swap', '/v', 'dir', 'link']);
      await neighbour.waitFor(/ready/);
      try {
        for (let count = 0; count < RUNS; count++) {
          // None gives up halfway: then the rest of its mounts would not have been tried.
          const { code, stderr } = await mount(count);
          assert.equal(code, 0, stderr);
        }
        await canary.unharmed();
        assert.ok(await leads(directory, canary.path), 'whoever looks first and makes then is led out');
      } finally {
        neighbour.child.kill('SIGTERM');
        await neighbour.finished;
      }
    });

    it('that a container has made a link of since is not followed in a volume; a path of the host is its caller’s to name (CVE-2024-42472)', async () => {
      const canary = await outside();
      const host = join(where().box.home, 'kept');
      mkdirSync(host);
      if (process.getuid?.() === 0) chownSync(host, who.uid, who.gid);
      const both = ['-v', `${host}:/host`, '-v', 'kept:/volume'];
      const script = 'for place in /host /volume; do mkdir $place/sub; mv $place/sub $place/was; ln -s "$0" $place/sub; done';
      const first = await where().run([...both, where().image, 'sh', '-c', script, canary.path]);
      assert.equal(first.code, 0, first.stderr);
      const part = await where().run(['--mount', 'src=kept,dst=/x,volume-subpath=sub', where().image, 'ls', '/x']);
      assert.deepEqual([part.code, part.stdout], [125, '']);
      assert.match(part.stderr, /the volume has no sub/);
      assert.equal(
        await where().sh('ls /volume /volume/sub 2>/dev/null; ls /other', ['-v', 'kept:/volume', '-v', '/other']),
        '/volume:\nsub\nwas\n',
      );
      // The control, and what SECURITY.md says of a bind: where the container leads, it goes.
      assert.equal(await where().sh('ls /x', ['-v', `${host}/sub:/x:ro`]), 'canary\n');
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

    if (who.name !== 'root' && process.getuid?.() === 0) {
      it('keeps U from what is not the caller’s to give', async () => {
        const directory = temporaryDirectory(); // the test's own
        const { code, stderr } = await where().run(['-v', `${directory}:/g:U`, where().image, 'true']);
        assert.equal(code, 125);
        assert.match(stderr, /U cannot give the files of a volume/);
      });
    }
  });
}
