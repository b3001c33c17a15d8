/** What is not in use goes, and all that a kill -9, a crash or a reboot left; a reset leaves nothing. */
import assert from 'node:assert/strict';
import { chownSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { identities } from '../../harness/identity.js';
import { until } from '../../harness/wait.js';
import { describeLife } from '../lifecycle/place.js';

for (const who of identities()) {
  describeLife(who, 'prune and reset', (life) => {
    const at = (...parts: string[]) => join(life().box.root, 'v1', ...parts);

    it('container prune asks, and takes those that do not run', async () => {
      const running = await life().detached('sleep 1000', '--name', 'stays');
      const ended = await life().detached('dd if=/dev/zero of=/file bs=1k count=100 2> /dev/null; chmod 0 /file');
      await life().ok('wait', ended);
      const made = (await life().ok('create', life().image)).trim();
      const asked = await life().box.tsrun(['container', 'prune'], { input: 'n\n' });
      assert.equal(asked.stdout, 'WARNING! This will remove all stopped containers.\nAre you sure you want to continue? [y/N] ');
      assert.equal(await life().ok('container', 'prune', '-f', '--filter', 'until=1h'), 'Total reclaimed space: 0B\n');
      const { stdout } = await life().box.tsrun(['container', 'prune'], { input: 'y\n' });
      const [, ids = '', space] = /Deleted Containers:\n((?:[0-9a-f]{64}\n){2})\nTotal reclaimed space: (.*)\n$/.exec(stdout) ?? [];
      assert.deepEqual(ids.trim().split('\n').sort(), [ended, made].sort(), stdout);
      assert.match(space ?? '', /^10\d(\.\d)?kB$/);
      assert.equal(await life().ok('ps', '-aq', '--no-trunc'), `${running}\n`);
    });

    it('system prune cleans what was killed, and leaves what runs and what is in use', async () => {
      // A supervisor and its container at once, as the machine's end would; one that was to remove itself.
      const killed = await life().detached('sleep 1000', '--name', 'killed');
      const transient = await life().detached('sleep 1000', '--rm', '--name', 'vanishing', '-v', '/own');
      for (const id of [killed, transient]) {
        const { runner, first } = life().processesOf(id);
        process.kill(runner, 'SIGKILL');
        await until(() => !existsSync(`/proc/${first}`) || /^State:\s+Z/m.test(readFileSync(`/proc/${first}/status`, 'utf8')));
      }
      const own = (path: string) => process.getuid?.() === 0 && chownSync(path, who.uid, who.gid);
      const old = new Date(Date.now() - 3_600_000);
      const dead = ['a', 'b', 'c'].map((digit) => digit.repeat(64));
      mkdirSync(join(life().box.runRoot, dead[0] as string));
      symlinkSync(at('containers', dead[0] as string), at('names', 'leads-nowhere'));
      const directories = [
        at('containers', dead[0] as string), // made, and killed before it said what it is
        at('transient', `new-${dead[1]}`),
        at('trash', dead[2] as string),
        at('volumes', '.new-0000'),
      ];
      for (const path of directories) {
        mkdirSync(path, { recursive: true });
        own(path);
        utimesSync(path, old, old);
      }
      const half = join(at('layers', readdirSync(at('layers'))[0] as string), `new-diff-${'d'.repeat(64)}`);
      mkdirSync(half);
      for (const file of [
        at('ingest', 'half'),
        at('locks', 'blob-dead'),
        at('locks', 'lease-dead'),
        at('image/blobs/sha256', 'e'.repeat(64)),
      ]) {
        writeFileSync(file, 'left');
        own(file);
      }
      const { code, stdout, stderr } = await life().box.tsrun(['system', 'prune', '-f']);
      assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
      assert.match(
        stdout,
        new RegExp(`Deleted Containers:\n(.*\n)*${killed}\n(.*\n)*\nDeleted Images:\ndeleted: sha256:e{64}\n\nTotal reclaimed space: `),
      );
      assert.deepEqual(readdirSync(life().box.runRoot).length, 1, 'that of what runs');
      assert.deepEqual(readdirSync(at('names')), ['stays']);
      for (const path of [...directories, half, at('ingest', 'half'), at('locks', 'blob-dead')]) assert.ok(!existsSync(path), path);
      for (const place of ['transient', 'trash', 'ingest', 'volumes']) {
        assert.deepEqual(readdirSync(at(place)), [], place);
      }
      assert.equal((await life().ok('ps', '--format', '{{.Names}}')).trim(), 'stays');
      assert.equal((await life().ok('images', '-q')).split('\n').length, 2, 'the image has a name');
    });

    it('system prune -a --volumes takes images and volumes that nothing has', async () => {
      await life().ok('rm', '-f', 'stays');
      const id = await life().detached('true', '-v', '/v');
      await life().ok('wait', id);
      await life().ok('volume', 'create', 'named');
      const { stdout } = await life().box.tsrun(['system', 'prune', '-a', '--volumes'], { input: 'y\n' });
      assert.match(stdout, /remove:\n {2}- all stopped containers\n {2}- all anonymous volumes .*\n {2}- all images without .*\n/);
      assert.match(stdout, /Deleted Volumes:\n[0-9a-f]{64}\n\nDeleted Images:\nuntagged: oci:.*\ndeleted: sha256:/);
      assert.match(stdout, /Total reclaimed space: \d+(\.\d+)?MB\n$/);
      assert.equal(await life().ok('volume', 'ls', '-q'), 'named\n');
      assert.deepEqual(readdirSync(at('image/blobs/sha256')), []);
      assert.deepEqual(
        readdirSync(at('layers')).flatMap((owners) => readdirSync(at('layers', owners))),
        [],
      );
      const refused = await life().box.tsrun(['system', 'prune', '-f', '--volumes', '--filter', 'until=1h']);
      assert.match(refused.stderr, /volumes cannot be chosen by until/);
    });

    it('system reset says what will go, asks on a terminal only, and leaves nothing', async () => {
      await life().box.tsrun([
        'run',
        '-q',
        '--name',
        'ended',
        life().image,
        'sh',
        '-c',
        'mkdir /d; touch /d/f; chmod 0 /d; chown 1000 /d || true',
      ]);
      await life().box.tsrun(['run', '-d', '-q', '--name', 'alive', '-v', 'kept:/v', life().image, 'sleep', '1000']);
      const { first } = life().processesOf((await life().ok('ps', '-q', '--no-trunc')).trim());
      const refused = await life().box.tsrun(['system', 'reset'], { input: 'y\n' });
      assert.equal(refused.code, 125);
      assert.match(refused.stderr, /nobody is there to be asked: say it on a terminal, or with -f/);
      const { box } = life();
      const terminal = await life().terminal('system', 'reset');
      await terminal.waitFor(/all containers \(2, 1 of which run: alive\).*all images \(1\).*all volumes.*\(\d\).*\[y\/N\] /s);
      terminal.type('y\r');
      assert.equal((await terminal.finished).code, 0);
      assert.ok(!existsSync(join(box.root, 'v1')));
      assert.ok(!existsSync(`/proc/${first}`));
      assert.deepEqual([readdirSync(box.root), readdirSync(box.runRoot)], [[], []]);
      assert.equal(await life().ok('system', 'reset', '-f'), '', 'and again');
      assert.equal(await life().ok('ps', '-aq'), '');
    });
  });
}
