import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { canonicalName } from '../../../src/reference/format.js';
import { parseReference, type RegistryReference } from '../../../src/reference/parse.js';
import { mergeSettings } from '../../../src/registry/config/merge.js';
import { parseRegistriesConf } from '../../../src/registry/config/parse.js';
import { parseDaemonJson } from '../../../src/registry/config/parse-daemon.js';
import { ownPlaceOf, sourcesOf } from '../../../src/registry/config/sources.js';

const DIGEST = `sha256:${'1'.repeat(64)}`;
const ref = (text: string) => parseReference(text) as RegistryReference;
const settings = (...texts: string[]) =>
  mergeSettings(texts.map((text, at) => ({ file: `/conf/${at}`, says: parseRegistriesConf(text, `/conf/${at}`) })));
/** `name`, `name!` where it is insecure */
const asked = (says: ReturnType<typeof settings>, text: string) =>
  sourcesOf(says, ref(text)).map((source) => canonicalName(source.ref) + (source.insecure ? '!' : ''));
const rule = (lines: string, ...mirrors: string[]) =>
  `[[registry]]\n${lines}\n${mirrors.map((one) => `[[registry.mirror]]\n${one}\n`).join('')}`;

describe('which names a prefix covers', () => {
  const cases: [string, string, boolean][] = [
    ['example.com', 'example.com/foo', true],
    ['example.com', 'EXAMPLE.com/foo', true],
    ['example.com', 'example.com:443/foo', true],
    ['example.com', 'example.com:5000/foo', false],
    ['example.com', 'example.com.evil.test/foo', false],
    ['example.com', 'sub.example.com/foo', false],
    ['example.com:5000', 'example.com:5000/foo', true],
    ['example.com/foo', 'example.com/foo', true],
    ['example.com/foo', `example.com/foo@${DIGEST}`, true],
    ['example.com/foo', 'example.com/foo/bar:v1', true],
    ['example.com/foo', 'example.com/foobar', false],
    ['example.com/foo:v1', 'example.com/foo:v1', true],
    ['example.com/foo:v1', 'example.com/foo:v12', false],
    ['docker.io', 'alpine', true],
    ['docker.io/library', 'alpine', true],
    ['docker.io/alpine', 'alpine', false],
    ['*.example.com', 'a.example.com/foo', true],
    ['*.example.com', 'a.b.example.com:5000/foo', true],
    ['*.example.com', 'example.com/foo', false],
    ['*.example.com', 'aexample.com/foo', false],
    ['*.example.com', 'a.example.com.evil.test/foo', false],
    ['*.example.com', 'evil.test/a.example.com/foo', false],
  ];
  for (const [prefix, name, covered] of cases) {
    test(`${prefix} ${covered ? 'covers' : 'does not cover'} ${name}`, () => {
      const blocking = settings(rule(`prefix = "${prefix}"\nlocation = "x.example/y"\nblocked = true`));
      if (!covered) assert.deepEqual(asked(blocking, name), [canonicalName(ref(name))]);
      else assert.throws(() => sourcesOf(blocking, ref(name)), { code: 'ERR_TSRUN_REGISTRY_BLOCKED', message: /\/conf\/0 blocks / });
    });
  }
});

test('the longest prefix counts, wherever it stands', () => {
  const says = settings(
    rule('prefix = "example.com/a/b"\nlocation = "two.example"') +
      rule('prefix = "example.com"\nlocation = "none.example"') +
      rule('prefix = "example.com/a"\nlocation = "one.example/x"') +
      rule('prefix = "*.example.org"\ninsecure = true') +
      rule('prefix = "a.example.org"\nlocation = "three.example"'),
  );
  assert.deepEqual(asked(says, 'example.com/a/b/c:v1'), ['two.example/c:v1']);
  assert.deepEqual(asked(says, 'example.com/a/c'), ['one.example/x/c:latest']);
  assert.deepEqual(asked(says, 'example.com/z'), ['none.example/z:latest']);
  assert.deepEqual(asked(says, 'a.example.org/z'), ['three.example/z:latest']);
  assert.deepEqual(asked(says, 'b.example.org/z'), ['b.example.org/z:latest!']);
  assert.deepEqual(asked(says, 'example.net/z'), ['example.net/z:latest']);
});

test('mirrors come first, in order, each with its own insecure; the place itself last; a push goes there alone', () => {
  const says = settings(
    rule(
      'prefix = "docker.io"\nlocation = "hub.corp.example/docker"\ninsecure = true',
      'location = "m0.example/hub"',
      'location = "m1.example:5000"\ninsecure = true',
    ),
  );
  const own = 'hub.corp.example/docker/library/alpine:3.20!';
  assert.deepEqual(asked(says, 'alpine:3.20'), ['m0.example/hub/library/alpine:3.20', 'm1.example:5000/library/alpine:3.20!', own]);
  assert.deepEqual(
    sourcesOf(says, ref('alpine')).map(({ mirror }) => mirror),
    [true, true, false],
  );
  assert.equal(canonicalName(ownPlaceOf(says, ref('alpine:3.20')).ref), own.slice(0, -1));
});

