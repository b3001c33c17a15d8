import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isLoopback } from '../../src/registry/loopback.js';
import { checkMaySendCredentials, checkRealm } from '../../src/registry/realm.js';
import { registrable } from '../../src/registry/site.js';

const REGISTRY = new URL('https://registry.example.com/');
const refuses = (code: string, run: () => unknown) => assert.throws(run, (error: unknown) => (error as { code?: string }).code === code);

const noRealms = [
  undefined,
  '',
  'token',
  '/token',
  'file:///etc/passwd',
  'unix:///run/docker.sock',
  'javascript:alert(1)',
  'http://auth.example.com/token',
  'http://registry.example.com/token',
  'http://169.254.169.254/latest/meta-data/iam',
  'https://169.254.169.254/',
  'https://0xa9fea9fe/',
  'https://[::ffff:a9fe:a9fe]/',
  'https://[fe80::1]/',
  'https://metadata.google.internal./x',
  'http://127.0.0.1:2375/',
  'https://localhost/',
  'https://foo.localhost/',
  'https://127.1/',
  'https://0.0.0.0/',
  'https://[::]/',
  'https://user:pass@auth.example.com/',
];
for (const realm of noRealms) {
  test(`no token is fetched from ${realm} for a registry on the network`, () => {
    refuses('ERR_TSRUN_REGISTRY_PROTOCOL', () => checkRealm(realm, REGISTRY));
  });
}

test('https realms are asked for anonymous tokens wherever they are', () => {
  assert.equal(checkRealm('https://auth.docker.io/token?x=1#y', REGISTRY).href, 'https://auth.docker.io/token?x=1');
});

test('plain http realms: loopback for loopback, and the insecure registry itself', () => {
  checkRealm('http://localhost:5001/auth', new URL('http://127.0.0.1:5000/'));
  checkRealm('http://lab.example:5001/auth', new URL('http://lab.example:5000/'));
  refuses('ERR_TSRUN_REGISTRY_PROTOCOL', () => checkRealm('http://other.example/auth', new URL('http://lab.example:5000/')));
  refuses('ERR_TSRUN_REGISTRY_PROTOCOL', () => checkRealm('http://other.example/auth', new URL('http://127.0.0.1:5000/')));
});

const may: [string, string][] = [
  ['https://registry-1.docker.io/', 'https://auth.docker.io/token'],
  ['https://ghcr.io/', 'https://ghcr.io/token'],
  ['https://registry.gitlab.com/', 'https://gitlab.com/jwt/auth'],
  ['https://registry.corp.co.uk/', 'https://sso.corp.co.uk/'],
  ['https://me.azurecr.io/', 'https://me.azurecr.io/oauth2/token'],
  ['https://10.0.0.5:5000/', 'https://10.0.0.5:5000/token'],
  ['https://10.0.0.5:5000/', 'https://10.0.0.5:5001/token'],
  ['http://127.0.0.1:5000/', 'http://localhost:5001/token'],
];
for (const [base, realm] of may) {
  test(`credentials for ${base} go to ${realm}`, () => checkMaySendCredentials(new URL(realm), new URL(base)));
}

const mayNot: [string, string][] = [
  ['https://registry.example.com/', 'https://attacker.test/token'],
  ['https://registry.example.com/', 'https://registry.example.com.attacker.test/'],
  ['https://registry.example.com/', 'https://xexample.com/'],
  ['https://registry.example.com/', 'http://registry.example.com/'],
  ['http://lab.example:5000/', 'http://lab.example:5000/'],
  ['https://victim.co.uk/', 'https://attacker.co.uk/'],
  ['https://victim.com.au/', 'https://attacker.com.au/'],
  ['https://me.azurecr.io/', 'https://attacker.azurecr.io/'],
  ['https://victim.github.io/', 'https://attacker.github.io/'],
  ['https://1.dkr.ecr.eu-west-1.amazonaws.com/', 'https://s3.eu-west-1.amazonaws.com/'],
  ['https://europe-docker.pkg.dev/', 'https://us-docker.pkg.dev/'],
  ['https://quay.io/', 'https://ghcr.io/'],
  ['https://10.0.0.5/', 'https://11.0.0.5/'],
  ['https://localhost.example/', 'http://127.0.0.1/'],
  ['https://com/', 'https://example.com/'],
  ['https://attacker.docker.io/', 'https://auth.docker.com/'],
];
for (const [base, realm] of mayNot) {
  test(`credentials for ${base} do not go to ${realm}`, () => {
    refuses('ERR_TSRUN_REGISTRY_UNAUTHORIZED', () => checkMaySendCredentials(new URL(realm), new URL(base)));
  });
}

test('a registrable domain is the part that one owner bought', () => {
  assert.equal(registrable('a.b.example.com'), 'example.com');
  assert.equal(registrable('a.example.co.uk'), 'example.co.uk');
  assert.equal(registrable('com'), undefined);
  assert.equal(registrable('co.uk'), undefined);
  assert.equal(registrable('x.run.app'), undefined);
});

test('loopback is told by address, in all its spellings', () => {
  for (const host of [
    'localhost',
    'LOCALHOST.',
    'x.localhost',
    '127.0.0.1',
    '127.255.0.1',
    '127.1',
    '0x7f.1',
    '2130706433',
    '[::1]',
    '[::ffff:127.0.0.1]',
  ]) {
    assert.ok(isLoopback(new URL(`http://${host}/`)), host);
  }
  for (const host of ['localhost.example', '128.0.0.1', '[::2]', '10.0.0.1', 'notlocalhost', '127.0.0.1.example']) {
    assert.ok(!isLoopback(new URL(`http://${host}/`)), host);
  }
});
