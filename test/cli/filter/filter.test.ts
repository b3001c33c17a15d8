import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { containerFilter, wantsStopped } from '../../../src/cli/filter/containers.js';
import { parseFilters } from '../../../src/cli/filter/filter.js';
import { globMatches } from '../../../src/cli/filter/glob.js';
import { imageFilter, matchesReference } from '../../../src/cli/filter/images.js';
import { IMAGES } from '../../../src/cli/flags/images.js';
import { PS } from '../../../src/cli/flags/ps.js';
import { imageRows } from '../../../src/cli/listing/images.js';
import { parse } from '../../../src/cli/parse.js';
import type { ContainerSummary, ImageSummary } from '../../../src/index.js';

const ID = { alpine: `sha256:${'a1'.repeat(32)}`, nginx: `sha256:${'b2'.repeat(32)}` };
const base = { command: ['sh'], created: '2024-01-01T00:00:00Z', rm: false };
/** The newest first. */
const containers: ContainerSummary[] = [
  {
    ...base,
    id: `3c${'0'.repeat(62)}`,
    name: 'web',
    image: 'nginx',
    imageId: ID.nginx,
    status: 'running',
    health: 'healthy',
    labels: { tier: 'front', app: 'shop' },
    networks: ['host'],
  },
  {
    ...base,
    id: `2b${'0'.repeat(62)}`,
    name: 'web-old',
    image: 'docker.io/library/nginx:1.25',
    imageId: `sha256:${'c3'.repeat(32)}`,
    status: 'stopped',
    exitCode: 137,
    labels: { app: 'shop', tier: '' },
    mounts: [{ type: 'volume', name: 'data', source: '/v/data', destination: '/var/data', readOnly: false, propagation: '', options: [] }],
    networks: ['none'],
  },
  {
    ...base,
    id: `1a${'0'.repeat(62)}`,
    name: 'job',
    image: 'alpine:3.20',
    imageId: ID.alpine,
    status: 'stopped',
    exitCode: 0,
    mounts: [{ type: 'bind', source: '/home/me', destination: '/src', readOnly: true, propagation: 'rprivate', options: [] }],
  },
  { ...base, id: `0f${'0'.repeat(62)}`, name: 'lost', image: '', status: 'stopped' },
];
const images = [
  { id: ID.alpine, names: ['docker.io/library/alpine:latest', 'docker.io/library/alpine:3.20'] },
  { id: ID.nginx, names: ['docker.io/library/nginx:latest'] },
];

function names(...filters: string[]): string[] {
  return containers.filter(containerFilter(parseFilters(filters), { containers, images })).map(({ name }) => name);
}

describe('filters on containers', () => {
  const cases: [filters: string[], chosen: string[]][] = [
    [[], ['web', 'web-old', 'job', 'lost']],
    [[''], ['web', 'web-old', 'job', 'lost']],
    [['name=web'], ['web', 'web-old']],
    [['name=^web$'], ['web']],
    [['name=/web-old'], ['web-old']],
    [['name=^/job$'], ['job']],
    [
      ['name=web', 'name=job'],
      ['web', 'web-old', 'job'],
    ],
    [['NAME = web-'], ['web-old']],
    [['id=3c0'], ['web']],
    [['id=^0'], ['lost']],
    [['label=tier'], ['web', 'web-old']],
    [['label=tier=front'], ['web']],
    [['label=tier='], ['web-old']],
    [['label=app=shop', 'label=tier=front'], ['web']],
    [['label=__proto__'], []],
    [['status=running'], ['web']],
    [['status=exited'], ['web-old', 'job', 'lost']],
    [
      ['status=running', 'status=exited', 'name=web'],
      ['web', 'web-old'],
    ],
    [['status=paused'], []],
    [['exited=0'], ['job']],
    [
      ['exited=137', 'exited=0'],
      ['web-old', 'job'],
    ],
    [['ancestor=nginx'], ['web']],
    [['ancestor=nginx:1.25'], ['web-old']],
    [['ancestor=alpine'], ['job']],
    [['ancestor=docker.io/library/alpine:3.20'], ['job']],
    [['ancestor=b2b2b2'], ['web']],
    [[`ancestor=${ID.alpine}`], ['job']],
    [['ancestor=nope'], []],
    [['before=web-old'], ['job', 'lost']],
    [['since=web-old'], ['web']],
    [['before=2b00'], ['job', 'lost']],
    [['since=job', 'before=web'], ['web-old']],
    [['volume=data'], ['web-old']],
    [['volume=/var/data'], ['web-old']],
    [['volume=/home/me'], ['job']],
    [['network=host'], ['web']],
    [['health=healthy'], ['web']],
    [['health=none'], ['web-old', 'job', 'lost']],
  ];
  for (const [filters, chosen] of cases) {
    it(`${JSON.stringify(filters)} choose ${chosen.join(', ') || 'none'}`, () => {
      assert.deepEqual(names(...filters), chosen);
    });
  }

  const refused: [filter: string, message: RegExp, hint?: RegExp][] = [
    ['colour=red', /^invalid filter 'colour=red'$/, /there are ancestor, before, exited/],
    ['status=zork', /^invalid filter 'status=zork'$/, /one of created, running/],
    ['exited=many', /^invalid filter 'exited=many'$/],
    ['name=(', /^invalid filter 'name=\('$/, /regular expression/],
    ['health=fine', /^invalid filter 'health=fine'$/],
    ['before=nobody', /^no container nobody$/],
  ];
  for (const [filter, message, hint] of refused) {
    it(`refuse ${filter}`, () => {
      assert.throws(() => names(filter), { message, ...(hint ? { hint } : {}) });
    });
  }

  it('that are no filters are refused as docker does', () => {
    const { failure } = parse(PS, ['-f', 'running']);
    assert.equal(failure?.message, 'invalid argument "running" for "-f, --filter" flag: bad format of filter (expected name=value)');
    assert.deepEqual(parse(IMAGES, ['--filter', 'dangling=true', '-f', 'label=a=b']).values.filter, ['dangling=true', 'label=a=b']);
  });

  it('by status or exit code also look at those that have ended', () => {
    assert.ok(wantsStopped(parseFilters(['status=running'])) && wantsStopped(parseFilters(['exited=0'])));
    assert.ok(!wantsStopped(parseFilters(['name=a'])));
  });
});