test('mirrors for digests, and for tags', () => {
  const byUse = rule(
    'location = "r.example"',
    'location = "d.example"\npull-from-mirror = "digest-only"',
    'location = "t.example"\npull-from-mirror = "tag-only"',
    'location = "a.example"',
  );
  const ends = (text: string, says = settings(byUse)) => asked(says, text).map((name) => name.split('/')[0]);
  assert.deepEqual(ends('r.example/x:v1'), ['t.example', 'a.example', 'r.example']);
  assert.deepEqual(ends(`r.example/x@${DIGEST}`), ['d.example', 'a.example', 'r.example']);
  assert.deepEqual(ends(`r.example/x:v1@${DIGEST}`), ['d.example', 'a.example', 'r.example']);
  const digests = settings(rule('location = "r.example"\nmirror-by-digest-only = true', 'location = "d.example"'));
  assert.deepEqual(ends('r.example/x:v1', digests), ['r.example']);
  assert.deepEqual(ends(`r.example/x@${DIGEST}`, digests), ['d.example', 'r.example']);
});

test('a prefix with a tag may lead to another tag; what makes no name is an error that names the file', () => {
  const says = settings(
    rule('prefix = "r.example/app:v1"\nlocation = "s.example/app:v2"') + rule('prefix = "r.example/b"\nlocation = "s.example"'),
  );
  assert.deepEqual(asked(says, 'r.example/app:v1'), ['s.example/app:v2']);
  assert.throws(() => sourcesOf(says, ref('r.example/b:v1')), {
    code: 'ERR_TSRUN_CONFIG_INVALID',
    message: /^\/conf\/0: .*"s\.example:v1"/,
  });
});

test('later files replace rules with the same prefix, lists and the mode; others stay', () => {
  const says = settings(
    'unqualified-search-registries = ["a.example"]\nshort-name-mode = "enforcing"\n' +
      rule('prefix = "x.example"\nlocation = "one.example"\nblocked = true') +
      rule('prefix = "y.example"\nlocation = "one.example/y"') +
      '[aliases]\na = "r.example/a"\nb = "r.example/b"\nc = "r.example/c"\n',
    `${rule('prefix = "x.example"\nlocation = "two.example"')}[aliases]\na = "s.example/a"\nb = ""\n`,
    'unqualified-search-registries = []\n' + rule('prefix = "Y.example:443"\nlocation = "y.example"\nblocked = true'),
  );
  assert.deepEqual(asked(says, 'x.example/z'), ['two.example/z:latest']);
  // However its host is written
  assert.throws(() => asked(says, 'y.example/z'), { code: 'ERR_TSRUN_REGISTRY_BLOCKED' });
  assert.deepEqual(
    [...says.aliases],
    [
      ['a', 's.example/a'],
      ['c', 'r.example/c'],
    ],
  );
  assert.deepEqual([says.search, says.mode], [{ registries: [], file: '/conf/2' }, 'enforcing']);
});

describe("docker's daemon.json", () => {
  const json = JSON.stringify({
    'registry-mirrors': ['https://m.example', 'http://plain.example', 'https://p.example:5000/', 'http://mirror:5000'],
    'insecure-registries': ['p.example:5000', 'https://lab.example', '10.0.0.0/8', '2001:db8::/32', '10.0.0.0/99'],
    proxies: { 'http-proxy': 'http://ada:planted@p:1' },
  });
  const daemon = parseDaemonJson(json, '/etc/docker/daemon.json');
  const says = mergeSettings([], daemon);

  test('mirrors are for docker.io, and insecure hosts and ranges for all', () => {
    assert.deepEqual(asked(says, 'alpine'), [
      'm.example/library/alpine:latest',
      'plain.example:80/library/alpine:latest!',
      'p.example:5000/library/alpine:latest!',
      'mirror:5000/library/alpine:latest!',
      'docker.io/library/alpine:latest',
    ]);
    const insecure = ['lab.example/x', 'LAB.example/x', '10.1.2.3:5000/x', '[2001:db8::1]:5000/x'];
    for (const name of insecure) assert.match(asked(says, name).join(), /!$/, name);
    for (const name of ['lab.example:5000/x', '11.1.2.3/x', 'ten.example/x']) assert.doesNotMatch(asked(says, name).join(), /!/, name);
  });

  test('a rule of registries.conf goes before it', () => {
    const says = mergeSettings(
      [{ file: '/f', says: parseRegistriesConf(rule('location = "docker.io"\n') + rule('location = "lab.example"'), '/f') }],
      daemon,
    );
    assert.deepEqual(asked(says, 'alpine'), ['docker.io/library/alpine:latest']);
    assert.deepEqual(asked(says, 'lab.example/x'), ['lab.example/x:latest']);
  });

  test('what cannot be read is an error without a word of the file', () => {
    const wrong = [
      '{"a":"planted",\n}',
      '[]',
      '{"registry-mirrors":"planted"}',
      '{"registry-mirrors":["https://ada:planted@m.example"]}',
      '{"registry-mirrors":["ftp://planted.example"]}',
      '{"registry-mirrors":["https://m.example/planted"]}',
    ];
    for (const text of wrong) {
      assert.throws(
        () => parseDaemonJson(text, '/d.json'),
        (error: Error) => {
          assert.match(error.message, /^\/d\.json(:\d+)?: /);
          assert.doesNotMatch(`${JSON.stringify(error)}${error.stack}`, /planted/);
          return true;
        },
      );
    }
    assert.deepEqual(parseDaemonJson(' \n', '/d.json').mirrors, []);
  });
});
