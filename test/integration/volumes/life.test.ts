/** Volumes of containers that are made, started, restarted and left running. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { identities } from '../../harness/identity.js';
import { describeAs, until } from '../run/place.js';
import { dataImage } from './images.js';

for (const who of identities()) {
  describeAs(who, 'the volumes of a container', (where) => {
    const volumes = () => readdirSync(join(where().box.root, 'v1/volumes'));
    const ok = async (...words: string[]) => {
      const { code, stdout, stderr } = await where().box.tsrun(words);
      assert.deepEqual({ code, stderr }, { code: 0, stderr: '' }, stdout);
      return stdout;
    };

    it('come with create, are filled by its first start alone, and go with rm -v', async () => {
      const image = await dataImage();
      await ok('run', '--rm', '-q', image, 'true');
      await ok(
        'create',
        '--name',
        'made',
        '-v',
        '/data',
        '-v',
        'named:/named',
        image,
        'sh',
        '-c',
        'ls /data; rm -rf /data/*; date >> /named/starts',
      );
      assert.equal(volumes().length, 2);
      assert.equal(await ok('start', '-a', 'made'), 'greeting\n');
      assert.equal(await ok('start', '-a', 'made'), '', 'it is left as the container left it');
      assert.equal((await where().sh('wc -l < /n/starts', ['-v', 'named:/n'])).trim(), '2');
      await ok('rm', '-v', 'made');
      assert.deepEqual(volumes(), ['named']);
      await ok('volume', 'rm', 'named');
    });

    it('of a detached --rm run are held while it runs and gone when it is stopped', async () => {
      const id = (await ok('run', '-d', '--rm', '--init', '-v', '/v', '-v', 'beside:/b', where().image, 'sleep', '1000')).trim();
      assert.equal(volumes().length, 2);
      const refused = await where().box.tsrun(['volume', 'rm', 'beside']);
      assert.deepEqual([refused.code, /in use by the container/.test(refused.stderr)], [125, true], refused.stderr);
      await ok('stop', '-t', '5', id);
      assert.ok(await until(() => volumes().length === 1));
      assert.deepEqual(volumes(), ['beside']);
      await ok('volume', 'rm', 'beside');
    });

    it('are the same for each restart', async () => {
      const image = await dataImage();
      const script = 'echo x >> /data/count; rm -f /data/greeting; exit 1';
      await ok('run', '-d', '--name', 'again', '--restart', 'on-failure:2', '-v', '/data', image, 'sh', '-c', script);
      assert.equal((await ok('wait', 'again')).trim(), '1');
      assert.equal(await ok('run', '--rm', '--volumes-from', 'again', image, 'sh', '-c', 'ls /data; wc -l < /data/count'), 'count\n3\n');
      await ok('rm', '-v', 'again');
      assert.deepEqual(volumes(), []);
    });

    it('that were removed are missed by name', async () => {
      await ok('create', '--name', 'lost', '-v', 'loose:/v', where().image, 'true');
      const held = await where().box.tsrun(['volume', 'rm', 'loose']);
      assert.match(held.stderr, /in use by the container lost/);
      await where().box.command(['rm', '-r', join(where().box.root, 'v1/volumes/loose')]).finished;
      const { code, stderr } = await where().box.tsrun(['start', '-a', 'lost']);
      assert.equal(code, 125);
      assert.match(stderr, /the volume loose was removed/);
      await ok('rm', 'lost');
    });
  });
}