const summary = (names: string[], digit: string, created: string, labels?: Record<string, string>): ImageSummary => ({
  id: `sha256:${digit.repeat(64)}`,
  names,
  digest: `sha256:${'d'.repeat(64)}`,
  created,
  size: 1,
  platform: 'linux/amd64',
  ...(labels ? { labels } : {}),
});
const stored = [
  summary(['localhost:5000/team/app:v1'], 'b', '2024-03-01T00:00:00Z', { app: 'shop' }),
  summary(['docker.io/library/alpine:latest', 'docker.io/library/alpine:3.20'], 'a', '2024-02-01T00:00:00Z'),
  summary([], 'c', '2024-01-01T00:00:00Z'),
];

describe('filters on images', () => {
  const chosen = (...filters: string[]) =>
    imageRows(stored)
      .filter(imageFilter(parseFilters(filters), stored))
      .map(({ repository, tag }) => `${repository}:${tag}`);
  const cases: [filters: string[], chosen: string[]][] = [
    [['reference=alpine'], ['alpine:latest', 'alpine:3.20']],
    [['reference=alpine:3.*'], ['alpine:3.20']],
    [['reference=alp*'], ['alpine:latest', 'alpine:3.20']],
    [['reference=*'], ['alpine:latest', 'alpine:3.20', '<none>:<none>']],
    [['reference=*/*/*'], ['localhost:5000/team/app:v1']],
    [['reference=docker.io/library/alpine:latest'], ['alpine:latest']],
    [
      ['reference=alpine:latest', 'reference=*/team/app'],
      ['localhost:5000/team/app:v1', 'alpine:latest'],
    ],
    [['dangling=true'], ['<none>:<none>']],
    [['dangling=false', 'reference=alpine:latest'], ['alpine:latest']],
    [['label=app'], ['localhost:5000/team/app:v1']],
    [['label=app=other'], []],
    [['before=alpine'], ['<none>:<none>']],
    [['since=alpine:3.20'], ['localhost:5000/team/app:v1']],
    [['since=cccc'], ['localhost:5000/team/app:v1', 'alpine:latest', 'alpine:3.20']],
  ];
  for (const [filters, expected] of cases) {
    it(`${JSON.stringify(filters)} choose ${expected.join(', ') || 'none'}`, () => {
      assert.deepEqual(chosen(...filters), expected);
    });
  }

  it('refuse what they do not know', () => {
    assert.throws(() => chosen('dangling=maybe'), { message: "invalid filter 'dangling=maybe'" });
    assert.throws(() => chosen('size=1'), { hint: 'there are before, dangling, label, reference, since' });
    assert.throws(() => chosen('before=nothing'), { code: 'ERR_TSRUN_IMAGE_NOT_FOUND' });
  });

  it('by the name behind `images` are whole names or repositories', () => {
    const matching = (pattern: string) => imageRows(stored).filter((row) => matchesReference(row, pattern)).length;
    assert.deepEqual(['alpine', 'alpine:3.20', 'localhost:5000/team/app', 'alp', 'alp*'].map(matching), [2, 1, 1, 0, 2]);
  });
});

/** As Go's own tests of path.Match have them. */
const GLOBS: [pattern: string, text: string, matches: boolean][] = [
  ['abc', 'abc', true],
  ['*', 'abc', true],
  ['*c', 'abc', true],
  ['a*', 'a', true],
  ['a*', 'ab/c', false],
  ['a*/b', 'abc/b', true],
  ['a*/b', 'a/c/b', false],
  ['a*b*c*d*e*/f', 'axbxcxdxe/f', true],
  ['a*b*c*d*e*/f', 'axbxcxdxexxx/fff', false],
  ['a*b?c*x', 'abxbbxdbxebxczzx', true],
  ['ab[c]', 'abc', true],
  ['ab[b-d]', 'abc', true],
  ['ab[e-g]', 'abc', false],
  ['ab[^c]', 'abc', false],
  ['ab[^e-g]', 'abc', true],
  ['a\\*b', 'a*b', true],
  ['a\\*b', 'ab', false],
  ['a?b', 'a☺b', true],
  ['a[^a]b', 'a☺b', true],
  ['a???b', 'a☺b', false],
  ['[a-ζ]*', 'α', true],
  ['*[a-ζ]', 'A', false],
  ['a?b', 'a/b', false],
  ['[\\]a]', ']', true],
  ['[\\-x]', '-', true],
  ['[]a]', ']', false],
  ['[', 'a', false],
  ['a[', 'a', false],
  ['a\\', 'a', false],
  ['.+(', '.+(', true],
];

describe('a pattern', () => {
  for (const [pattern, text, matches] of GLOBS) {
    it(`${pattern} ${matches ? 'matches' : 'does not match'} ${text}`, () => {
      assert.equal(globMatches(pattern, text), matches);
    });
  }

  it('of many stars ends at once', () => {
    assert.equal(globMatches(`${'*'.repeat(5000)}b`, 'a'.repeat(5000)), false);
  });
});
