/** Containers that would take all that their user has: processes, memory, inotify instances. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { it } from 'node:test';
import { type Identity, identities } from '../../harness/identity.js';
import { busyboxImage } from '../../harness/images.js';
import { assertNothingLeft, describeAs, place } from '../../harness/place.js';
import { probeOf } from '../../harness/probe.js';
import { sandbox } from '../../harness/tsrun.js';

/** So many at once, as far as that goes; the shell itself makes them, so its first refusal is the end of it. */
const BOMB = 'for i in $(seq 100); do sleep 600 & echo made; done';

for (const who of identities()) {
  describeAs(who, 'a fork bomb', (where) => {
    it('ends at --ulimit nproc, which counts in the container’s user namespace, and nothing of it is left', async () => {
      const made = async (...flags: string[]) => {
        const { stdout } = await where().run([...flags, where().image, 'sh', '-c', BOMB]);
        return stdout.split('made\n').length - 1;
      };
      const few = await made('--ulimit', 'nproc=30:30');
      assert.ok(few > 0 && few < 30, `${few}`);
      assert.equal(await made(), 100, 'without the limit there are as many as it asks for');
      const { code, stderr } = await where().run(['--ulimit', 'nproc=1:1', '--init', where().image, 'echo']);
      assert.equal(stderr, 'tsrun: "echo" cannot be started: its user has as many processes as he may: raise --ulimit nproc\n');
      assert.equal(code, 126);
    });
  });
}

// What a user may have is met for certain by one who has nothing else, and takes nothing from other tests.
if (process.getuid?.() === 0) {
  const nobodyElse: Identity = { name: 'single', user: 'nobody-else', uid: 70_000_000 + process.pid, gid: 70_000_000 };

  it('a caller who may have no more processes is told so, and nothing is left', async () => {
    await using box = sandbox(nobodyElse);
    const words = [box.program, 'run', '--rm', (await busyboxImage()).reference, 'true'];
    const { code, stdout, stderr } = await box.command(['prlimit', '--nproc=1', ...words]).finished;
    assert.deepEqual([code, stdout], [125, '']);
    assert.match(
      stderr,
      /^tsrun: Node\.js cannot be started: there are as many processes as the caller may have: .* \(ulimit -u, TasksMax=\)\n$/,
    );
    await assertNothingLeft(box);
  });

  it('a container that takes all memory of its /dev/shm and all inotify instances of its user hinders neither tsrun nor its own end', async () => {
    await using where = await place(nobodyElse);
    const exhaust = await probeOf('fixtures/probe/exhaust.c');
    const limit = Number(readFileSync('/proc/sys/fs/inotify/max_user_instances', 'utf8'));
    const flags = ['-i', '--name', 'greedy', '--ulimit', `nofile=${limit + 32}`, '--shm-size', '1m', '-v', `${exhaust}:/exhaust:ro`];
    const greedy = where.start([...flags, where.image, '/exhaust', String(limit + 1), '/dev/shm/file'], { input: 'open' });
    await greedy.waitFor(/held/);
    assert.equal(greedy.stdout(), `inotify ${limit} EMFILE\nbytes 1048576 ENOSPC\nheld\n`);
    // The control: what SECURITY.md says of the user's own.
    const other = () => where.box.command([exhaust, '1', '/dev/full']).finished;
    assert.match((await other()).stdout, /^inotify 0 EMFILE/);
    assert.equal((await where.box.tsrun(['exec', 'greedy', 'echo', 'inside'])).stdout, 'inside\n');
    greedy.child.stdin?.end();
    assert.deepEqual([(await greedy.finished).code, greedy.stderr()], [0, '']);
    assert.match((await other()).stdout, /^inotify 1 ok/);
    await assertNothingLeft(where.box);
  });
}
