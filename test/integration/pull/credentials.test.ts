/** A registry that asks who it is. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { identities } from '../../harness/identity.js';
import { busyboxImage } from '../../harness/images.js';
import { ACCOUNT, startRegistry } from '../../harness/registry.js';
import { sandbox } from '../../harness/tsrun.js';

for (const account of identities()) {
  test(`as ${account.name}: a registry with an account, over plain http, is pulled from with the credentials of config.json`, {
    skip: account.unavailable ?? false,
  }, async () => {
    await using registry = await startRegistry({ account: true });
    const reference = await registry.push((await busyboxImage()).reference, 'private/busybox:v1');
    await using place = sandbox(account);
    const configure = (password: string) => {
      const directory = join(place.directory, 'docker');
      mkdirSync(directory, { recursive: true });
      const auth = Buffer.from(`${ACCOUNT.user}:${password}`).toString('base64');
      writeFileSync(join(directory, 'config.json'), JSON.stringify({ auths: { [registry.host]: { auth } } }));
      return { DOCKER_CONFIG: directory };
    };
    const refused = async (env: Record<string, string>, secret: string) => {
      const { code, stderr } = await place.tsrun(['pull', reference], { env: { ...env, TSRUN_DEBUG: '1' } });
      assert.equal(code, 125);
      assert.match(stderr, /not found, or private|does not accept your credentials/);
      for (const form of [secret, Buffer.from(`${ACCOUNT.user}:${secret}`).toString('base64')]) assert.ok(!stderr.includes(form), stderr);
    };
    await refused({}, ACCOUNT.password);
    await refused(configure('wrong-password'), 'wrong-password');
    const { code, stdout, stderr } = await place.tsrun(['run', '--rm', '-q', reference, 'echo', 'here'], {
      env: configure(ACCOUNT.password),
    });
    assert.deepEqual({ code, stdout, stderr }, { code: 0, stdout: 'here\n', stderr: '' });
    const file = join(place.directory, 'docker', 'config.json');
    const again = (...flags: string[]) => place.tsrun(['pull', '-q', ...flags, reference]);
    assert.equal((await again()).code, 125, 'without them it is refused');
    assert.equal((await again('--authfile', file)).code, 0);
    const missing = await again('--authfile', `${file}.none`);
    assert.equal(missing.code, 125);
    assert.match(missing.stderr, /config\.json\.none is not there/);
  });
}
