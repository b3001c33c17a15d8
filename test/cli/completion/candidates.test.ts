import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { candidatesFor, type Store } from '../../../src/cli/completion/candidates.js';
import { locate } from '../../../src/cli/completion/place.js';
import { unquote } from '../../../src/cli/completion/unquote.js';
import { LEADING } from '../../../src/cli/flags/leading.js';
import type { Verb } from '../../../src/cli/verb.js';
import { findVerb, VERBS } from '../../../src/cli/verbs.js';

const id = (digit: string) => digit.repeat(64);
const STORE: Store = {
  containers: (beginning) =>
    [
      { id: id('a'), name: 'web', image: 'docker.io/library/nginx:latest', status: 'running' as const },
      { id: id('b'), name: 'held', image: 'alpine', status: 'paused' as const },
      { id: id('c'), name: 'old', image: 'alpine', status: 'stopped' as const },
      { id: id('d'), name: 'new', image: 'a $(touch x)', status: 'created' as const },
    ].filter((container) => container.id.startsWith(beginning) || container.name.startsWith(beginning)),
  images: async () => [
    'docker.io/library/alpine:3.20',
    'ghcr.io/ada/tool:1',
    'oci:/a path:latest',
    'docker.io/library/x;reboot',
    '$(reboot)',
  ],
  volumes: () => ['data', 'cache', '`reboot`', '-rf', 'a\x1b[2J'],
};

/** The last word is the one under the cursor. */
async function answer(line: string) {
  const words = line.split(' ');
  const current = words.at(-1) ?? '';
  return candidatesFor(locate(words.slice(0, -1), current).place, current, STORE);
}

/** Line → the words, or the kind of paths with what stands before them. */
const LINES: Readonly<Record<string, string>> = {
  // verbs, and the words of a topic
  ru: 'run',
  rm: 'rmi rm',
  imag: 'image images',
  'image i': 'import inspect',
  'image inspect a': 'alpine:3.20',
  'volume ': 'create ls list inspect rm remove prune',
  'nonsense ': '',
  'nonsense --': '',
  'image --': '',
  'help vol': 'volume',
  'help image r': 'rm remove',
  'help run ': '',
  'completion ': 'bash zsh fish',
  'completion bash ': '',
  // before the verb
  '--ro': '--root',
  '--root ': 'directories',
  '--root=/s': 'directories --root=',
  '--root /s ru': 'run',
  '--debug ru': 'run',
  // flags: not again what counts once; clusters; --
  'run --pul': '--pull',
  'run --rm --r': '--read-only --read-only-tmpfs --rootfs --replace --restart --root --run-root',
  'run -e A=b --env': '--env --env-file --env-host',
  'run -it --t': '--tz --tmpfs --timeout --tls-verify',
  'run -it': '-it',
  'run -iz': '',
  'run -- --': '',
  'stop -': '--timeout --stop-signal --root --run-root --json --debug --help -t -s -h',
  'run alpine --': 'files',
  'ps --': '--all --quiet --no-trunc --filter --format --last --latest --size --root --run-root --json --debug --help',
  // values: closed lists, usual words, booleans
  'run --pull ': 'missing always never newer',
  'run --pull=n': '--pull=never --pull=newer',
  'run --restart on': 'on-failure',
  'run --rm=t': '--rm=true',
  'run --log-opt max-s': 'max-size=',
  'ps -f sta': 'status=',
  'ps --filter=na': '--filter=name=',
  'images --format j': 'json',
  'run --cap-add NET_': 'NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW',
  'run --cap-drop=cap_net_a': '--cap-drop=cap_net_admin',
  'run --security-opt unm': 'unmask=ALL unmask=',
  'run --platform linux/arm': 'linux/arm64 linux/arm/v7',
  'run --name ': '',
  'run --workdir /': '',
  'stop -s KI': 'KILL',
  'kill --signal=SIGTE': '--signal=SIGTERM',
  'stop -sKI': '-sKILL',
  'stop -s=KI': '-s=KILL',
  // paths
  'run --env-file ': 'files',
  'run --env-file=./e': 'files --env-file=',
  'run --cidfile ': 'files',
  'bundle alpine ': 'directories',
  'bundle alpine dir ': 'files',
  'run oci:./im': 'files oci:',
  'pull docker-archive:x': 'files docker-archive:',
  // mounts
  'run -v ./s': 'files',
  'run -v ~/': 'files',
  'run -v d': 'data:',
  'run -itv d': 'data:',
  'run -vd': '-vdata:',
  'run --volume=': '--volume=data: --volume=cache:',
  'run -v data:/x': '',
  'volume rm ': 'data cache',
  'volume rm data ': 'cache',
  'volume create d': '',
  'run --volumes-from w': 'web',
  // networks
  'run --network ': 'none host pasta slirp4netns container: ns:',
  'run --network container:w': 'container:web',
  'run --network=container:': '--network=container:web --network=container:held',
  'run --network ns:/pr': 'files ns:',
  // images
  'run al': 'alpine:3.20',
  'run docker.io/li': 'docker.io/library/alpine:3.20',
  'rmi ': 'alpine:3.20 ghcr.io/ada/tool:1',
  'rmi alpine:3.20 ': 'ghcr.io/ada/tool:1',
  'run --rm -it -e A=b alp': 'alpine:3.20',
  'create alp': 'alpine:3.20',
  'run alpine ': 'files',
  'run alpine cat /e': 'files',
  // containers: those that the verb can do something with
  'stop ': 'web held',
  'exec ': 'web held',
  'exec -it w': 'web',
  'exec web ': 'files',
  'attach ': 'web held',
  'kill ': 'web held',
  'pause ': 'web held',
  'port ': 'web held',
  'port web ': '',
  'unpause ': 'held',
  'start ': 'old new',
  'rm ': 'web held old new',
  'container rm web ': 'held old new',
  'logs ': 'web held old new',
  'logs -f ': 'web held old new',
  'rename web ': '',
  'rm aaa': 'aaaaaaaaaaaa',
  'rm aaaaaaaaaaaaaa': 'aaaaaaaaaaaaaa',
  'stop ccc': '',
  'inspect ': 'web held old new alpine:3.20 ghcr.io/ada/tool:1',
};

