/** Credential helpers, honest and otherwise: what they are told, what is believed of what they say, and that they end. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { inspect } from 'node:util';
import { parseReference, type RegistryReference } from '../../src/reference/parse.js';
import { getFromHelper, storeInHelper } from '../../src/registry/credential-helper.js';
import { findCredentials } from '../../src/registry/credentials.js';
import { isRunning } from '../harness/processes.js';
import { until } from '../harness/wait.js';
import { failureOf } from './fake-server.js';
import { contextFor, helperProgram } from './helper-program.js';
import { auth, homeWith } from './home.js';

const ANSWER = `echo '{"ServerURL":"r.example","Username":"ada","Secret":"planted-secret"}'`;
const NOT_FOUND = `echo 'credentials not found in native keychain'; exit 1`;
const HELPER = { name: 'fake', server: 'r.example' };

function find(config: object, path: string, image = 'r.example/team/app') {
  const home = homeWith({ '.docker/config.json': config });
  return findCredentials(parseReference(image) as RegistryReference, contextFor({ HOME: home, PATH: path }));
}

describe('a credential helper', () => {
  it('of this registry is asked with its name, and its answer used', async () => {
    const { path, calls } = helperProgram('fake', ANSWER);
    const { credentials } = await find({ credHelpers: { 'r.example': 'fake' }, auths: { 'r.example': auth('old', 'x') } }, path);
    assert.deepEqual(credentials, { user: 'ada', password: 'planted-secret' });
    assert.deepEqual(calls(), ['get r.example']);
  });

  it('of all registries is asked about Docker Hub by its URL, and about none that has another helper or is excepted', async () => {
    const { path, calls } = helperProgram('fake', ANSWER);
    const other = helperProgram('other', ANSWER);
    const config = { credsStore: 'fake', credHelpers: { 'other.example': 'other', 'file.example': '' } };
    for (const image of ['alpine', 'other.example/a', 'file.example/a']) await find(config, `${other.directory}:${path}`, image);
    assert.deepEqual(calls(), ['get https://index.docker.io/v1/']);
    assert.deepEqual(other.calls(), ['get other.example']);
  });

  it('that knows nothing leaves what is written in the file, or nothing', async () => {
    const { path } = helperProgram('fake', NOT_FOUND);
    assert.deepEqual(await find({ credsStore: 'fake' }, path), {});
    const written = await find({ credsStore: 'fake', auths: { 'r.example': auth('ada', 'pw') } }, path);
    assert.deepEqual(written, { credentials: { user: 'ada', password: 'pw' } });
  });

  it('gives an identity token under the user name <token>', async () => {
    const { path } = helperProgram('fake', `echo '{"Username":"<token>","Secret":"it"}'`);
    assert.deepEqual(await getFromHelper(HELPER, contextFor({ PATH: path })), { identityToken: 'it' });
  });

  it('gets its user’s environment', async () => {
    const { path } = helperProgram('fake', `printf '{"Username":"%s","Secret":"x"}' "$DBUS_SESSION_BUS_ADDRESS"`);
    const context = contextFor({ PATH: path, DBUS_SESSION_BUS_ADDRESS: 'here' });
    assert.deepEqual(await getFromHelper(HELPER, context), { user: 'here', password: 'x' });
  });

  it('gets a password on standard input, and none among its arguments', async () => {
    const { path, calls } = helperProgram('fake', 'true');
    const server = 'r.example';
    await storeInHelper({ name: 'fake', server, from: 'credsStore' }, { user: 'ada', password: 'p"w' }, contextFor({ PATH: path }));
    assert.deepEqual(calls(), ['store {"ServerURL":"r.example","Username":"ada","Secret":"p\\"w"}']);
  });
});

describe('a credential helper that is not there', () => {
  it('is an error that names it and where it was looked for, when it is this registry’s', async () => {
    const error = await failureOf(find({ credHelpers: { 'r.example': 'gone' } }, '/nowhere:.:/usr/lib'), 'ERR_TSRUN_CREDENTIAL_HELPER');
    assert.equal(error.message, 'there is no docker-credential-gone (looked for in /nowhere, /usr/lib)');
    assert.match(error.hint, /^install it, or take it out of the file that names it/);
  });

  it('is told, and the registry asked without a login, when it is that of all', async () => {
    const { credentials, missing } = await find({ credsStore: 'gone' }, '/nowhere');
    assert.equal(credentials, undefined);
    assert.equal(missing?.program, 'docker-credential-gone');
  });
});

const failing: [name: string, body: string, message: RegExp][] = [
  ['fails in words', `echo 'the keyring is locked'; exit 1`, /^docker-credential-fake failed to get: the keyring is locked$/],
  ['fails on standard error', 'echo no display >&2; exit 2', /failed to get: no display$/],
  ['fails without a word', 'exit 1', /failed to get: it gave no reason$/],
  ['fails with a secret', `${ANSWER}; exit 1`, /failed to get: it gave no reason$/],
  ['prints no JSON', 'echo planted-secret', /answered with something else than credentials$/],
  ['prints a list', `echo '["planted-secret"]'`, /answered with something else than credentials$/],
  ['gives a user without a name', `echo '{"Username":"","Secret":"planted-secret"}'`, /without a usable user name$/],
  ['gives a user with a colon', `echo '{"Username":"a:b","Secret":"planted-secret"}'`, /without a usable user name$/],
  ['prints without end', 'while :; do echo planted-secret-planted-secret-planted-secret; done', /answered with more than 1048576 bytes$/],
  ['paints the terminal', `printf '\\033[31mred'; exit 1`, /failed to get: \[31mred$/],
];
for (const [name, body, message] of failing) {
  it(`a credential helper that ${name} is refused, and nothing secret shown`, async () => {
    const context = contextFor({ PATH: helperProgram('fake', body).path });
    const error = await failureOf(getFromHelper(HELPER, { ...context, tuning: { helper: 20_000 } }), 'ERR_TSRUN_CREDENTIAL_HELPER');
    assert.match(error.message, message);
    assert.doesNotMatch(inspect(error, { depth: 9, showHidden: true }), /planted/);
  });
}

it('a credential helper that cannot be started is an error that names it', async () => {
  const { path, directory } = helperProgram('fake', '');
  writeFileSync(join(directory, 'docker-credential-fake'), '#!/nowhere/sh\n', { mode: 0o755 });
  const error = await failureOf(getFromHelper(HELPER, contextFor({ PATH: path })), 'ERR_TSRUN_CREDENTIAL_HELPER');
  assert.match(`${error.message}: ${error.hint}`, /^docker-credential-fake cannot be started: .*: check \/\S+\/docker-credential-fake$/);
});

it('a credential helper that hangs is ended with all that it started, at the limit or by the caller', async () => {
  const { path, directory } = helperProgram('fake', 'sleep 1000 & echo $! >>"$(dirname "$0")/pids"; wait');
  const started = () =>
    existsSync(join(directory, 'pids')) ? readFileSync(join(directory, 'pids'), 'utf8').trim().split('\n').map(Number) : [];
  const context = contextFor({ PATH: path });
  const error = await failureOf(getFromHelper(HELPER, { ...context, tuning: { helper: 300 } }), 'ERR_TSRUN_CREDENTIAL_HELPER');
  assert.equal(error.message, 'docker-credential-fake did not answer within 0.3 s');
  const before = started().length;
  const controller = new AbortController();
  const asking = getFromHelper(HELPER, { ...context, tuning: { helper: 20_000 }, signal: controller.signal });
  await until(() => started().length > before);
  controller.abort();
  await failureOf(asking, 'ERR_TSRUN_INTERRUPTED');
  await failureOf(getFromHelper(HELPER, { ...context, signal: controller.signal }), 'ERR_TSRUN_INTERRUPTED');
  assert.equal(started().length, before + 1);
  assert.ok(await until(() => !started().some(isRunning)));
});
