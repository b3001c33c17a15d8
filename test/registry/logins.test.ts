/** Where a login is kept, that it is found again, and that nothing else in the files changes. */
import assert from 'node:assert/strict';
import { existsSync, lchownSync, readdirSync, readFileSync, renameSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { changeAuths } from '../../src/registry/auth-file-write.js';
import type { HelperContext } from '../../src/registry/credential-helper.js';
import { findCredentials } from '../../src/registry/credentials.js';
import { giveUpAll, giveUpLogin, keepLogin } from '../../src/registry/logins.js';
import { failureOf } from './fake-server.js';
import { contextFor, keepingHelper } from './helper-program.js';
import { auth, homeWith } from './home.js';

const HUB = { registry: 'docker.io', namespace: '' };
const QUAY = { registry: 'quay.io', namespace: '' };
const ADA = { user: 'ada', password: 'pw:"é' };
const DOCKERS = '.docker/config.json';
const PODMANS = '.config/containers/auth.json';

function at(files: Record<string, unknown>, more: NodeJS.ProcessEnv = {}) {
  const home = homeWith({ 'run/none': '', ...files });
  const context = contextFor({ HOME: home, XDG_RUNTIME_DIR: join(home, 'run'), ...more });
  const json = (name: string): { auths?: Record<string, unknown> } => JSON.parse(readFileSync(join(home, name), 'utf8'));
  return { home, context, json };
}

const found = async (context: HelperContext, registry = 'quay.io', repository = 'team/app') =>
  (await findCredentials({ registry, repository }, context)).credentials;

describe('a login is kept', () => {
  it('in docker’s file where there is one, else in podman’s that outlives a reboot, for its owner alone', async () => {
    for (const [files, file, key] of [
      [{ [DOCKERS]: '' }, DOCKERS, 'https://index.docker.io/v1/'],
      [{}, PODMANS, 'docker.io'],
    ] as const) {
      const { home, context, json } = at(files);
      assert.deepEqual(await keepLogin(HUB, ADA, context), { file: join(home, file) });
      assert.deepEqual(json(file), { auths: { [key]: auth('ada', ADA.password) } });
      assert.equal(statSync(join(home, file)).mode & 0o7777, 0o600);
      assert.deepEqual(await found(context, 'docker.io'), ADA);
      assert.deepEqual(
        readdirSync(join(home, file, '..')).filter((name) => !file.endsWith(name)),
        [],
      );
    }
  });

  it('in the file that is named, or in DOCKER_CONFIG', async () => {
    const { home, context, json } = at({ [DOCKERS]: {} });
    const env = { ...context.env, REGISTRY_AUTH_FILE: join(home, 'new/logins.json') };
    await keepLogin(QUAY, ADA, { ...context, env });
    assert.deepEqual(json('new/logins.json'), { auths: { 'quay.io': auth('ada', ADA.password) } });
    await keepLogin(QUAY, ADA, { ...context, env: { ...context.env, DOCKER_CONFIG: join(home, 'other') } });
    assert.deepEqual(json('other/config.json'), { auths: { 'quay.io': auth('ada', ADA.password) } });
    assert.deepEqual(json(DOCKERS), {});
  });

  it('so that no older one hides it, in whatever spelling', async () => {
    const old = auth('old', 'x');
    const { context, json } = at({
      'run/containers/auth.json': { auths: { 'docker.io': old, 'quay.io': old } },
      [DOCKERS]: { auths: { 'docker.io': old, 'https://index.docker.io/v1/': old, 'quay.io/team': old } },
    });
    await keepLogin(HUB, ADA, context);
    assert.deepEqual(await found(context, 'docker.io'), ADA);
    assert.deepEqual(json('run/containers/auth.json').auths, { 'quay.io': old });
    assert.deepEqual(json(DOCKERS).auths, { 'quay.io/team': old, 'https://index.docker.io/v1/': auth('ada', ADA.password) });
  });

  it('with everything else in the file as it was', async () => {
    const before =
      '{\n\t"HttpHeaders": {"User-Agent": "x"},\n\t"auths": {\n\t\t"a.example": {"auth": "YTpi"}\n\t},\n\t"n": 12345678901234567890\n}\n';
    const { home, context } = at({ [DOCKERS]: before });
    await keepLogin(QUAY, ADA, context);
    const after = readFileSync(join(home, DOCKERS), 'utf8');
    const entry = `,\n\t\t"quay.io": ${JSON.stringify(auth('ada', ADA.password))}`;
    assert.equal(after, before.replace('"YTpi"}', `"YTpi"}${entry}`));
    assert.ok(await giveUpLogin(QUAY, context));
    assert.equal(readFileSync(join(home, DOCKERS), 'utf8'), before);
  });

  it('of a namespace beside that of its registry, and given up alone', async () => {
    const { context, json } = at({ [DOCKERS]: { auths: { 'quay.io': auth('all', 'x') } } });
    await keepLogin({ registry: 'quay.io', namespace: 'team' }, ADA, context);
    assert.deepEqual(json(PODMANS).auths, { 'quay.io/team': auth('ada', ADA.password) });
    assert.deepEqual(await found(context), ADA);
    assert.deepEqual(await found(context, 'quay.io', 'other/app'), { user: 'all', password: 'x' });
    assert.ok(await giveUpLogin({ registry: 'quay.io', namespace: 'team' }, context));
    assert.deepEqual(await found(context), { user: 'all', password: 'x' });
  });

  it('by many at a time: none is lost', async () => {
    const { context, json } = at({ [DOCKERS]: {} });
    const names = Array.from({ length: 8 }, (_, index) => `r${index}.example`);
    await Promise.all(names.map((registry) => keepLogin({ registry, namespace: '' }, ADA, context)));
    assert.deepEqual(Object.keys(json(DOCKERS).auths ?? {}).sort(), names);
  });
});

describe('a login that a helper keeps', () => {
  it('is in no file, is found, and is erased', async () => {
    const helper = keepingHelper('fake');
    const { home, context, json } = at({ [DOCKERS]: { credsStore: 'fake' } }, { PATH: helper.path });
    assert.deepEqual(await keepLogin(HUB, ADA, context), { file: join(home, DOCKERS), helper: 'docker-credential-fake' });
    assert.deepEqual(helper.stored(), { ServerURL: 'https://index.docker.io/v1/', Username: 'ada', Secret: ADA.password });
    assert.deepEqual(json(DOCKERS), { credsStore: 'fake', auths: { 'https://index.docker.io/v1/': {} } });
    assert.deepEqual(await found(context, 'docker.io'), ADA);
    assert.ok(await giveUpLogin(HUB, context));
    assert.equal(await found(context, 'docker.io'), undefined);
    assert.deepEqual(json(DOCKERS), { credsStore: 'fake', auths: {} });
    assert.equal(await giveUpLogin(HUB, context), false);
  });

  it('is not kept when the helper fails or is not there, nor in its place in the file', async () => {
    const { context, json } = at({ [DOCKERS]: { credHelpers: { 'quay.io': 'gone' } } });
    await failureOf(keepLogin(QUAY, ADA, context), 'ERR_TSRUN_CREDENTIAL_HELPER');
    assert.deepEqual(json(DOCKERS), { credHelpers: { 'quay.io': 'gone' } });
    await failureOf(keepLogin({ registry: 'quay.io', namespace: '' }, ADA, context), 'ERR_TSRUN_CREDENTIAL_HELPER');
  });

  it('is given up with all others', async () => {
    const helper = keepingHelper('fake');
    const { context, json } = at(
      {
        [DOCKERS]: { auths: { 'a.example': auth('a', 'b') }, credHelpers: { 'quay.io': 'fake' } },
        [PODMANS]: { auths: { 'b.example/c': auth('a', 'b') } },
      },
      { PATH: helper.path },
    );
    await keepLogin(QUAY, ADA, context);
    assert.deepEqual((await giveUpAll(context)).sort(), ['a.example', 'b.example/c', 'quay.io']);
    assert.deepEqual([json(DOCKERS).auths, json(PODMANS).auths], [{}, {}]);
    assert.equal(await found(context), undefined);
    assert.deepEqual(await giveUpAll(context), []);
    const store = at({ [DOCKERS]: { credsStore: 'fake' } }, { PATH: helper.path });
    await keepLogin(HUB, ADA, store.context);
    assert.deepEqual(await giveUpAll(store.context), ['https://index.docker.io/v1/']);
    assert.equal(await found(store.context, 'docker.io'), undefined);
  });
});

describe('a file of logins that is a link', () => {
  it('stays one, and what it leads to is written', async () => {
    const { home, context, json } = at({ 'dotfiles/config.json': { psFormat: 'x' }, '.docker/other': '' });
    symlinkSync('../dotfiles/config.json', join(home, DOCKERS));
    await keepLogin(QUAY, ADA, context);
    assert.deepEqual(json('dotfiles/config.json'), { psFormat: 'x', auths: { 'quay.io': auth('ada', ADA.password) } });
    assert.ok(existsSync(join(home, DOCKERS)));
  });

  it('and its directory are found once: who moves them meanwhile leads nowhere else', async () => {
    const { home, json } = at({ 'a/auth.json': { auths: {} }, 'b/auth.json': { auths: {} } });
    const changed = changeAuths(join(home, 'a/auth.json'), () => {
      renameSync(join(home, 'a'), join(home, 'moved'));
      symlinkSync('b', join(home, 'a'));
      return { 'quay.io': {} };
    });
    assert.ok(await changed);
    assert.deepEqual([json('moved/auth.json'), json('b/auth.json')], [{ auths: { 'quay.io': {} } }, { auths: {} }]);
    assert.deepEqual(
      ['moved', 'b'].flatMap((name) => readdirSync(join(home, name))),
      ['auth.json', 'auth.json'],
    );
  });

  if (process.getuid?.() === 0)
    it('or reached by one, of another user’s, or to a file of another user’s, is not written through', async () => {
      const { home, context } = at({ 'theirs.json': '{}', 'mine.json': '{}', '.docker/other': '' });
      lchownSync(join(home, 'theirs.json'), 7001, 7001);
      symlinkSync(join(home, 'mine.json'), join(home, 'link'));
      lchownSync(join(home, 'link'), 7001, 7001);
      symlinkSync(join(home, 'theirs.json'), join(home, 'own'));
      symlinkSync('.docker', join(home, 'folder'));
      lchownSync(join(home, 'folder'), 7001, 7001);
      for (const name of ['link', 'own', 'folder/auth.json', 'folder/new/auth.json']) {
        const env = { ...context.env, REGISTRY_AUTH_FILE: join(home, name) };
        const error = await failureOf(keepLogin(QUAY, ADA, { ...context, env }), 'ERR_TSRUN_CREDENTIALS_INVALID');
        assert.match(error.message, /another user.*: nothing is written there$/);
      }
      assert.deepEqual(
        ['theirs.json', 'mine.json'].map((name) => readFileSync(join(home, name), 'utf8')),
        ['{}', '{}'],
      );
      assert.deepEqual(readdirSync(join(home, '.docker')), ['other']);
    });
});

it('a file that is damaged is not overwritten', async () => {
  const { home, context } = at({});
  writeFileSync(join(home, 'logins.json'), '{"auths": {"a.example"');
  const env = { ...context.env, REGISTRY_AUTH_FILE: join(home, 'logins.json') };
  await failureOf(keepLogin(QUAY, ADA, { ...context, env }), 'ERR_TSRUN_CREDENTIALS_INVALID');
  assert.equal(readFileSync(join(home, 'logins.json'), 'utf8'), '{"auths": {"a.example"');
});
