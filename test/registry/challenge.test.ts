import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseChallenges } from '../../src/registry/challenge.js';

const read = (...headers: string[]) => parseChallenges(headers).map(({ scheme, params }) => [scheme, Object.fromEntries(params)]);

test('the challenges of known registries are read', () => {
  assert.deepEqual(read('Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:a/b:pull,push"'), [
    ['bearer', { realm: 'https://auth.docker.io/token', service: 'registry.docker.io', scope: 'repository:a/b:pull,push' }],
  ]);
  assert.deepEqual(read('Basic realm="Registry Realm"'), [['basic', { realm: 'Registry Realm' }]]);
  assert.deepEqual(read('BEARER realm=https://r.example/t,service=x'), [['bearer', { realm: 'https://r.example/t', service: 'x' }]]);
});

test('several challenges are told apart, in one header or in several', () => {
  const expected = [
    ['negotiate', {}],
    ['bearer', { realm: 'r', error: 'a, b="c"' }],
    ['basic', { realm: 'x' }],
  ];
  assert.deepEqual(read('Negotiate, Bearer realm="r" , error="a, b=\\"c\\"", Basic realm="x"'), expected);
  assert.deepEqual(read('Negotiate', 'Bearer realm = "r",,error="a, b=\\"c\\""', 'Basic realm="x"'), expected);
  assert.deepEqual(read('NTLM TlRMTVNTUAAB==, Basic realm="x"'), [
    ['ntlm', {}],
    ['basic', { realm: 'x' }],
  ]);
});

test('the first of equal parameters counts, and names like __proto__ are only names', () => {
  const [challenge] = parseChallenges(['Bearer realm="good",realm="evil",__proto__="x"']);
  assert.equal(challenge?.params.get('realm'), 'good');
  assert.equal(challenge?.params.get('__proto__'), 'x');
});

test('what follows a syntax error is left out', () => {
  assert.deepEqual(read('Bearer realm="never closed, Basic realm="x"').at(0)?.[0], 'bearer');
  assert.deepEqual(read(''), []);
  assert.deepEqual(read('"quoted"'), []);
  assert.deepEqual(read(`Bearer ${'a=b,'.repeat(10_000)}`), []);
});

test('any text at all ends quickly, without an exception', () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom('Bearer', 'Basic', ' ', ',', '=', '"', '\\', 'realm', 'é', '\0', '/', 'a'), { maxLength: 200 }),
      (parts) => {
        for (const { scheme } of parseChallenges([parts.join('')])) assert.match(scheme, /^[a-z]+$/);
      },
    ),
  );
  const begun = performance.now();
  parseChallenges(['" '.repeat(8000), `a="${'\\'.repeat(16_000)}`, 'a ='.repeat(5000), ' '.repeat(16_000)]);
  assert.ok(performance.now() - begun < 500);
});
