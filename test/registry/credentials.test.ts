import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { parseReference, type RegistryReference } from '../../src/reference/parse.js';
import { findCredentials } from '../../src/registry/credentials.js';
import { temporaryDirectory } from '../harness/temporary.js';
import { failureOf } from './fake-server.js';

const auth = (user: string, password: string) => ({ auth: Buffer.from(`${user}:${password}`).toString('base64') });
const ref = (text: string) => parseReference(text) as RegistryReference;

function homeWith(files: Record<string, unknown>): string {
  const home = temporaryDirectory();
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(home, name)), { recursive: true });
    writeFileSync(join(home, name), typeof content === 'string' ? content : JSON.stringify(content));
  }
  return home;
}

async function found(config: unknown, image: string) {
  return findCredentials(ref(image), { HOME: homeWith({ '.docker/config.json': config }) });
}

test('no file, no credentials', async () => {
  assert.deepEqual(await findCredentials(ref('alpine'), { HOME: temporaryDirectory() }), {});
  assert.deepEqual(await findCredentials(ref('alpine'), {}), {});
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
  assert.equal((await found({ auths }, 'quay.io/team/app')).credentials?.user, 'app');
  assert.equal((await found({ auths }, 'quay.io/team/other')).credentials?.user, 'team');
  assert.equal((await found({ auths }, 'quay.io/teams/app')).credentials?.user, 'all');
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
  const user = async (env: NodeJS.ProcessEnv) => (await findCredentials(ref('r.example/a'), env)).credentials?.user;
  assert.equal(await user({ HOME: home }), 'docker');
  assert.equal(await user({ HOME: home, XDG_RUNTIME_DIR: join(home, 'podman') }), 'podman');
  assert.equal(await user({ HOME: home, XDG_RUNTIME_DIR: join(home, 'podman'), DOCKER_CONFIG: join(home, 'named') }), 'named');
  assert.equal(await user({ HOME: home, DOCKER_CONFIG: join(home, 'named'), REGISTRY_AUTH_FILE: join(home, 'file.json') }), 'file');
  assert.equal(await user({ HOME: home, REGISTRY_AUTH_FILE: join(home, 'missing.json') }), undefined);
});

test('an empty entry with a credential helper is no login; the helper is named', async () => {
  assert.deepEqual(await found({ auths: { 'https://index.docker.io/v1/': {} }, credsStore: 'desktop' }, 'alpine'), { helper: 'desktop' });
  assert.deepEqual(await found({ credHelpers: { 'gcr.io': 'gcloud' } }, 'gcr.io/a'), { helper: 'gcloud' });
  assert.deepEqual(await found({ credsStore: '../../x' }, 'alpine'), {});
});

const broken: Record<string, unknown> = {
  'no JSON': '{"auths": {"r.example": {"auth": "planted-secret',
  'a list': [],
  'an entry that is text': { auths: { 'r.example': 'planted-secret' } },
  'auth without a colon': { auths: { 'r.example': { auth: Buffer.from('planted-secret').toString('base64') } } },
  'auth that is not base64': { auths: { 'r.example': { auth: 'planted secret!' } } },
  'an identity token': { auths: { 'r.example': { ...auth('ada', 'planted-secret'), identitytoken: 'planted-secret' } } },
  'a registry token': { auths: { 'r.example': { registrytoken: 'planted-secret' } } },
  'a token user': { auths: { 'r.example': auth('<token>', 'planted-secret') } },
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
  await failureOf(findCredentials(ref('alpine'), { HOME: home }), 'ERR_TSRUN_CREDENTIALS_INVALID');
});
