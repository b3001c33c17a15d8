import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { buildEnv, DEFAULT_PATH, type EnvInput } from '../../src/bundle/env.js';
import { parseEnvFile, readEnvFile } from '../../src/bundle/env-file.js';
import { slot, templateOf } from '../../src/plan/slot.js';

function env(more: Partial<EnvInput> = {}): Record<string, string> {
  const input = {
    image: [],
    files: [],
    options: [],
    callerNames: new Set<string>(),
    home: '/root',
    hostname: slot('short-id'),
    terminal: false,
    ...more,
  };
  return Object.fromEntries(buildEnv(input).map((text) => [text.slice(0, text.indexOf('=')), text.slice(text.indexOf('=') + 1)]));
}

describe('the environment', () => {
  it('always has PATH, HOME, HOSTNAME and container', () => {
    assert.deepEqual(env(), { PATH: DEFAULT_PATH, HOSTNAME: slot('short-id'), container: 'tsrun', HOME: '/root' });
  });

  it('takes the image, then --env-file, then -e', () => {
    const files = parseEnvFile('B=file\nC=file\n', 'f');
    const all = env({ image: ['A=image', 'B=image', 'C=image', 'PATH=/bin', 'HOME=/srv', 'BARE'], files, options: ['C=option', 'C=last'] });
    assert.deepEqual([all['A'], all['B'], all['C'], all['PATH'], all['HOME'], all['BARE']], ['image', 'file', 'last', '/bin', '/srv', '']);
  });

  it('copies the caller’s values as slots, never as text', () => {
    const callerNames = new Set(['SECRET', 'IN_FILE']);
    const all = env({ callerNames, options: ['SECRET'], files: parseEnvFile('IN_FILE\nUNSET\n', 'f') });
    assert.equal(all['SECRET'], slot('env:SECRET'));
    assert.equal(all['IN_FILE'], slot('env:IN_FILE'));
    assert.ok(!('UNSET' in all));
  });

  it('takes the image’s value away for -e NAME that the caller has not set', () => {
    assert.ok(!('A' in env({ image: ['A=1'], options: ['A'] })));
    assert.equal(env({ image: ['A=1'], files: parseEnvFile('A', 'f') })['A'], '1');
  });

  it('sets TERM with a terminal alone, to the caller’s', () => {
    assert.equal(env({ terminal: true })['TERM'], 'xterm');
    assert.equal(env({ terminal: true, callerNames: new Set(['TERM']) })['TERM'], slot('env:TERM'));
    assert.equal(env({ terminal: true, options: ['TERM=dumb'], callerNames: new Set(['TERM']) })['TERM'], 'dumb');
    assert.ok(!('TERM' in env({ callerNames: new Set(['TERM']) })));
  });

  it('keeps odd values and __proto__ as data', () => {
    const all = buildEnv({
      image: ['__proto__=x', 'E=', 'Q="a b"', 'N=a\nb'],
      files: [],
      options: ['A=='],
      callerNames: new Set(),
      home: '/',
      hostname: 'h',
      terminal: false,
    });
    for (const text of ['__proto__=x', 'E=', 'Q="a b"', 'N=a\nb', 'A==']) assert.ok(all.includes(text), text);
    assert.equal(({} as Record<string, unknown>)['x'], undefined);
  });

  it('refuses what has no name, and a NUL: an image could ask for a variable of the caller', () => {
    assert.throws(() => env({ options: ['=x'] }), { code: 'ERR_TSRUN_USAGE' });
    assert.throws(() => env({ options: [''] }), { code: 'ERR_TSRUN_USAGE' });
    assert.throws(() => env({ image: ['=x'] }), { code: 'ERR_TSRUN_CONFIG_INVALID' });
    assert.throws(() => env({ image: [`STOLEN=${slot('env:AWS_SECRET_ACCESS_KEY')}`] }), { code: 'ERR_TSRUN_CONFIG_INVALID' });
    assert.throws(() => parseEnvFile(`A=${slot('env:B')}`, 'f'), { code: 'ERR_TSRUN_USAGE' });
    assert.throws(() => env({ options: ['A}B'], callerNames: new Set(['A}B']) }), { code: 'ERR_TSRUN_USAGE' });
  });

  it('asks only for slots that were asked for', () => {
    const names = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,8}$/);
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(
            names,
            fc.string().filter((s) => !s.includes('\0')),
          ),
        ),
        fc.array(names),
        (image, copied) => {
          const list = buildEnv({
            image: image.map(([n, v]) => `${n}=${v}`),
            files: [],
            options: copied,
            callerNames: new Set(copied),
            home: '/',
            hostname: 'h',
            terminal: false,
          });
          const slots = list.flatMap(templateOf).flatMap((part) => (typeof part === 'string' ? [] : [part.slot]));
          assert.deepEqual(new Set(slots), new Set(copied.map((name) => `env:${name}`)));
        },
      ),
    );
  });
});

describe('an env file', () => {
  const cases: [string, string, { name: string; value?: string }[]][] = [
    ['keeps quotes', 'C="q"', [{ name: 'C', value: '"q"' }]],
    ['does not interpolate', 'A=$HOME $(X)', [{ name: 'A', value: '$HOME $(X)' }]],
    ['knows comments at the start of a line, blanks before them allowed', '# a\n  # b\n\t#c=1\nA=1', [{ name: 'A', value: '1' }]],
    ['takes # inside a value as data', 'A=x # y', [{ name: 'A', value: 'x # y' }]],
    ['keeps blanks behind', 'A=x  ', [{ name: 'A', value: 'x  ' }]],
    ['keeps blanks before the value', 'A= x', [{ name: 'A', value: ' x' }]],
    ['drops blanks before the name', '  A=1', [{ name: 'A', value: '1' }]],
    [
      'tolerates CRLF and a byte order mark',
      '\uFEFFA=1\r\nB=2\r\n',
      [
        { name: 'A', value: '1' },
        { name: 'B', value: '2' },
      ],
    ],
    ['copies a bare name', 'A', [{ name: 'A' }]],
    [
      'takes further = as data, and an empty value',
      'A=b=c\nE=',
      [
        { name: 'A', value: 'b=c' },
        { name: 'E', value: '' },
      ],
    ],
    [
      'has no lines that go on',
      'A=1\\\nB=2',
      [
        { name: 'A', value: '1\\' },
        { name: 'B', value: '2' },
      ],
    ],
    ['may be empty', '\n\n', []],
  ];
  for (const [what, text, entries] of cases) it(what, () => assert.deepEqual(parseEnvFile(text, 'f'), entries));

  it('names the line that is wrong', () => {
    for (const [text, line] of [
      ['=x', 1],
      ['A=1\nB C=2', 2],
      ['export A=1', 1],
      ['A ', 1],
      [' =x', 1],
    ] as const) {
      assert.throws(() => parseEnvFile(text, 'my.env'), { code: 'ERR_TSRUN_USAGE', message: new RegExp(`^my.env:${line}: `) });
    }
  });

  it('is UTF-8 and there', () => {
    const directory = mkdtempSync(join(tmpdir(), 'tsrun-env-'));
    writeFileSync(join(directory, 'latin1'), Buffer.from([0x41, 0x3d, 0xe9]));
    assert.throws(() => readEnvFile(join(directory, 'latin1')), { code: 'ERR_TSRUN_USAGE', message: /UTF-8/ });
    assert.throws(() => readEnvFile(join(directory, 'none')), { code: 'ERR_TSRUN_USAGE' });
    rmSync(directory, { recursive: true });
  });
});
