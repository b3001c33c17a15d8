/** Images that lead a runtime astray: it refuses them, or does what it was to do within the container. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { it } from 'node:test';
import { identities } from '../../harness/identity.js';
import { describeAs } from '../../harness/place.js';
import { canary } from './canary.js';
import { trapsLeadingTo } from './images.js';

const CORE_PATTERN = '/proc/sys/kernel/core_pattern';

for (const who of identities()) {
  describeAs(who, 'a hostile image', (where) => {
    it('that makes /proc, /sys or /dev a link is refused, and nothing is made where it leads (CVE-2019-19921, CVE-2026-41579)', async () => {
      const host = await canary();
      const image = await trapsLeadingTo(host.path);
      for (const name of ['proc', 'sys', 'dev'] as const) {
        const { code, stderr } = await where().run(['-q', image(name), 'true']);
        assert.deepEqual([code, stderr.includes(`cannot mount on /${name} in the image`)], [125, true], stderr);
      }
      await host.unharmed();
      await host.isWatched();
    });

    it('that makes links of devices and of files under /etc has fresh ones all the same (CVE-2025-31133, CVE-2025-52565, CVE-2026-88264)', async () => {
      const host = await canary();
      const image = await trapsLeadingTo(host.path);
      const pattern = readFileSync(CORE_PATTERN, 'utf8');
      const script = `stat -c '%n %F %t:%T' /dev/null /dev/console /dev/pts /dev/shm; stat -f -c %T /dev/pts; tty
        echo x > /dev/null; stat -c '%t:%T' /proc/interrupts; grep -q localhost /etc/hosts && echo hosts`;
      const { code, stdout } = await where().run(['-q', '-t', image('places'), 'sh', '-c', script]);
      assert.equal(code, 0, stdout);
      const lines = stdout.trim().split(/\r?\n/);
      assert.equal(lines[0], '/dev/null character special file 1:3');
      assert.match(lines[1] ?? '', /^\/dev\/console character special file 88:/);
      assert.match(lines[2] ?? '', /^\/dev\/pts directory/);
      assert.match(lines[3] ?? '', /^\/dev\/shm directory/);
      assert.deepEqual(lines.slice(4, 7), ['devpts', '/dev/pts/0', '1:3']);
      assert.equal(lines[7], 'hosts');
      assert.equal(readFileSync(CORE_PATTERN, 'utf8'), pattern);
      await host.unharmed();
    });

    it('whose working directory is a descriptor of ours is refused (CVE-2024-21626)', async () => {
      const image = await trapsLeadingTo('/nowhere');
      const { code, stderr } = await where().run(['-q', image('workdir'), 'true']);
      assert.deepEqual([code, /"\/proc\/self\/fd\/8" cannot be entered/.test(stderr)], [125, true], stderr);
    });

    if (who.name === 'single') return; // its containers have no other user
    it('that closes a file to a group closes it to who is in that group by its files (CVE-2022-2989)', async () => {
      const image = (await trapsLeadingTo('/nowhere'))('groups');
      const read = async (user: string) => (await where().run(['-q', '-u', user, image, 'cat', '/closed'])).stdout;
      assert.deepEqual([await read('ada'), await read('4321:99')], ['', 'read\n']);
    });
  });
}
