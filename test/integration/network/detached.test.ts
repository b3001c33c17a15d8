/** A container that outlives its caller has its network and its ports as long as it runs, and again when it is started anew. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { identities } from '../../harness/identity.js';
import { until } from '../run/place.js';
import { describeNetwork } from './place.js';

for (const who of identities()) {
  describeNetwork(who, 'run -d', (where) => {
    const tsrun = async (...words: string[]) => {
      const { code, stdout, stderr } = await where().box.tsrun(words);
      assert.equal(code, 0, stderr);
      return stdout.trim();
    };
    const answers = () => until(async () => (await where().send('tcp', '127.0.0.1', 8080)) === 'hello');

    it('publishes until it is stopped, and again after start; random ports are told anew', async () => {
      await tsrun(
        'run',
        '-d',
        '--name',
        'web',
        '-p',
        '8080:80',
        '-p',
        '81',
        '-v',
        `${where().peer}:/peer`,
        where().image,
        '/peer',
        'echo',
        '80',
      );
      assert.ok(await answers());
      assert.match(await tsrun('exec', 'web', 'ip', 'route'), /^default via 10\.0\.2\.2/);
      assert.match(await tsrun('port', 'web', '81'), /^0\.0\.0\.0:\d+\n\[::\]:\d+$/);
      await tsrun('stop', '-t', '1', 'web');
      assert.match(await where().send('tcp', '127.0.0.1', 8080), /refused/);
      assert.equal(await tsrun('port', 'web'), '');
      await tsrun('start', 'web');
      assert.ok(await answers());
      assert.match(await tsrun('exec', 'web', 'ip', 'route'), /^default via 10\.0\.2\.2/);
      await tsrun('restart', '-t', '1', 'web');
      assert.ok(await answers());
      await tsrun('rm', '-f', 'web');
      assert.match(await where().send('tcp', '127.0.0.1', 8080), /refused/);
    });

    it('a port that is taken is told by run -d and by start, too', async () => {
      await tsrun('create', '--name', 'late', '-p', '8080:80', where().image, 'true');
      await tsrun('run', '-d', '--name', 'web', '-p', '8080:80', '-v', `${where().peer}:/peer`, where().image, '/peer', 'echo', '80');
      for (const words of [
        ['start', 'late'],
        ['run', '-d', '-p', '8080:80', where().image, 'true'],
      ]) {
        const { code, stderr } = await where().box.tsrun(words);
        assert.notEqual(code, 0);
        assert.match(stderr, /port 8080 of this host is taken/);
      }
      await tsrun('rm', '-f', 'web', 'late');
    });

    it('with --restart has its network each time', async () => {
      const script = 'ip route | head -n 1; exit 1';
      await tsrun('run', '-d', '--name', 'again', '--restart', 'on-failure:2', '-p', '8080:80', where().image, 'sh', '-c', script);
      await tsrun('wait', 'again');
      assert.equal(await tsrun('logs', 'again'), Array(3).fill('default via 10.0.2.2 dev eth0').join(' \n'));
      await tsrun('rm', 'again');
    });

    it('container:NAME follows the other one to its next start', async () => {
      await tsrun('run', '-d', '--name', 'first', where().image, 'sleep', '60');
      await tsrun('create', '--name', 'second', '--network', 'container:first', where().image, 'readlink', '/proc/self/ns/net');
      await tsrun('restart', '-t', '0', 'first');
      await tsrun('start', 'second');
      await tsrun('wait', 'second');
      assert.equal(await tsrun('logs', 'second'), await tsrun('exec', 'first', 'readlink', '/proc/self/ns/net'));
      await tsrun('stop', '-t', '0', 'first');
      const { code, stderr } = await where().box.tsrun(['start', 'second']);
      assert.notEqual(code, 0);
      assert.match(stderr, /--network container:first: that container does not run/);
      await tsrun('rm', '-f', 'first', 'second');
    });
  });
}
