/** Volumes by name: they outlive their containers, begin as what the image has, and are shared. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { identities } from '../../harness/identity.js';
import { describeAs, type Place } from '../run/place.js';
import { dataImage, volumeImage } from './images.js';

const dataOf = ({ box }: Place, name: string) => join(box.root, 'v1/volumes', name, '_data');

for (const who of identities()) {
  describeAs(who, 'a volume by name', (where) => {
    const sh = async (image: string, script: string, flags: string[] = []) => {
      const { code, stdout, stderr } = await where().run(['-q', ...flags, image, 'sh', '-c', script]);
      assert.deepEqual({ code, stderr }, { code: 0, stderr: '' }, stdout);
      return stdout;
    };

    it('survives its container, and is the next one’s', async () => {
      await where().sh('echo kept > /v/file', ['-v', 'survivor:/v']);
      assert.equal(await where().sh('cat /other/file', ['--mount', 'src=survivor,dst=/other,ro']), 'kept\n');
      assert.equal(await where().sh('touch /v/x 2> /dev/null || echo refused', ['-v', 'survivor:/v:ro']), 'refused\n');
    });

    it('begins as what the image has at its destination, once', async () => {
      const image = await dataImage();
      assert.equal(
        await sh(image, 'cat /data/greeting; stat -c "%a %u:%g" /data; rm /data/greeting; touch /data/mine', ['-v', 'filled:/data']),
        'from the image\n1777 0:0\n',
      );
      assert.equal(await sh(image, 'ls /data', ['-v', 'filled:/data']), 'mine\n');
      assert.equal(await sh(image, 'ls /data', ['-v', 'bare:/data:nocopy']), '');
      assert.equal(await sh(image, 'ls /data', ['--mount', 'src=bare2,dst=/data,volume-nocopy']), '');
      assert.equal(await sh(image, 'cat /data/greeting', ['-v', 'read:/data:ro']), 'from the image\n', 'also read-only');
      assert.equal(await sh(image, 'stat -c "%a %u" /nowhere', ['-v', 'nowhere:/nowhere']), '755 0\n');
    });

    if (who.name !== 'single') {
      it('has the image’s owners and modes', async () => {
        const image = await volumeImage();
        const script =
          'stat -c "%a %u:%g %F" /data /data/greeting /data/link /data/sub; readlink /data/link; su ada -s /bin/sh -c "cat /data/greeting"';
        const expected = ['1770 1000:1000 directory', '640 1000:1000 regular file', '777 0:0 symbolic link', '750 0:0 directory'];
        assert.equal(await sh(image, script, ['-v', 'owned:/data']), `${expected.join('\n')}\ngreeting\nfrom the image\n`);
        assert.equal(await sh(image, 'stat -c %u:%g /data/greeting', ['-v', 'owned:/data']), '1000:1000\n');
      });

      it('belongs to one id map: with another it is refused, and the error says why', async () => {
        if (who.name === 'root') return;
        await where().sh('touch /v/x', ['-v', 'mapped:/v']);
        const { code, stderr } = await where().run(['-q', '--userns', 'keep-id', '-v', 'mapped:/v', where().image, 'true']);
        assert.equal(code, 125);
        assert.match(stderr, /the volume mapped belong to another id map \(range-.*\) than this run’s \(keep-/);
      });
    }

    it('is shared by two containers at once', async () => {
      const first = where().start(
        ['-i', '-v', 'shared:/v', where().image, 'sh', '-c', 'echo one > /v/one; echo ready; read _; cat /v/two'],
        { input: 'open' },
      );
      await first.waitFor(/ready/);
      assert.equal(await where().sh('cat /v/one; echo two > /v/two', ['-v', 'shared:/v']), 'one\n');
      first.child.stdin?.end('\n');
      assert.equal((await first.finished).stdout, 'ready\ntwo\n');
    });

    it('that several containers use first at the same moment is filled once', async () => {
      const image = await dataImage();
      await sh(image, 'true');
      const runs = await Promise.all(
        Array.from({ length: 6 }, (_, n) => where().run(['-v', 'crowd:/data', image, 'sh', '-c', `cat /data/greeting; touch /data/${n}`])),
      );
      assert.deepEqual(
        runs.map(({ code, stdout, stderr }) => [code, stdout, stderr]),
        runs.map(() => [0, 'from the image\n', '']),
      );
      assert.deepEqual(readdirSync(dataOf(where(), 'crowd')).sort(), ['0', '1', '2', '3', '4', '5', 'greeting']);
      assert.deepEqual(readdirSync(join(dataOf(where(), 'crowd'), '..')).sort(), ['_data', 'copying', 'volume.json']);
    });

    it('half filled by a run that was killed is filled anew', async () => {
      const image = await dataImage();
      await sh(image, 'true', ['-v', 'halved:/data']);
      const directory = join(dataOf(where(), 'halved'), '..');
      await sh(image, 'rm /data/greeting; echo half > /data/rest', ['-v', 'halved:/data']);
      writeFileSync(join(directory, 'copying'), '+');
      assert.equal(await sh(image, 'ls /data', ['-v', 'halved:/data']), 'greeting\n');
      assert.equal(readFileSync(join(directory, 'copying'), 'utf8'), '');
    });

    it('shows a part of it, which must be there and cannot lie outside', async () => {
      await where().sh('mkdir -p /v/a/b; echo part > /v/a/b/file; ln -s /etc /v/out; ln -s ../../../../.. /v/up; ln -s a/b /v/in', [
        '-v',
        'parts:/v',
      ]);
      const part = (subpath: string) => ['--mount', `src=parts,dst=/p,volume-subpath=${subpath}`];
      assert.equal(await where().sh('ls /p', part('a/b')), 'file\n');
      assert.equal(await where().sh('ls /p', part('in')), 'file\n');
      assert.equal(await where().sh('cat /p', part('a/b/file')), 'part\n');
      assert.equal(await where().sh('ls /p', part('up')), 'a\nin\nout\nup\n', 'not above the volume');
      for (const subpath of ['out', 'missing']) {
        const { code, stderr } = await where().run([...part(subpath), where().image, 'true']);
        assert.equal(code, 125);
        assert.match(stderr, new RegExp(`the volume has no ${subpath}`));
      }
    });

    it('is not made by a run that is refused', async () => {
      const { code } = await where().run(['-v', 'never:/v', '-u', 'nobody-knows', where().image, 'true']);
      assert.equal(code, 125);
      assert.ok(!existsSync(dataOf(where(), 'never')));
    });
  });
}
