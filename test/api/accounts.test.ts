/** login and logout as a program calls them, against registries that it is served here. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, test } from 'node:test';
import { loggedInAs, login, logout, logoutAll } from '../../src/api/accounts.js';
import { TsrunError } from '../../src/errors.js';
import { temporaryDirectory } from '../harness/temporary.js';
import { createAuthority } from '../registry/certificates.js';
import { type FakeServer, failureOf, serve } from '../registry/fake-server.js';
import { auth, homeWith } from '../registry/home.js';
import { registriesConf } from './store.js';

const basic = (user: string, password: string) => `Basic ${auth(user, password).auth}`;
const ADA = { username: 'ada', password: 'swordfish' };

/** Hands tokens to ada, and lets those in that have one. */
function tokenRegistry(): Promise<FakeServer> {
  return serve((request, response) => {
    const { authorization } = request.headers;
    if (request.url?.startsWith('/token')) {
      if (authorization === basic('ada', 'swordfish')) response.end('{"token":"good"}');
      else response.writeHead(401).end(JSON.stringify({ details: `you sent ${authorization}, that is planted-wrong` }));
    } else if (authorization === 'Bearer good') response.end('{}');
    else response.writeHead(401, { 'www-authenticate': `Bearer realm="http://${request.headers.host}/token",service="svc"` }).end();
  });
}

const place = () => join(temporaryDirectory(), 'auth.json');

describe('login', () => {
  it('asks the registry, without naming a repository, and keeps what it accepts', async () => {
    await using server = await tokenRegistry();
    const authfile = place();
    assert.deepEqual(await login(server.host, { ...ADA, authfile }), { registry: server.host, username: 'ada', file: authfile });
    assert.deepEqual(
      server.requests.map(({ method, url, headers }) => [method, url, headers.authorization]),
      [
        ['GET', '/v2/', undefined],
        ['GET', '/token?service=svc&account=ada', basic('ada', 'swordfish')],
        ['GET', '/v2/', 'Bearer good'],
      ],
    );
    assert.deepEqual(JSON.parse(readFileSync(authfile, 'utf8')), { auths: { [server.host]: auth('ada', 'swordfish') } });
    assert.equal(await loggedInAs(server.host, { authfile }), 'ada');
    assert.deepEqual(await login(server.host, { authfile }), { registry: server.host, username: 'ada' });
    assert.ok(await logout(server.host, { authfile }));
    assert.equal(await loggedInAs(server.host, { authfile }), undefined);
    assert.equal(await logout(server.host, { authfile }), false);
    assert.deepEqual(await logoutAll({ authfile }), []);
  });

  it('keeps nothing that the registry refuses, and repeats no password', async () => {
    await using server = await tokenRegistry();
    await using passwords = await serve((_, response) =>
      response.writeHead(401, { 'www-authenticate': 'Basic realm="planted-wrong"' }).end(),
    );
    const authfile = place();
    for (const { host } of [server, passwords]) {
      const error = await failureOf(
        login(host, { username: 'ada', password: 'planted-wrong', authfile }),
        'ERR_TSRUN_REGISTRY_UNAUTHORIZED',
      );
      assert.equal(`${error.message}: ${error.hint}`, `${host} does not accept your credentials: check the user name and the password`);
      assert.doesNotMatch(`${error.stack} ${String((error.cause as Error).message)}`, /planted/);
    }
    assert.ok(!existsSync(authfile));
    await failureOf(login(server.host, { authfile }), 'ERR_TSRUN_NOT_LOGGED_IN');
  });

  it('says when a registry asks nobody who he is', async () => {
    await using server = await serve((_, response) => response.end('{}'));
    const notes: string[] = [];
    await login(server.host, { ...ADA, authfile: place(), onNote: (note) => notes.push(note) });
    assert.deepEqual(notes, [`${server.host} asks nobody to log in: the password was not tried`]);
  });

  it('keeps nothing where nobody says that he is a registry', async () => {
    for (const status of [404, 401, 302]) {
      await using server = await serve((_, response) => response.writeHead(status).end());
      const authfile = place();
      await assert.rejects(login(server.host, { ...ADA, authfile }), TsrunError, String(status));
      assert.ok(!existsSync(authfile));
    }
  });

  test('trusts the registry as a pull from there does, unless it is told otherwise', async (t) => {
    const tls = createAuthority().issue('IP:127.0.0.1');
    await using server = await serve((_, response) => response.end('{}'), tls);
    const write = registriesConf(t);
    const rule = `[[registry]]\nlocation = "${server.host}"\n`;
    for (const [text, tlsVerify, code] of [
      [rule, undefined, 'ERR_TSRUN_REGISTRY_TLS'],
      [`${rule}insecure = true`, true, 'ERR_TSRUN_REGISTRY_TLS'],
      [`${rule}insecure = true`, undefined, undefined],
      [`${rule}insecure = true\nblocked = true`, undefined, 'ERR_TSRUN_REGISTRY_TLS'],
    ] as const) {
      write(text);
      const trying = login(server.host, { ...ADA, authfile: place(), ...(tlsVerify === undefined ? {} : { tlsVerify }) });
      await (code === undefined ? trying : failureOf(trying, code));
    }
  });

  it('asks this machine for a name below .localhost, whatever a resolver says', async () => {
    await using server = await tokenRegistry();
    const registry = server.host.replace('127.0.0.1', 'registry.localhost');
    assert.notEqual(registry, server.host);
    assert.equal((await login(registry, { ...ADA, authfile: place() })).registry, registry);
  });

  it('sends a password over no plain http but to this machine', async () => {
    const error = await failureOf(login('registry.invalid:1', { ...ADA, authfile: place() }), 'ERR_TSRUN_REGISTRY_UNREACHABLE');
    assert.doesNotMatch(error.message, /http:/);
  });
});

