/** What the registry says, or does not, in the words of the first five minutes. */
import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { createServer } from 'node:net';
import { describe, it } from 'node:test';
import { identities } from '../../harness/identity.js';
import { busyboxImage } from '../../harness/images.js';
import { leftovers } from '../../harness/leftovers.js';
import { start } from '../../harness/process.js';
import { openTerminal } from '../../harness/pty.js';
import { startRegistry } from '../../harness/registry.js';
import { type Sandbox, sandbox } from '../../harness/tsrun.js';
import { listening, serve } from '../../registry/fake-server.js';
import { startHub } from './hub.js';
import { hubAnswers } from './hub-answers.js';
import { ordinary, unprepared, within } from './surroundings.js';

const LAST_LINE = /[^\n]+(?=\n$)/;

async function assertNothingLeft(place: Sandbox): Promise<void> {
  assert.deepEqual(JSON.parse((await place.tsrun(['images', '--json'])).stdout), []);
  assert.deepEqual(leftovers(place), { processes: [], mounts: [], directories: [] });
}

describe(`as ${ordinary.name}`, { skip: ordinary.unavailable ?? false }, () => {
  it('a 401 for an unknown repository: "alpnie: not found, or private: check the spelling, or log in"', async () => {
    await using docker = await startHub(hubAnswers);
    await using place = sandbox(ordinary);
    for (const verb of ['run', 'pull']) {
      const { code, stdout, stderr } = await place.tsrun([verb, 'alpnie'], { env: docker.env });
      assert.deepEqual([code, stdout], [125, '']);
      assert.equal(stderr.match(LAST_LINE)?.[0], 'tsrun: alpnie: not found, or private: check the spelling, or log in with `tsrun login`');
    }
    await assertNothingLeft(place);
  });

  it('a 429 names the limit, and says what to do', async () => {
    await using docker = await startHub(hubAnswers);
    await using place = sandbox(ordinary);
    const { code, stderr } = await place.tsrun(['run', 'alpine'], { env: docker.env });
    assert.equal(code, 125);
    assert.equal(
      stderr.match(LAST_LINE)?.[0],
      'tsrun: docker.io limits pulls to 100 in 6 hours: wait 1 hour and try again, or, for a higher limit, log in with `tsrun login`',
    );
    assert.equal(docker.requests.filter(({ url }) => url.includes('/manifests/')).length, 1, 'not asked again');
    await assertNothingLeft(place);
  });

  it('says what it does while the registry has not answered a single request yet', async () => {
    const withheld: IncomingMessage[] = [];
    await using silent = await serve((request) => void withheld.push(request));
    await using place = sandbox(ordinary);
    for (const verb of ['run', 'pull']) {
      const terminal = await openTerminal([place.program, verb, `${silent.host}/slow`], { as: ordinary, env: place.env, cwd: place.home });
      await terminal.waitFor(/slow(:latest)?: resolving/);
      terminal.type('\x03');
      assert.equal((await terminal.finished).code, 130);
      const piped = place.start([verb, `${silent.host}/slow`]);
      await piped.waitFor(/slow(:latest)?: resolving\n/, 'stderr');
      piped.child.kill('SIGINT');
      await piped.finished;
    }
    assert.ok(silent.requests.length <= 4, 'one connection each');
  });

  it('without a network: "no network, and alpine is not in the store"', { skip: unprepared }, async () => {
    await using place = sandbox(ordinary);
    const offline = within(place, { namespaces: ['--net'], setup: '' }, [place.program, 'run', 'alpine', 'sh']);
    const { code, stderr } = await start(offline, { env: place.env, cwd: '/' }).finished;
    assert.equal(code, 125);
    assert.match(stderr, /^tsrun: no network, and alpine is not in the store: check the network; behind a proxy set HTTPS_PROXY$/m);
    await assertNothingLeft(place);
  });

  it('a registry that is not there is named, beside the image that is not in the store', async () => {
    await using place = sandbox(ordinary);
    const { host, [Symbol.asyncDispose]: close } = await listening(createServer(), 'tcp');
    await close();
    const { code, stderr } = await place.tsrun(['run', `${host}/team/app`]);
    assert.equal(code, 125);
    const name = `${host}/team/app`;
    assert.ok(
      stderr.includes(
        `tsrun: cannot reach ${host}: the connection was refused, and ${name} is not in the store: check that the registry runs`,
      ),
      stderr,
    );
    await assertNothingLeft(place);
  });
});

for (const who of identities()) {
  it(`as ${who.name}: an image that was pulled runs without a network`, { skip: who.unavailable ?? unprepared }, async () => {
    await using place = sandbox(who);
    const { reference } = await busyboxImage();
    const name = await (async () => {
      await using registry = await startRegistry();
      const pushed = await registry.push(reference, 'team/app:v1');
      assert.equal((await place.tsrun(['pull', pushed])).code, 0);
      return pushed;
    })();
    for (const policy of ['missing', 'never', 'newer']) {
      const command = [place.program, 'run', '--rm', '--pull', policy, name, 'echo', 'still here'];
      const offline = within(place, { namespaces: ['--net'], setup: 'ip link set lo up 2>/dev/null || true' }, command);
      const { code, stdout, stderr } = await start(offline, { env: place.env, cwd: '/' }).finished;
      assert.deepEqual([code, stdout], [0, 'still here\n'], `${policy}: ${stderr}`);
    }
  });
}
