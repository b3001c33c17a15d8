/** A container that would take all processes of its user. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { identities } from '../../harness/identity.js';
import { describeAs } from '../../harness/place.js';

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
    });
  });
}
