/** A unit for a container: what it says is what this container is; how systemd reads it is tested without one. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { identities } from '../../harness/identity.js';
import { describeLife } from '../lifecycle/place.js';

for (const who of identities()) {
  describeLife(who, 'generate systemd', (life) => {
    it('names the container, its store, and tsrun; the note of --restart leads to it', async () => {
      const { box, image } = life();
      const id = (await life().ok('create', '--name', 'served', '--stop-timeout', '3', image, 'true')).trim();
      const byId = await life().ok('generate', 'systemd', 'served');
      assert.match(byId, new RegExp(`^# container-${id}.service\n`));
      const unit = await life().ok('generate', 'systemd', '-n', '--restart-policy', 'always', id.slice(0, 12));
      assert.match(unit, new RegExp(`^ExecStart=${box.program} start -a served$`, 'm'));
      for (const line of [
        `Environment=TSRUN_ROOT=${box.root}`,
        `Environment=TSRUN_RUN_ROOT=${box.runRoot}`,
        'Restart=always',
        'TimeoutStopSec=23',
      ])
        assert.ok(unit.split('\n').includes(line), line);
      assert.equal((await box.tsrun(['generate', 'systemd', '--restart-policy', 'sometimes', 'served'])).code, 125);
      await life().ok('rm', 'served');

      const { code, stderr } = await box.tsrun(['run', '-d', '--name', 'again', '--restart', 'always', image, 'sleep', '1000']);
      assert.deepEqual([code, stderr], [0, 'note: it is restarted until the machine is; for more: tsrun generate systemd again\n']);
      await life().ok('rm', '-f', 'again');
    });

    it('is not to be had for one that removes itself', async () => {
      const id = await life().detached('sleep 1000', '--rm');
      const { code, stderr } = await life().box.tsrun(['generate', 'systemd', id]);
      assert.equal(code, 125);
      assert.match(stderr, /is removed when it ends: make one without --rm/);
      await life().ok('rm', '-f', id);
    });
  });
}
