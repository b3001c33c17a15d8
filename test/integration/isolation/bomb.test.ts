/** A container that would take all processes of its user. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { type Identity, identities } from '../../harness/identity.js';
import { busyboxImage } from '../../harness/images.js';
import { assertNothingLeft, describeAs } from '../../harness/place.js';
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

// Who has no other process can be given a limit that is met for certain.
if (process.getuid?.() === 0)
  it('a caller who may have no more processes is told so, and nothing is left', async () => {
    const nobodyElse: Identity = { name: 'single', user: 'nobody-else', uid: 70_000_000 + process.pid, gid: 70_000_000 };
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
