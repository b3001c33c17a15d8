/** What the container's ids keep to themselves is counted too. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { type Identity, identities } from '../../harness/identity.js';
import { place, withoutNetwork } from '../../harness/place.js';

const who = identities().find(({ name, unavailable }) => name !== 'root' && unavailable === undefined) as Identity;

it('system df counts what containers and volumes keep closed to the caller', async () => {
  await using here = await place(who);
  const write =
    'for d in /data /own; do mkdir -p $d/closed; dd if=/dev/zero of=$d/closed/file bs=1k count=200 2> /dev/null; chmod 0 $d/closed; chown -R 1000:1000 $d; done';
  const options = who.name === 'range' ? write : write.replace(/chown[^;]*;/, '');
  const ran = await here.box.tsrun(['run', ...withoutNetwork(['-v', 'data:/data', here.image, 'sh', '-c', options])]);
  assert.equal(ran.code, 0, ran.stderr);
  const { code, stdout, stderr } = await here.box.tsrun(['system', 'df', '--json']);
  assert.equal(code, 0, stderr);
  const { containers, volumes, layers } = JSON.parse(stdout);
  for (const { size } of [containers, volumes]) assert.ok(size >= 200 * 1024 && size < 300 * 1024, String(size));
  assert.deepEqual([containers.reclaimable, volumes.reclaimable, layers.reclaimable], [containers.size, 0, 0]);
});
