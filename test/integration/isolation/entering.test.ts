/** What a container sees of tsrun while it enters: nothing to read, trace or write. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { identities } from '../../harness/identity.js';
import { probeOf } from '../../harness/probe.js';
import { until } from '../../harness/wait.js';
import { describeLife, type Life } from '../lifecycle/place.js';
import { trapsLeadingTo } from './images.js';

const TIMES = 8;
const digestOf = (path: string) => createHash('sha256').update(readFileSync(path)).digest('hex');

for (const who of identities()) {
  describeLife(who, 'tsrun, as it enters a container,', (life) => {
    it('shows no descriptor, directory or program of its own to one that may trace (CVE-2016-9962, CVE-2019-5736)', async () => {
      const helper = join(life().box.program, '../../native/build/tsrun-helper');
      const before = digestOf(helper);
      const watch = await probeOf('fixtures/probe/watch.c');
      const flags = ['--network', 'none', '--cap-add', 'SYS_PTRACE', '-v', `${watch}:/watch:ro`];
      const id = (await life().ok('run', '-d', ...flags, life().image, '/watch', '/bin/')).trim();
      const seen = async () => (await life().ok('logs', id)).trim().split('\n');
      for (let count = 0; count < TIMES; count++) await life().ok('exec', id, 'true');
      // Where the helper is not root's, what executes the command is a sealed copy in memory (native/exec.c): it may be seen, not written.
      const foreign = /^(program (?!\/memfd:tsrun)|descriptor|root|written)/;
      const found = await seen();
      assert.deepEqual(
        found.filter((line) => foreign.test(line)),
        [],
      );
      await swapped(life(), id);
      // The control: what one of its own processes has open is found, and so is its program.
      const open = life().box.start(['exec', id, 'sh', '-c', 'exec 9< /etc/passwd; echo open; sleep 600']);
      await open.waitFor(/open/);
      assert.ok(await until(async () => (await seen()).includes('descriptor /etc/passwd')));
      assert.ok((await seen()).some((line) => line.startsWith('own /bin/')));
      // And one of its own is written, once it has ended.
      await life().ok('exec', id, 'sh', '-c', 'cp /bin/busybox /tmp/busybox && /tmp/busybox sleep 0.2');
      const written = async () => (await seen()).filter((line) => /^written/.test(line));
      assert.ok(await until(async () => (await written()).length > 0));
      assert.deepEqual(await written(), ['written /tmp/busybox']);
      await life().ok('exec', id, 'touch', '/stop');
      await open.finished;
      assert.equal(digestOf(helper), before);
    });

    it('is not what an image calls as #!/proc/self/exe gets hold of (CVE-2019-5736)', async () => {
      const helper = join(life().box.program, '../../native/build/tsrun-helper');
      const before = digestOf(helper);
      const image = (await trapsLeadingTo('/nowhere'))('self');
      const { code, stdout } = await life().run(['-q', image, 'sh']);
      assert.notEqual(code, 0);
      assert.equal(stdout, '');
      assert.equal(digestOf(helper), before);
    });
  });
}

/** The program that exec runs is a script whose interpreter is whatever runs it. */
async function swapped({ ok, box }: Life, id: string): Promise<void> {
  await ok('exec', id, 'sh', '-c', "printf '#!/proc/self/exe\\n' > /bin/evil; chmod 755 /bin/evil");
  for (let count = 0; count < 3; count++) await box.tsrun(['exec', id, 'evil']);
}