describe('completion', () => {
  for (const [line, expected] of Object.entries(LINES)) {
    it(`of \`tsrun ${line}\``, async () => {
      const { candidates, paths } = await answer(line);
      const words = candidates.map(({ word }) => word).join(' ');
      assert.equal([...(paths ? [`${paths.kind} ${paths.before}`.trim()] : []), ...(words ? [words] : [])].join(' '), expected);
    });
  }

  it('says what a word is: the help of a verb or flag, the image and state of a container', async () => {
    const about = async (line: string) => (await answer(line)).candidates.map((candidate) => candidate.about);
    assert.deepEqual(await about('run'), ['Run a command in a new container']);
    assert.deepEqual(await about('volum'), ['create, ls, list, inspect, rm, remove, prune']);
    assert.deepEqual(await about('stop --time'), ['How long that may take before KILL; -1: no KILL (default 10)']);
    assert.deepEqual(await about('rm '), ['nginx:latest, running', 'alpine, paused', 'alpine, stopped', 'created']);
    assert.deepEqual(await about('rm aa'), ['web, running']);
  });

  it('knows where the store is that the line names', () => {
    assert.deepEqual(locate(['--root', '/a', '--run-root=/b', 'rm'], '').roots, { root: '/a', runRoot: '/b' });
    assert.deepEqual(locate(['--root', '/a', 'rm', '-f', '--root=/c'], '').roots, { root: '/c' });
    assert.deepEqual(locate(['run', '--root', '/a', 'alpine', '--root', '/b'], '').roots, { root: '/a' });
  });

  it('reads words of bash as they were typed', () => {
    const read = { plain: 'plain', "'a b'c": 'a bc', '"a b': 'a b', "'a": 'a', 'a\\ b': 'a b', '"a\\"b\\c"': 'a"b\\c', '"\'"': "'" };
    for (const [typed, meant] of Object.entries(read)) assert.equal(unquote(typed), meant);
  });
});

/** Placeholders of free text: nothing that this machine could know. */
const FREE =
  /^(NAME(\[?=VALUE\]?)?|USER\[:GROUP\]|PROGRAM|COMMAND|type=TYPE.*|CONTAINER\[:OPTIONS\]|CONTAINER:FROM:SIZE|\[?\[?\[IP.*|\[\[IP:\]PORT:\]PORT\[\/udp\]|PORT(\[\/udp\])?|ADDRESS|DOMAIN|OPTION|NAME:IP|SECONDS|TIME|LINES|N|KEYS|[A-Z]+=[A-Z]+.*|NUMBER|SIZE|GROUP|MODE|BYTES|KEY=VALUE)$/;

describe('the flags', () => {
  for (const verb of [LEADING, ...VERBS] as readonly Verb[]) {
    it(`of \`tsrun ${verb.name}\` that take a value say what completes it, or it is free text`, () => {
      for (const [name, { type, placeholder = '', values, complete }] of Object.entries(verb.flags)) {
        if (type === 'boolean') continue;
        assert.ok(
          values !== undefined || complete !== undefined || FREE.test(placeholder),
          `--${name} ${placeholder}: give it \`complete\``,
        );
      }
    });
  }

  it('and the arguments that name what is in the store say so', () => {
    for (const { name: verb, args } of VERBS as readonly Verb[]) {
      for (const { name, complete, required } of args) {
        if (/^(CONTAINER|IMAGE|VOLUME)$/.test(name) && required) assert.ok(complete !== undefined, `${verb} ${name}`);
      }
    }
    assert.equal(findVerb('container stop')?.args[0]?.complete, 'up');
  });
});
