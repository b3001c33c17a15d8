/** push and copy as a user types them: registries with an account and without, files, what is printed, and what must never be. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { identities, identity } from '../../harness/identity.js';
import { busyboxImage } from '../../harness/images.js';
import { ACCOUNT, startRegistry } from '../../harness/registry.js';
import { sandbox } from '../../harness/tsrun.js';
import { guarded } from '../../registry/push-server.js';

const who = identities().find(({ unavailable }) => unavailable === undefined) ?? identity('single');
const LOGIN = `${ACCOUNT.user}:${ACCOUNT.password}`;

test('an image goes to a registry with an account, from there to one without, and runs from what came', async () => {
  await using closed = await startRegistry({ account: true });
  await using open = await startRegistry();
  await using place = sandbox(who);
  const source = (await busyboxImage()).reference;
  const [mine, theirs] = [`${closed.host}/team/box:1`, `${open.host}/box:2`];
  assert.equal((await place.tsrun(['pull', '-q', source])).code, 0);
  assert.equal((await place.tsrun(['tag', source, mine])).code, 0);

  const refused = await place.tsrun(['push', mine]);
  assert.deepEqual([refused.code, refused.stdout], [125, '']);
  assert.match(refused.stderr, /wants a login for a push to 127\.0\.0\.1:\d+\/team\/box: log in with `tsrun login 127/);

  const file = join(place.home, 'digest');
  const pushed = await place.tsrun(['push', mine, '--creds', LOGIN, '--digestfile', file]);
  const digest = readFileSync(file, 'utf8');
  assert.match(digest, /^sha256:[0-9a-f]{64}$/);
  assert.equal(pushed.stdout, `${mine}@${digest}\n`, pushed.stderr);
  assert.match(pushed.stderr, /^[0-9a-f]{12}: sending .*\n[0-9a-f]{12}: sent\n127\S+: sent \(sha256:[0-9a-f]{64}\)\n$/m);
  const again = await place.tsrun(['push', '-q', '--json', '--creds', LOGIN, mine]);
  assert.deepEqual([JSON.parse(again.stdout), again.stderr], [{ name: mine, digest }, '']);

  const copied = await place.tsrun(['copy', '-q', '--src-creds', LOGIN, `docker://${mine}`, `docker://${theirs}`]);
  assert.deepEqual([copied.stdout, copied.stderr], [`${theirs}@${digest}\n`, '']);
  const archive = join(place.home, 'box.tar');
  const saved = await place.tsrun(['copy', '-q', `docker://${theirs}`, `oci-archive:${archive}:box`]);
  assert.equal(saved.stdout, `oci-archive:${archive}:box\n`, saved.stderr);
  assert.ok(existsSync(archive));
  const streamed = await place.tsrun(['copy', '-q', `oci-archive:${archive}`, 'docker-archive:-']);
  assert.doesNotMatch(streamed.stdout.slice(-200), /docker-archive/);
  const run = await place.tsrun(['run', '--rm', '--network', 'none', '-q', theirs, 'echo', 'here']);
  assert.deepEqual([run.code, run.stdout], [0, 'here\n'], run.stderr);
});

test('no secret is in any output, whatever the registry says back', async () => {
  await using place = sandbox(who);
  const source = (await busyboxImage()).reference;
  const server = await guarded((token, method) => token !== '' && method !== 'PUT').start();
  await using _server = server;
  const target = `docker://${server.host}/team/app:1`;
  const flags = ['--debug', '--dest-creds', LOGIN];
  const { code, stdout, stderr } = await place.tsrun(['copy', ...flags, source, target]);
  assert.deepEqual([code, stdout], [125, '']);
  assert.match(stderr, /does not let you push to 127\.0\.0\.1:\d+\/team\/app/);
  const planted = [ACCOUNT.password, Buffer.from(LOGIN).toString('base64'), 'token-number', 'secret-state'];
  for (const secret of planted) assert.ok(!stderr.includes(secret), `${secret} in ${stderr}`);
  const half = await place.tsrun(['copy', '--dest-creds', ':password-without-user', source, target]);
  assert.match(half.stderr, /--creds has no user/);
  assert.doesNotMatch(half.stderr, /password-without-user/);
});
