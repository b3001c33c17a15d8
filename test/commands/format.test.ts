/** --format, --filter and -f on the real command line. */
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { writeLayout } from '../harness/layout.js';
import { openTerminal } from '../harness/pty.js';
import { temporaryDirectory } from '../harness/temporary.js';
import { line, newStore } from './command.js';

describe('images of the store', () => {
  const { tsrun, env } = newStore();
  const directory = temporaryDirectory();
  const reference = (tag: string) => `oci:${directory}:${tag}`;
  const image = (tag: string, config: Record<string, unknown>) => ({ tag, layers: [{ tar: Buffer.alloc(10240) }], config });

  before(async () => {
    writeLayout(directory, [
      image('v1', { Cmd: ['/bin/one'], Env: ['A=1', 'B=2'], Labels: { tier: 'front', 'com.example/odd.key': '\x1b[31mred' } }),
      image('v2', { Cmd: ['/bin/two'] }),
    ]);
    for (const tag of ['v1', 'v2']) assert.equal((await tsrun(['pull', '-q', reference(tag)])).code, 0);
  });

  const printed: [words: string[], stdout: RegExp][] = [
    [['images', '--format', '{{.Tag}}'], /^v[12]\nv[12]\n$/],
    [['images', '--format', 'table {{.Tag}}\\t{{.Size}}'], /^TAG {7}SIZE\nv[12] {8}[\d.]+k?B\nv/],
    [['images', '-f', 'label=tier=front', '--format', '{{.Tag}}'], /^v1\n$/],
    [['images', '--filter=reference=oci:*', '-q'], /^$/],
    [['images', '-a', '--filter', `reference=oci:${'*/'.repeat(directory.split('/').length - 1)}*:v2`, '--format={{.Tag}}'], /^v2\n$/],
    [['images', reference('v2'), '--format', '{{.Tag}}'], /^v2\n$/],
    [['images', '-f', 'dangling=true', '-q'], /^$/],
    [
      ['image', 'inspect', '-f', '{{json .Config.Env}} {{index .Config.Cmd 0}} {{.Os}}', reference('v1')],
      /^\["A=1","B=2"\] \/bin\/one linux\n$/,
    ],
    [
      ['inspect', '-f', '{{index .Config.Labels "tier"}}|{{.Config.Labels.nope}}|{{.ID}}', reference('v1')],
      /^front\|<no value>\|sha256:[0-9a-f]{64}\n$/,
    ],
    [
      ['image', 'inspect', '--format', '{{range $k, $v := .Config.Labels}}{{$k}};{{end}}', reference('v1'), reference('v2')],
      /^com\.example\/odd\.key;tier;\n\n$/,
    ],
    [['image', 'inspect', '--format', 'json', reference('v2')], /^\[\{"Id":"sha256:.*\}\]\n$/],
    [
      [
        'image',
        'inspect',
        '-f',
        '{{.Config.Entrypoint}}{{.Config.Labels}}{{json .Config.Env}}{{.Author}}{{json .Config}}',
        reference('v2'),
      ],
      /^\[\]map\[\]null\{"Cmd":\["\/bin\/two"\]\}\n$/,
    ],
    [['ps', '-a', '--format', 'table {{.Names}}\\t{{.Label "a.b"}}'], /^NAMES {5}b\n$/],
    [['ps', '-n', '3', '--format', 'json'], /^$/],
  ];
  for (const [words, stdout] of printed) {
    it(`tsrun ${words.join(' ').replaceAll(directory, 'DIR')}`, async () => {
      const finished = await tsrun(words);
      assert.deepEqual([finished.code, finished.stderr], [0, '']);
      assert.match(finished.stdout, stdout);
    });
  }

  it('print an object for each with --format json, one array with --json', async () => {
    const lines = (await tsrun(['images', '--format', 'json'])).stdout.trimEnd().split('\n');
    assert.deepEqual(lines.map((each) => JSON.parse(each).Tag).sort(), ['v1', 'v2']);
    const all = JSON.parse((await tsrun(['images', '--json', '-f', 'label=tier'])).stdout);
    assert.deepEqual(
      all.map((each: { labels: object }) => Object.keys(each.labels).length),
      [2],
    );
  });

  it('print the others when one is not there, or when a template is wrong for one', async () => {
    const { code, stdout, stderr } = await tsrun(['image', 'inspect', '-f', '{{.Os}}', 'nothing', reference('v1')]);
    assert.deepEqual([code, stdout], [125, 'linux\n']);
    assert.match(stderr, /^tsrun: no image nothing/);
    const wrong = await tsrun(['image', 'inspect', '-f', '{{index .Config.Env 1}}', reference('v2'), reference('v1')]);
    assert.deepEqual([wrong.code, wrong.stdout], [125, 'B=2\n']);
    assert.match(wrong.stderr, /^tsrun: template parsing error: <index \.Config\.Env 1>: /);
  });

  it('do not tell a terminal what to do; a script gets what there is', async () => {
    const words = ['image', 'inspect', '-f', '{{index .Config.Labels "com.example/odd.key"}}', reference('v1')];
    assert.equal((await tsrun(words)).stdout, '\x1b[31mred\n');
    const terminal = await openTerminal(line(words), { env });
    await terminal.waitFor(/\\x1b\[31mred/);
    assert.equal((await terminal.finished).code, 0);
    assert.ok(!terminal.output().includes('\x1b[31m'));
  });
});

describe('what cannot be printed', () => {
  const { tsrun } = newStore();
  const refused: [words: string[], said: RegExp][] = [
    [
      ['ps', '--format', '{{.Nmaes}}'],
      /^tsrun: template parsing error: <\.Nmaes>: there is no field Nmaes, only Command, .*\. Did you mean \.Names\?\n$/,
    ],
    [['ps', '--format', '{{.Names'], /^tsrun: template parsing error: unclosed action: end it with \}\}\n$/],
    [['images', '--format', '{{uper .ID}}'], /there is no function uper\. Did you mean upper\?\n$/],
    [['inspect', '-f', '{{if}}', 'x'], /missing value for if\n$/],
    [['ps', '-f', 'colour=red'], /^tsrun: invalid filter 'colour=red': there are ancestor, /],
    [['ps', '-f', 'red'], /bad format of filter \(expected name=value\)/],
    [['ps', '-n', 'many'], /invalid argument "many" for "-n, --last" flag: must be a whole number/],
    [['images', '--json', '--format', 'json'], /--json and --format exclude each other/],
    [['inspect', '--type', 'volume', 'x'], /must be container or image/],
  ];
  for (const [words, said] of refused) {
    it(`is refused with advice: ${words.join(' ')}`, async () => {
      const { code, stdout, stderr } = await tsrun(words);
      assert.deepEqual([code, stdout], [125, '']);
      const shown = words.includes('--json') ? JSON.parse(stderr).message : stderr;
      assert.match(shown, said);
      assert.equal(stderr.split('\n').length, 2);
    });
  }

  it('is told: -q leaves the format out', async () => {
    const { code, stderr } = await tsrun(['ps', '-q', '--format', '{{.Names}}']);
    assert.deepEqual([code, stderr], [0, 'note: --format is ignored: -q prints ids alone\n']);
  });
});