describe('the registry’s name', () => {
  const home = homeWith({
    'auth.json': {
      auths: {
        'https://index.docker.io/v1/': auth('hub', 'x'),
        'r.example:5000': auth('port', 'x'),
        localhost: auth('local', 'x'),
        'quay.io/team': auth('team', 'x'),
      },
    },
  });
  const who: Record<string, string | undefined> = {
    'docker.io': 'hub',
    'index.docker.io': 'hub',
    'https://index.docker.io/v1/': 'hub',
    'r.example:5000': 'port',
    'r.example:5000/': 'port',
    'https://r.example:5000/any/path': 'port',
    localhost: 'local',
    'quay.io': undefined,
    'quay.io/team': 'team',
  };
  for (const [name, user] of Object.entries(who)) {
    it(`${name} is ${user ?? 'nobody'}’s`, async () => assert.equal(await loggedInAs(name, { authfile: join(home, 'auth.json') }), user));
  }

  it('is to be a host', async () => {
    for (const name of [
      '',
      'alpine',
      'ada:planted@r.example',
      'r.example/team:v1',
      'r.example//x',
      'r example',
      '../x',
      'file:///x',
      'r.example@sha256:0',
    ]) {
      const error = await failureOf(logout(name, { authfile: join(home, 'auth.json') }), 'ERR_TSRUN_USAGE');
      assert.match(error.message, / is not a registry$/);
      assert.doesNotMatch(error.message, /planted/);
    }
  });

  it('goes with a user and a password, or with neither', async () => {
    const authfile = join(home, 'auth.json');
    for (const options of [
      { username: 'ada' },
      { password: 'planted' },
      { username: 'a:b', password: 'planted' },
      { username: '', password: '' },
    ]) {
      const error = await failureOf(login('r.example', { ...options, authfile }), 'ERR_TSRUN_USAGE');
      assert.doesNotMatch(`${error.message} ${error.hint}`, /planted/);
    }
  });
});
