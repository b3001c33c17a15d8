/** Volumes of a container's own: -v DIR and the image's VOLUME. They come and go with it. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { identities } from '../../harness/identity.js';
import { assertNothingLeft, describeAs, firstProcessOf, killAllBut, type Place, until } from '../run/place.js';
import { dataImage, volumeImage } from './images.js';

const volumesOf = ({ box }: Place) => readdirSync(join(box.root, 'v1/volumes'));

for (const who of identities()) {
  describeAs(who, 'an anonymous volume', (where) => {
    const ok = async (words: string[]) => {
      const { code, stdout, stderr } = await where().box.tsrun(words);
      assert.deepEqual({ code, stderr }, { code: 0, stderr: '' }, stdout);
      return stdout;
    };

    it('is filled from the image, and gone with a --rm run', async () => {
      const image = await dataImage();
      await ok(['run', '--rm', '-q', image, 'true']);
      const script =
        'cat /data/greeting; grep -c " /data " /proc/mounts; mkdir -p /data/deep/er; touch /data/deep/er/x; chmod 0 /data/deep; exit 3';
      const { code, stdout, stderr } = await where().run(['-v', '/data', image, 'sh', '-c', script]);
      assert.deepEqual({ code, stdout, stderr }, { code: 3, stdout: 'from the image\n1\n', stderr: '' });
      assert.deepEqual(volumesOf(where()), []);
    });

    it('is gone with a run that fails to start', async () => {
      const image = await dataImage();
      for (const rm of [['--rm'], []]) {
        const { code } = await where().box.tsrun(['run', ...rm, '-v', '/data', image, '/nowhere']);
        assert.equal(code, 127);
        assert.deepEqual(volumesOf(where()), []);
      }
    });

    if (who.name !== 'single') {
      it('is made for each VOLUME of the image, unless something is mounted there', async () => {
        const image = await volumeImage();
        await ok(['run', '--rm', '-q', image, 'true']);
        const script =
          'grep -oE " /(data|cache) " /proc/mounts; su ada -s /bin/sh -c "cat /data/greeting; touch /data/hers"; touch /cache/x';
        assert.equal(await ok(['run', '--rm', '--read-only', image, 'sh', '-c', script]), ' /cache \n /data \nfrom the image\n');
        assert.equal(
          await ok(['run', '--rm', '--tmpfs', '/cache', image, 'sh', '-c', 'grep " /cache " /proc/mounts | cut -d" " -f3']),
          'tmpfs\n',
        );
        assert.deepEqual(volumesOf(where()), []);
      });
    }

    it('stays with a kept container, is inherited, and goes with rm -v and the last one that has it', async () => {
      const image = await dataImage();
      await ok([
        'run',
        '--name',
        'keeper',
        '-v',
        '/data',
        '-v',
        'byname:/named',
        image,
        'sh',
        '-c',
        'echo more > /data/more; echo n > /named/n',
      ]);
      const [volume = ''] = volumesOf(where()).filter((name) => name !== 'byname');
      assert.match(volume, /^[0-9a-f]{64}$/);
      const script = 'cat /data/more /named/n; touch /data/x 2> /dev/null || echo refused';
      assert.equal(await ok(['run', '--rm', '--volumes-from', 'keeper:ro', image, 'sh', '-c', script]), 'more\nn\nrefused\n');
      assert.equal(await ok(['run', '--name', 'heir', '--volumes-from', 'keeper', image, 'sh', '-c', script]), 'more\nn\n');
      const removed = await where().box.tsrun(['volume', 'rm', volume]);
      assert.equal(removed.code, 125);
      assert.match(removed.stderr, /is in use by the container (keeper|heir)/);
      await ok(['rm', '-v', 'keeper']);
      assert.deepEqual(volumesOf(where()).sort(), [volume, 'byname'].sort(), 'the heir has it');
      await ok(['rm', '-v', 'heir']);
      assert.deepEqual(volumesOf(where()), ['byname']);
      await ok(['run', '--name', 'again', '-v', '/data', image, 'true']);
      await ok(['rm', 'again']);
      assert.equal(volumesOf(where()).length, 2, 'rm alone leaves it');
      await ok(['volume', 'prune', '-f']);
      assert.deepEqual(volumesOf(where()), ['byname']);
      await ok(['volume', 'rm', 'byname']);
    });

    it('of a --rm run goes with the last container that has it', async () => {
      const { image } = where();
      const first = where().start(['-i', '--name', 'first', '-v', '/v', image, 'sh', '-c', 'echo mine > /v/file; echo ready; cat'], {
        input: 'open',
      });
      await first.waitFor(/ready/);
      const refused = await where().box.tsrun(['run', '--volumes-from', 'first', image, 'true']);
      assert.equal(refused.code, 125);
      assert.match(refused.stderr, /its volume at \/v goes when first ends/);
      const second = where().start(['-i', '--volumes-from', 'first', image, 'sh', '-c', 'cat /v/file; echo ready; cat'], { input: 'open' });
      await second.waitFor(/ready/);
      first.child.stdin?.end();
      await first.finished;
      assert.equal(volumesOf(where()).length, 1);
      second.child.stdin?.end();
      assert.equal((await second.finished).stdout, 'mine\nready\n');
      assert.deepEqual(volumesOf(where()), []);
    });

    it('of a run that was killed is swept up by the next one', async () => {
      const { image } = where();
      const running = where().start(['-i', '-v', '/v', image, 'sh', '-c', 'mkdir /v/d; chmod 0 /v/d; echo ready; cat'], { input: 'open' });
      await running.waitFor(/ready/);
      const container = firstProcessOf(running);
      killAllBut(running.pid, container);
      process.kill(container, 'SIGKILL');
      await running.finished;
      assert.equal(volumesOf(where()).length, 1);
      await ok(['run', '--rm', image, 'true']);
      assert.ok(await until(() => volumesOf(where()).length === 0));
      await assertNothingLeft(where().box);
    });
  });
}
