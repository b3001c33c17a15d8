import assert from 'node:assert/strict';
import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { parseReference, type RegistryReference } from '../../src/reference/parse.js';
import { type Found, findCredentials } from '../../src/registry/credentials.js';
import { temporaryDirectory } from '../harness/temporary.js';
import { failureOf } from './fake-server.js';
import { contextFor } from './helper-program.js';
import { auth, homeWith } from './home.js';

const ref = (text: string) => parseReference(text) as RegistryReference;
const find = (image: string, env: NodeJS.ProcessEnv) => findCredentials(ref(image), contextFor(env));
const found = (config: unknown, image: string) => find(image, { HOME: homeWith({ '.docker/config.json': config }) });
const userIn = ({ credentials }: Found) => (credentials as { user?: string } | undefined)?.user;

test('no file, no credentials', async () => {
  assert.deepEqual(await find('alpine', { HOME: temporaryDirectory() }), {});
  assert.deepEqual(await find('alpine', {}), {});
});

for (const key of ['https://index.docker.io/v1/', 'docker.io', 'index.docker.io', 'registry-1.docker.io', 'https://index.docker.io/v1']) {
  test(`docker.io is found under ${key}`, async () => {
    assert.deepEqual(await found({ auths: { [key]: auth('ada', 'pw') } }, 'alpine'), { credentials: { user: 'ada', password: 'pw' } });
  });
}

test('a registry is found by host and port, also as a URL, and never by another port or a longer name', async () => {
  for (const key of ['r.example:5000', 'https://r.example:5000', 'https://r.example:5000/v2/', 'http://r.example:5000/']) {
    assert.ok((await found({ auths: { [key]: auth('ada', 'pw') } }, 'r.example:5000/a')).credentials, key);
  }
  for (const key of ['r.example', 'r.example:5001', 'xr.example:5000', 'example:5000', 'docker.io']) {
    assert.deepEqual(await found({ auths: { [key]: auth('ada', 'pw') } }, 'r.example:5000/a'), {}, key);
  }
});

test('the longest namespace wins, as in podman', async () => {
  const auths = { 'quay.io': auth('all', 'x'), 'quay.io/team': auth('team', 'x'), 'quay.io/team/app': auth('app', 'x') };
  assert.equal(userIn(await found({ auths }, 'quay.io/team/app')), 'app');
  assert.equal(userIn(await found({ auths }, 'quay.io/team/other')), 'team');
  assert.equal(userIn(await found({ auths }, 'quay.io/teams/app')), 'all');
});

test('passwords may contain colons and any characters; NUL padding goes', async () => {
  assert.deepEqual((await found({ auths: { r: {}, 'r.example': auth('ada', 'a:b é\0\0') } }, 'r.example/a')).credentials, {
    user: 'ada',
    password: 'a:b é',
  });
  assert.deepEqual((await found({ auths: { 'r.example': { username: 'ada', password: 'pw' } } }, 'r.example/a')).credentials, {
    user: 'ada',
    password: 'pw',
  });
});

test('REGISTRY_AUTH_FILE alone, DOCKER_CONFIG first, else podman’s files before docker’s', async () => {
  const home = homeWith({
    '.docker/config.json': { auths: { 'r.example': auth('docker', 'x') } },
    'podman/containers/auth.json': { auths: { 'r.example': auth('podman', 'x') } },
    'named/config.json': { auths: { 'r.example': auth('named', 'x') } },
    'file.json': { auths: { 'r.example': auth('file', 'x') } },
  });
  const user = async (env: NodeJS.ProcessEnv) => userIn(await find('r.example/a', env));
  assert.equal(await user({ HOME: home }), 'docker');
  assert.equal(await user({ HOME: home, XDG_RUNTIME_DIR: join(home, 'podman') }), 'podman');
  assert.equal(await user({ HOME: home, XDG_RUNTIME_DIR: join(home, 'podman'), DOCKER_CONFIG: join(home, 'named') }), 'named');
  chmodSync(join(home, 'podman'), 0o750);
  assert.equal(await user({ HOME: home, XDG_RUNTIME_DIR: join(home, 'podman') }), 'docker', 'what su or sudo left is not ours');
  assert.equal(await user({ HOME: home, DOCKER_CONFIG: join(home, 'named'), REGISTRY_AUTH_FILE: join(home, 'file.json') }), 'file');
  assert.equal(await user({ HOME: home, REGISTRY_AUTH_FILE: join(home, 'missing.json') }), undefined);
});

test('an entry without anything in it is no login', async () => {
  assert.deepEqual(await found({ auths: { 'https://index.docker.io/v1/': {} } }, 'alpine'), {});
  assert.deepEqual(await found({ auths: { 'r.example': {}, 'https://r.example': auth('ada', 'pw') } }, 'r.example/a'), {
    credentials: { user: 'ada', password: 'pw' },
  });
});

test('the path of a URL says nothing, that of a name is a namespace', async () => {
  assert.equal(userIn(await found({ auths: { 'https://r.example/any/path': auth('ada', 'pw') } }, 'r.example/a')), 'ada');
  assert.deepEqual(await found({ auths: { 'r.example/other': auth('ada', 'pw') } }, 'r.example/a'), {});
});

test('identity tokens, with and without a user, and registry tokens', async () => {
  const cases: [entry: object, credentials: object][] = [
    [
      { ...auth('ada', ''), identitytoken: 'it' },
      { identityToken: 'it', user: 'ada' },
    ],
    [{ ...auth('<token>', ''), identitytoken: 'it' }, { identityToken: 'it' }],
    [{ identitytoken: 'it' }, { identityToken: 'it' }],
    [auth('<token>', 'it'), { identityToken: 'it' }],
    [{ ...auth('ada', 'pw'), registrytoken: 'rt' }, { registryToken: 'rt' }],
  ];
  for (const [entry, credentials] of cases)
    assert.deepEqual(await found({ auths: { 'r.example': entry } }, 'r.example/a'), { credentials });
});

const broken: Record<string, unknown> = {
  'no JSON': '{"auths": {"r.example": {"auth": "planted-secret',
  'a list': [],
  'an entry that is text': { auths: { 'r.example': 'planted-secret' } },
  'auth without a colon': { auths: { 'r.example': { auth: Buffer.from('planted-secret').toString('base64') } } },
  'auth that is not base64': { auths: { 'r.example': { auth: 'planted secret!' } } },
  'an identity token of two lines': { auths: { 'r.example': { identitytoken: 'planted\nsecret' } } },
  'a registry token of two lines': { auths: { 'r.example': { registrytoken: 'planted\r\nsecret' } } },
  'a credential helper that is a path': { credsStore: '../../planted' },
  'a credential helper of this registry that is a path': { credHelpers: { 'r.example': '/planted' } },
  'a huge file': `"${'planted'.repeat(200_000)}"`,
};
for (const [name, config] of Object.entries(broken)) {
  test(`${name}: a clear error that shows nothing of it`, async () => {
    const error = await failureOf(found(config, 'r.example/a'), 'ERR_TSRUN_CREDENTIALS_INVALID');
    assert.match(error.message, /config\.json/);
    assert.doesNotMatch(inspect(error, { depth: 10, showHidden: true }), /planted|cGxhbnRlZ/);
  });
}

test('an unreadable file is an error, not an anonymous pull', async () => {
  const home = temporaryDirectory();
  mkdirSync(join(home, '.docker/config.json'), { recursive: true });
  await failureOf(find('alpine', { HOME: home }), 'ERR_TSRUN_CREDENTIALS_INVALID');
});
