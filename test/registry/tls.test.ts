import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryDirectory } from '../harness/temporary.js';
import { createAuthority } from './certificates.js';
import { clientFor, failureOf, MANIFEST, openRegistry, refTo, sendManifest } from './fake-server.js';

const authority = createAuthority();
const tls = authority.issue('IP:127.0.0.1');
const registry = (files = tls) => openRegistry((_, response) => sendManifest(response), files);

test('a certificate of an unknown authority is refused, with the way out', async () => {
  await using server = await registry();
  await using client = clientFor();
  const error = await failureOf(client.manifest(refTo(server), 'v1'), 'ERR_TSRUN_REGISTRY_TLS');
  assert.match(error.hint, /NODE_EXTRA_CA_CERTS/);
  assert.deepEqual(server.requests, []);
});

for (const variable of ['TSRUN_EXTRA_CA_CERTS', 'NODE_EXTRA_CA_CERTS']) {
  test(`the authority in ${variable} is trusted; a loopback registry that speaks only TLS is found`, async () => {
    await using server = await registry();
    await using client = clientFor({ env: { [variable]: authority.file } });
    assert.equal((await client.manifest(refTo(server), 'v1')).bytes.toString(), MANIFEST);
  });
}

test('a certificate for another name is refused in spite of its authority', async () => {
  await using server = await registry(authority.issue('DNS:other.example.test'));
  await using client = clientFor({ env: { NODE_EXTRA_CA_CERTS: authority.file } });
  const error = await failureOf(client.manifest(refTo(server), 'v1'), 'ERR_TSRUN_REGISTRY_TLS');
  assert.match(error.hint, /host name that the certificate is for/);
});

test('tlsVerify: false accepts any certificate', async () => {
  await using server = await registry();
  await using client = clientFor({ tlsVerify: false });
  await client.manifest(refTo(server), 'v1');
});

test('an extra CA file that cannot be used is an error, not a weaker trust', async () => {
  const junk = join(temporaryDirectory(), 'junk.pem');
  writeFileSync(junk, 'not a certificate');
  const broken = join(temporaryDirectory(), 'broken.pem');
  writeFileSync(broken, '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n');
  await using server = await registry();
  for (const path of [junk, broken, '/nowhere/ca.pem']) {
    await using client = clientFor({ env: { NODE_EXTRA_CA_CERTS: path } });
    const error = await failureOf(client.manifest(refTo(server), 'v1'), 'ERR_TSRUN_CONFIG_INVALID');
    assert.ok(error.message.includes(path));
  }
});

test('the extra CA file is not even read for plain http', async () => {
  await using server = await openRegistry((_, response) => sendManifest(response));
  await using client = clientFor({ env: { NODE_EXTRA_CA_CERTS: '/nowhere/ca.pem' } });
  await client.manifest(refTo(server), 'v1');
});
