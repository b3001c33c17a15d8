import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { canonicalName, familiarName, familiarRepository } from '../../src/reference/format.js';
import { parseReference, type Reference, type RegistryReference } from '../../src/reference/parse.js';

const hex = '0123456789abcdef'.repeat(4);

test('the canonical name spells everything out', () => {
  assert.equal(canonicalName(parseReference('alpine')), 'docker.io/library/alpine:latest');
  assert.equal(canonicalName(parseReference(`user/app:1@sha256:${hex}`)), `docker.io/user/app:1@sha256:${hex}`);
  assert.equal(canonicalName(parseReference('oci:dir:v1')), 'oci:dir:v1');
});

test('the familiar name is as short as docker shows it', () => {
  assert.equal(familiarName(parseReference('docker.io/library/alpine:3')), 'alpine:3');
  assert.equal(familiarName(parseReference('docker.io/user/app')), 'user/app:latest');
  assert.equal(familiarName(parseReference('localhost:5000/library/app')), 'localhost:5000/library/app:latest');
});

test('a name that would mean something else when shortened stays long', () => {
  for (const repository of ['a.b/c', 'localhost/c', 'library/oci', 'library/oci-archive', 'library/dir', `library/${hex}`]) {
    const ref: RegistryReference = { transport: 'docker', registry: 'docker.io', repository, tag: 'latest' };
    assert.equal(familiarRepository(ref), `docker.io/${repository}`);
  }
  const nested: RegistryReference = { transport: 'docker', registry: 'docker.io', repository: 'library/a/b', tag: 'latest' };
  assert.equal(familiarRepository(nested), 'library/a/b');
});

const word = fc.stringMatching(/^[a-z0-9]{1,8}$/);
const component = fc
  .tuple(word, fc.array(fc.tuple(fc.constantFrom('.', '_', '__', '-', '---'), word), { maxLength: 2 }))
  .map(([first, rest]) => first + rest.map(([separator, part]) => separator + part).join(''));
const repository = fc.array(component, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'));
const port = fc.option(fc.integer({ min: 1, max: 65535 })).map((value) => (value === null ? '' : `:${value}`));
const host = fc.oneof(
  fc.constantFrom('docker.io', 'localhost', 'UPPER', 'quay.io', 'index.docker.io', 'localhost:5000', 'a-b.example'),
  fc.tuple(fc.ipV4(), port).map(([address, end]) => address + end),
  fc.tuple(fc.ipV6(), port).map(([address, end]) => `[${address}]${end}`),
);
const tag = fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,20}$/);
const digest = fc.stringMatching(/^[0-9a-f]{64}$/).map((digits) => `sha256:${digits}`);
/** A first part with a dot would be read as a host, and not every such host exists: 256.1 */
const withoutHost = (path: string) => path.replace(/^[^/]*\//, (first) => first.replaceAll('.', ''));
const name = fc
  .tuple(fc.option(host), repository, fc.option(tag), fc.option(digest))
  .map(
    ([at, path, label, pin]) =>
      `${at === null ? withoutHost(path) : `${at}/${path}`}${label === null ? '' : `:${label}`}${pin === null ? '' : `@${pin}`}`,
  )
  .filter((text) => !/^(?:oci|oci-archive|docker-archive|dir):|^[0-9a-f]{64}$/.test(text));
const archive = fc
  .tuple(fc.constantFrom('oci', 'oci-archive', 'docker-archive', 'dir'), fc.stringMatching(/^[A-Za-z0-9./ _-]{1,20}$/), fc.option(tag))
  .map(([transport, path, ref]) => `${transport}:${path}${ref === null ? '' : `:${ref.replace(/^_/, 'x')}`}`);

test('formatting and parsing again changes nothing', () => {
  fc.assert(
    fc.property(fc.oneof(name, archive), (text) => {
      const ref: Reference = parseReference(text);
      assert.deepEqual(parseReference(canonicalName(ref)), ref);
      assert.deepEqual(parseReference(familiarName(ref)), ref);
      assert.equal(canonicalName(parseReference(canonicalName(ref))), canonicalName(ref));
    }),
    { numRuns: 2000 },
  );
});

test('whatever the text, parsing gives a reference or the one named error', () => {
  const piece = fc.constantFrom(
    'a',
    'A',
    '0',
    '.',
    '..',
    '-',
    '_',
    '/',
    ':',
    '@',
    '[',
    ']',
    ' ',
    '\n',
    '\0',
    'é',
    'oci:',
    'docker://',
    'docker.io',
    'sha256:',
    hex,
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const text = pieces.join('');
      try {
        const ref = parseReference(text);
        assert.deepEqual(parseReference(canonicalName(ref)), ref);
      } catch (error) {
        assert.equal((error as { code?: string }).code, 'ERR_TSRUN_REFERENCE_INVALID', String(error));
      }
    }),
    { numRuns: 5000 },
  );
});
