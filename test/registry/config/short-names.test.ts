import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canonicalName } from '../../../src/reference/format.js';
import { mergeSettings } from '../../../src/registry/config/merge.js';
import { parseRegistriesConf } from '../../../src/registry/config/parse.js';
import { isShortName, pullNames, storeNames } from '../../../src/registry/config/short-names.js';

const DIGEST = `sha256:${'1'.repeat(64)}`;
const settings = (text: string) => mergeSettings([{ file: '/conf', says: parseRegistriesConf(text, '/conf') }]);
const pulled = (text: string, name: string) => pullNames(settings(text), name).map(canonicalName);
const stored = (text: string, name: string) => storeNames(settings(text), name).map(canonicalName);

test('a short name has no registry, and no transport', () => {
  for (const name of ['alpine', 'alpine:3', `alpine@${DIGEST}`, 'team/app', 'a/b/c']) assert.ok(isShortName(name), name);
  for (const name of ['docker.io/alpine', 'localhost/a', 'r:5000/a', 'Host/a', 'docker://alpine', 'oci:dir'])
    assert.ok(!isShortName(name), name);
});

test('without configuration short names are of docker.io, as users of docker expect', () => {
  assert.deepEqual(pulled('', 'alpine'), ['docker.io/library/alpine:latest']);
  assert.deepEqual(pulled('', 'team/app:v1'), ['docker.io/team/app:v1']);
  assert.deepEqual(stored('', 'alpine'), ['docker.io/library/alpine:latest']);
});

test('an alias goes before all else, and keeps tag and digest', () => {
  const text =
    'unqualified-search-registries = ["quay.io"]\n[aliases]\nfedora = "registry.fedoraproject.org/fedora"\n"team/app" = "r.example:5000/x"';
  assert.deepEqual(pulled(text, 'fedora'), ['registry.fedoraproject.org/fedora:latest']);
  assert.deepEqual(pulled(text, 'fedora:40'), ['registry.fedoraproject.org/fedora:40']);
  assert.deepEqual(pulled(text, `fedora:40@${DIGEST}`), [`registry.fedoraproject.org/fedora:40@${DIGEST}`]);
  assert.deepEqual(pulled(text, 'team/app'), ['r.example:5000/x:latest']);
  assert.deepEqual(pulled(text, 'other/fedora'), ['quay.io/other/fedora:latest']);
  assert.deepEqual(pulled(text, 'docker.io/fedora'), ['docker.io/library/fedora:latest']);
});

test('the registries for short names are tried in order, but where the mode is enforcing nobody guesses', () => {
  const two = 'unqualified-search-registries = ["r.example", "docker.io"]\n';
  const both = ['r.example/alpine:latest', 'docker.io/library/alpine:latest'];
  for (const mode of ['', 'short-name-mode = "permissive"', 'short-name-mode = "disabled"'])
    assert.deepEqual(pulled(two + mode, 'alpine'), both);
  assert.throws(() => pulled(`${two}short-name-mode = "enforcing"`, 'alpine'), {
    code: 'ERR_TSRUN_IMAGE_AMBIGUOUS',
    message: /any of r\.example, docker\.io, and short-name-mode is enforcing/,
    hint: /such as r\.example\/alpine/,
  });
  assert.deepEqual(pulled('short-name-mode = "enforcing"\nunqualified-search-registries = ["r.example"]', 'a'), ['r.example/a:latest']);
});

test('an empty list allows no short name to be pulled; whole names stay', () => {
  const none = 'unqualified-search-registries = []';
  assert.throws(() => pulled(none, 'alpine'), {
    code: 'ERR_TSRUN_IMAGE_AMBIGUOUS',
    message: /\/conf allows no registry/,
    hint: /docker\.io\/alpine/,
  });
  assert.deepEqual(pulled(none, 'docker.io/alpine'), ['docker.io/library/alpine:latest']);
  assert.deepEqual(pulled(none, 'docker://alpine'), ['docker.io/library/alpine:latest']);
});

test('the store is looked through under every name, docker.io last', () => {
  const text = 'unqualified-search-registries = ["r.example"]\n[aliases]\na = "s.example/a"';
  assert.deepEqual(stored(text, 'a:v1'), ['s.example/a:v1', 'r.example/a:v1', 'docker.io/library/a:v1']);
  assert.deepEqual(stored(text, 'b'), ['r.example/b:latest', 'docker.io/library/b:latest']);
  assert.deepEqual(stored(text, 'q.example/b'), ['q.example/b:latest']);
});
