import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseRegistriesConf } from '../../../src/registry/config/parse.js';

const FILE = '/etc/containers/registries.conf';

test('all of a file of version 2', () => {
  const says = parseRegistriesConf(
    `# comment
unqualified-search-registries = ["registry.example.com", 'docker.io/']
short-name-mode = "enforcing"
credential-helpers = ["containers-auth.json"]

[[registry]]
prefix = "example.com/foo"
insecure = false
location = "internal.example.net/bar/"
mirror-by-digest-only = false

[[registry.mirror]]
location = "mirror-0.example/foo"

[[registry.mirror]]
location = "mirror-1.example:5000"
insecure = true
pull-from-mirror = "tag-only"

[[registry]]
location = "registry.example.com"
mirror-by-digest-only = true
[[registry.mirror]]
location = "m.example"

[[registry]]
prefix = "*.corp.example"
blocked = true

[aliases]
"alpine" = "docker.io/library/alpine"
'team/app' = "r.example:5000/team/app"
gone = ""
`,
    FILE,
  );
  const plain = { insecure: false, blocked: false, mirrors: [], file: FILE };
  assert.deepEqual(says, {
    search: ['registry.example.com', 'docker.io'],
    mode: 'enforcing',
    rules: [
      {
        ...plain,
        prefix: 'example.com/foo',
        location: 'internal.example.net/bar',
        mirrors: [
          { location: 'mirror-0.example/foo', insecure: false, use: 'all' },
          { location: 'mirror-1.example:5000', insecure: true, use: 'tag-only' },
        ],
      },
      {
        ...plain,
        prefix: 'registry.example.com',
        location: 'registry.example.com',
        mirrors: [{ location: 'm.example', insecure: false, use: 'digest-only' }],
      },
      { ...plain, prefix: '*.corp.example', location: '', blocked: true },
    ],
    aliases: new Map([
      ['alpine', 'docker.io/library/alpine'],
      ['team/app', 'r.example:5000/team/app'],
      ['gone', ''],
    ]),
  });
});

test('an empty file says nothing, and an empty list something', () => {
  assert.deepEqual(parseRegistriesConf('', FILE), { rules: [], aliases: new Map() });
  assert.deepEqual(parseRegistriesConf('unqualified-search-registries = []', FILE).search, []);
});

test('of two tables with one prefix the first counts, as in containers/image', () => {
  const { rules } = parseRegistriesConf(
    '[[registry]]\nprefix="a.example"\nlocation="b.example"\n[[registry]]\nprefix="a.example"\nlocation="c.example"',
    FILE,
  );
  assert.deepEqual(
    rules.map(({ location }) => location),
    ['b.example'],
  );
});

test('a key that may be of a later version is left aside and said; names of Object.prototype are keys like others', () => {
  const facts: string[] = [];
  const says = parseRegistriesConf(
    'additional-layer-store-auth-helper = "x"\n__proto__ = 1\n[[registry]]\nlocation="a.example"\nquota = 3\n[aliases]\nconstructor = "r.example/c"',
    FILE,
    (fact) => facts.push(fact),
  );
  assert.deepEqual([...says.aliases], [['constructor', 'r.example/c']]);
  assert.deepEqual(facts.map((fact) => /key "(.*)"/.exec(fact)?.[1]).sort(), ['__proto__', 'additional-layer-store-auth-helper', 'quota']);
  assert.equal(({} as { location?: string }).location, undefined);
});

