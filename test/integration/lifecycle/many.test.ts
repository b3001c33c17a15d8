/** A hundred containers at once. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { identities } from '../../harness/identity.js';
import { isRunning } from '../run/place.js';
import { describeLife } from './place.js';

const HOW_MANY = 100;

for (const who of identities().filter(({ name }, _, { length }) => name === 'range' || length === 1)) {
  describeLife(who, `${HOW_MANY} detached containers`, (life) => {
    it('started at once all run, are all listed, stopped and removed', { timeout: 300_000 }, async () => {
      const names = Array.from({ length: HOW_MANY }, (_, index) => `many-${index}`);
      const ids = await Promise.all(names.map((name) => life().detached('exec sleep 1000', '--name', name)));
      assert.equal(new Set(ids).size, HOW_MANY);
      const processes = ids.flatMap((id) => Object.values(life().processesOf(id)));
      assert.ok(processes.every(isRunning));
      const listed = async (...words: string[]) =>
        (await life().ok('ps', '--format', '{{.Names}}', ...words)).split('\n').filter(Boolean).sort();
      assert.deepEqual(await listed(), [...names].sort());
      assert.deepEqual((await life().ok('stop', ...names)).trim().split('\n').sort(), [...names].sort());
      assert.deepEqual(await listed(), []);
      assert.ok(!processes.some(isRunning));
      const ended = await life().ok('ps', '-a', '--format', '{{.Names}} {{.State}}');
      assert.deepEqual(ended.trim().split('\n').sort(), names.map((name) => `${name} exited`).sort());
      await life().ok('rm', ...names);
      assert.deepEqual(await listed('-a'), []);
    });
  });
}
