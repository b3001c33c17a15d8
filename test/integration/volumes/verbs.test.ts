/** volume create, ls, inspect, rm, prune. */
import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { it } from 'node:test';
import { identities } from '../../harness/identity.js';
import { describeAs } from '../run/place.js';

for (const who of identities()) {
  describeAs(who, 'volume', (where) => {
    const ok = async (...words: string[]) => {
      const { code, stdout, stderr } = await where().box.tsrun(['volume', ...words]);
      assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
      return stdout;
    };
    const fails = async (words: string[], message: RegExp) => {
      const { code, stderr } = await where().box.tsrun(['volume', ...words]);
      assert.equal(code, 125);
      assert.match(stderr, message);
    };

    it('create makes one, again or without a name; ls, inspect and rm know it', async () => {
      assert.equal(await ok('create', '--label', 'tier=db', '--label', 'x', 'made'), 'made\n');
      assert.equal(await ok('create', 'made'), 'made\n');
      const anonymous = (await ok('create')).trim();
      assert.match(anonymous, /^[0-9a-f]{64}$/);
      assert.equal(await ok('ls', '-q'), `${[anonymous, 'made'].sort().join('\n')}\n`);
      assert.match(await ok('ls'), /^DRIVER {4}VOLUME NAME\nlocal {5}/);
      assert.equal(await ok('ls', '-q', '--filter', 'label=tier=db', '-f', 'name=mad'), 'made\n');
      assert.equal(await ok('ls', '-q', '-f', 'label=tier=web'), '');
      assert.equal(await ok('ls', '-q', '-f', 'dangling=false'), '');
      const [inspected] = JSON.parse(await ok('inspect', 'made'));
      assert.deepEqual(
        [inspected.Name, inspected.Driver, inspected.Labels, inspected.Scope],
        ['made', 'local', { tier: 'db', x: '' }, 'local'],
      );
      assert.ok(statSync(inspected.Mountpoint).isDirectory());
      assert.equal(await ok('inspect', '-f', '{{.Mountpoint}} {{index .Labels "tier"}}', 'made'), `${inspected.Mountpoint} db\n`);
      assert.equal(await ok('ls', '-f', 'name=made', '--format', '{{.Name}} {{.Label "tier"}}'), 'made db\n');
      assert.deepEqual(JSON.parse(await ok('ls', '--format', 'json', '-f', 'name=made')).Labels, 'tier=db,x=');
      assert.deepEqual(
        JSON.parse(await ok('ls', '--json')).map(({ name }: { name: string }) => name),
        [anonymous, 'made'].sort(),
      );
      assert.equal(await ok('rm', 'made', anonymous), `made\n${anonymous}\n`);
      assert.equal(await ok('ls', '-q'), '');
    });

    it('refuses what is not one, or in use, and does the rest', async () => {
      await ok('create', 'free');
      await where().box.tsrun([
        'run',
        '--name',
        'holder',
        '-v',
        'held:/v',
        where().image,
        'sh',
        '-c',
        'mkdir -p /v/d; touch /v/d/f; chmod 0 /v/d',
      ]);
      const { code, stdout, stderr } = await where().box.tsrun(['volume', 'rm', 'held', 'none', 'free']);
      assert.deepEqual([code, stdout], [125, 'free\n']);
      assert.match(stderr, /the volume held is in use by the container holder/);
      assert.match(stderr, /no volume none/);
      assert.equal(await ok('rm', '-f', 'none'), 'none\n');
      assert.equal(await ok('ls', '-q', '-f', 'dangling=false'), 'held\n');
      assert.equal(await ok('prune', '-af'), 'Total reclaimed space: 0B\n');
      await where().box.tsrun(['rm', 'holder']);
      assert.equal(await ok('rm', 'held'), 'held\n');
      await fails(['inspect', 'held'], /no volume held/);
      await fails(['create', '../x'], /no volume's name/);
      await fails(['create', '-o', 'type=nfs', 'x2'], /--opt|-o/);
      await fails(['create', '-d', 'nfs', 'x2'], /local/);
      await fails(['ls', '-f', 'nonsense=1'], /invalid filter/);
    });

    it('of a running container is held by it, also while its directory is not yet known', async () => {
      const running = where().start(['-i', '-v', 'live:/v', where().image, 'sh', '-c', 'echo ready; cat'], { input: 'open' });
      await running.waitFor(/ready/);
      await fails(['rm', 'live'], /the volume live is in use by the container/);
      running.child.stdin?.end();
      await running.finished;
      assert.equal(await ok('rm', 'live'), 'live\n');
    });

    it('prune asks, and takes those without a name unless it is told to take all', async () => {
      for (const name of ['one', 'two']) await ok('create', name);
      await where().box.tsrun([
        'run',
        '--name',
        'gone',
        '-v',
        '/v',
        where().image,
        'sh',
        '-c',
        'dd if=/dev/zero of=/v/f bs=1k count=100 2> /dev/null',
      ]);
      await where().box.tsrun(['rm', 'gone']);
      const asked = await where().box.tsrun(['volume', 'prune'], { input: 'n\n' });
      assert.match(asked.stdout, /^WARNING! .*\[y\/N\] $/s);
      assert.equal((await ok('ls', '-q')).split('\n').length, 4);
      const agreed = await where().box.tsrun(['volume', 'prune'], { input: 'y\n' });
      assert.match(agreed.stdout, /Deleted Volumes:\n[0-9a-f]{64}\n\nTotal reclaimed space: 10\d\.?\d*kB\n$/);
      assert.equal(await ok('ls', '-q'), 'one\ntwo\n');
      await ok('create', '--label', 'keep', 'three');
      assert.match(await ok('prune', '-a', '-f', '--filter', 'label!=keep'), /one\ntwo\n/);
      assert.equal(await ok('ls', '-q'), 'three\n');
      assert.match(await ok('prune', '-f', '--filter', 'all=1'), /three\n/);
    });
  });
}
