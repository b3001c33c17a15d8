/** The processes of a container, whatever its image has and whatever they call themselves. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { identities } from '../../harness/identity.js';
import { until } from '../../harness/wait.js';
import { describeLife } from '../lifecycle/place.js';

/** Programs of the image that a careless host would run, each leaving a trace; a process with a name to mislead its readers. */
const HOSTILE = `
for name in ps nsenter top id; do rm /bin/$name; printf '#!/bin/busybox sh\\necho $0 >> /tmp/ran\\n' > /bin/$name; chmod 755 /bin/$name; done
printf 'a\\033[31m\\n) S 1' > /proc/self/comm
sleep 1000 & sleep 1001 &
touch /tmp/ready
wait`;

for (const who of identities()) {
  describeLife(who, 'top', (life) => {
    it('tells of every process, from outside and from inside, and runs none', async () => {
      const id = await life().detached(HOSTILE, '--name', 'hostile');
      await life().ok('exec', '-d', 'hostile', 'sh', '-c', 'sleep 1002; true', '\x1b[31m\nroot');
      const table = async (...words: string[]) => (await life().ok('top', 'hostile', ...words)).split('\n').filter(Boolean);
      assert.ok(await until(async () => (await table()).length === 6), (await table()).join('\n'));
      assert.ok(await until(async () => (await life().box.tsrun(['exec', 'hostile', 'test', '-e', '/tmp/ready'])).code === 0));

      // In a pid namespace below the container's, by a process that came from outside.
      await life().ok('exec', '-d', '--privileged', 'hostile', 'unshare', '-pf', 'sleep', '1003');
      assert.ok(await until(async () => (await table()).some((line) => line.endsWith(' sleep 1003'))));

      const { first } = life().processesOf(id);
      const full = await table();
      assert.match(full[0] ?? '', /^UID +PID +PPID +C +STIME +TTY +TIME +CMD$/);
      assert.equal(full[1]?.split(/ +/)[1], String(first), 'pids are the host’s');
      assert.ok(full.some((line) => line.endsWith('sleep 1000')) && full.some((line) => line.endsWith('sleep 1002')));
      assert.ok(
        full.some((line) => line.endsWith('sh -c sleep 1002; true \\x1b[31m\\nroot')),
        'on its line, spelled out',
      );
      assert.ok((await table('-o', 'pid,comm')).some((line) => line.endsWith('a\\x1b[31m\\n) S 1')));

      const inside = (await table('pid', 'ppid', 'user', 'hpid', 'huser', 'comm')).map((line) => line.split(/ +/));
      assert.deepEqual(inside[1]?.slice(0, 4), ['1', '0', 'root', String(first)]);
      assert.ok(inside.slice(1).every(([, , user]) => user === 'root'));
      assert.ok(inside.slice(2, 4).every(([, ppid]) => ppid === '1'));

      const { code, stderr } = await life().box.tsrun(['top', 'hostile', '-o', 'colour']);
      assert.equal(code, 125);
      assert.match(stderr, /top knows no "colour": use .*args.*pid/);
      const all = JSON.parse(await life().ok('top', '--json', 'hostile'));
      assert.deepEqual([all.length, all[0].pid, all[0].inside.pid], [7, first, 1]);
      assert.equal((await life().box.tsrun(['exec', 'hostile', 'cat', '/tmp/ran'])).code, 1, 'no program of the image was run');
      await life().ok('rm', '-f', 'hostile');
    });

    it('needs one that runs', async () => {
      const id = (await life().ok('create', life().image, 'true')).trim();
      const { code, stderr } = await life().box.tsrun(['top', id]);
      assert.equal(code, 125);
      assert.match(stderr, /does not run: start it first/);
    });
  });
}