describe('what cannot be honoured is an error with its file and line', () => {
  const table = (lines: string) => `# first\n[[registry]]\nlocation = "ok.example"\n[[registry]]\n${lines}`;
  const mirror = (lines: string) => table(`location = "a.example"\n[[registry.mirror]]\n${lines}`);
  const cases: [string, string, RegExp][] = [
    ['no TOML', 'a = [1,\nb', /registries\.conf:2: /],
    ['a string without end', '\n\nshort-name-mode = "x', /registries\.conf:3: /],
    ['a key twice', 'short-name-mode = "disabled"\nshort-name-mode = "disabled"', /registries\.conf:2: /],
    ['version 1', "[registries.search]\nregistries = ['a.example']", /version 1/],
    ['a wrong type', table('location = "a.example"\ninsecure = "yes"'), /conf:6: insecure is not a true or false/],
    ['a list that is none', 'unqualified-search-registries = "a.example"', /conf:1: .* is not a list of strings/],
    ['a table that is none', 'registry = 3', /conf:1: registry is not a list of tables/],
    ['an unknown mode', '\nshort-name-mode = "ask"', /conf:2: short-name-mode is none of enforcing, permissive, disabled/],
    ['a misspelt key', table('location = "a.example"\nblokced = true'), /conf:6: "blokced" is not known here: did you mean blocked\?/],
    ['a misspelt key of a mirror', mirror('location = "m.example"\ninsecre = true'), /conf:8: "insecre" .* did you mean insecure\?/],
    ['neither prefix nor location', table('insecure = true'), /conf:4: .* neither prefix nor location/],
    ['a prefix without location', table('prefix = "a.example"'), /conf:5: the registry a\.example has no location/],
    ['a URL', table('location = "https://a.example"'), /conf:5: location is a URL/],
    ['a host without a dot', table('location = "registry/team"'), /conf:5: location is no host of a registry/],
    ['a path that is none', table('location = "a.example/UPPER"'), /conf:5: location is not HOST/],
    ['a star elsewhere', table('prefix = "a.*.example"\nlocation="b.example"'), /conf:5: prefix is not \*\.DOMAIN/],
    ['a star with a path', table('prefix = "*.example.com/foo"'), /conf:5: prefix is not \*\.DOMAIN/],
    ['a mirror without location', mirror('insecure = true'), /conf:6: .* has no location/],
    ['an unknown use of a mirror', mirror('location = "m.example"\npull-from-mirror = "never"'), /conf:8: pull-from-mirror is none of/],
    [
      'two words about digests',
      table('location = "a.example"\nmirror-by-digest-only = true\n[[registry.mirror]]\nlocation = "m.example"\npull-from-mirror = "all"'),
      /conf:9: pull-from-mirror cannot be together/,
    ],
    ['pull-from-mirror outside a mirror', table('location = "a.example"\npull-from-mirror = "all"'), /belongs into/],
    ['a keeper of logins that is not asked', 'credential-helpers = ["containers-auth.json", "secretservice"]', /conf:1: .*"secretservice"/],
    ['a contradiction of one host', table('location = "OK.example"\nblocked = true'), /contradicting values of blocked/],
    ['a contradiction', table('prefix = "x.example"\nlocation = "ok.example"\nblocked = true'), /contradicting values of blocked/],
    ['an alias with a tag', '[aliases]\n"app:v1" = "r.example/app"', /conf:2: the alias "app:v1" is no short name/],
    ['an alias of a whole name', '[aliases]\n"r.example/app" = "r.example/app"', /is no short name/],
    ['an alias to a short name', '[aliases]\napp = "team/app"', /conf:2: the alias "app" stands for no image/],
    ['an alias to a tag', '[aliases]\napp = "r.example/app:v1"', /stands for no image/],
    ['an alias that is no string', '[aliases]\napp = 3', /stands for no image/],
    ['a search registry with a scheme', 'unqualified-search-registries = ["https://a.example"]', /conf:1: "https:\/\/a\.example" is a URL/],
  ];
  for (const [what, text, message] of cases) {
    test(what, () => {
      assert.throws(
        () => parseRegistriesConf(text, FILE),
        (error: unknown) => {
          const { code, message: said, hint } = error as { code?: string; message: string; hint?: string };
          assert.equal(code, 'ERR_TSRUN_CONFIG_INVALID');
          assert.match(said, message);
          assert.ok(said.startsWith(FILE) && hint?.includes(FILE));
          return true;
        },
      );
    });
  }
});
