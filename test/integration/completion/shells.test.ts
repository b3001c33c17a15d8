/** The tab key in real shells, on a terminal. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { bootId } from '../../../src/sys/boot.js';
import { execute, succeed } from '../../harness/process.js';
import { openTerminal } from '../../harness/pty.js';
import { installation } from '../../harness/reach.js';
import { temporaryDirectory } from '../../harness/temporary.js';

const home = temporaryDirectory();
const store = join(home, 'store');
const env = {
  HOME: home,
  PATH: `${installation()}/bin:${dirname(process.execPath)}:/usr/bin:/bin`,
  LANG: 'C.UTF-8',
  TERM: 'xterm',
  TSRUN_ROOT: store,
  TSRUN_RUN_ROOT: join(home, 'run'),
};

/** A store as others may have left it: with names that a shell would execute and a terminal interpret. */
const CONTAINERS = {
  web: 'running',
  worn: 'stopped',
  '$(touch pwned)': 'running',
  '`touch pwned`': 'running',
  'wet\x1b]0;pwned\x07': 'running',
};
const IMAGES = [
  'docker.io/library/alpine:3.20',
  'quay.io:5000/ada/tool:1',
  'docker.io/library/al$(touch pwned):1',
  'docker.io/library/al\x1b]0;pwned\x07',
];
const VOLUMES = ['data', 'da;touch pwned', '$(touch pwned)', 'da\x1b]0;pwned\x07'];

function fill(): void {
  const at = (...path: string[]) => join(store, 'v1', ...path);
  for (const folder of ['containers', 'names', 'refs', 'volumes']) mkdirSync(at(folder), { recursive: true });
  const startTime = readFileSync('/proc/self/stat', 'latin1').split(') ')[1]?.split(' ')[19];
  for (const [index, [name, status]] of Object.entries(CONTAINERS).entries()) {
    const directory = at('containers', `${index}${'f'.repeat(63)}`);
    mkdirSync(directory);
    writeFileSync(
      join(directory, 'status.json'),
      JSON.stringify({ status, image: 'al\x1b]0;pwned\x07$(touch pwned)', pid: `${process.pid}`, startTime, boot: bootId() }),
    );
    symlinkSync(directory, at('names', name));
  }
  const descriptor = { mediaType: 'application/vnd.oci.image.index.v1+json', digest: `sha256:${'0'.repeat(64)}`, size: 1 };
  for (const name of IMAGES)
    writeFileSync(at('refs', createHash('sha256').update(name).digest('hex')), JSON.stringify({ name, descriptor }));
  for (const name of VOLUMES) mkdirSync(at('volumes', name));
  for (const name of ['file one', 'filter', 'pull$(touch pwned)']) writeFileSync(join(home, name), '');
  mkdirSync(join(home, 'folder'));
}
fill();

/** How each is started, and what its user has in the file that it reads at its start. */
const SHELLS: Readonly<Record<string, readonly [command: readonly string[], setUp: string]>> = {
  bash: [['bash', '--norc', '--noprofile', '-i'], 'source <(tsrun completion bash)'],
  'bash with the package bash-completion': [
    ['bash', '--norc', '--noprofile', '-i'],
    'source /usr/share/bash-completion/bash_completion; source <(tsrun completion bash)',
  ],
  zsh: [['zsh', '-f', '-i'], 'autoload -Uz compinit; compinit -u -D; source <(tsrun completion zsh)'],
  fish: [['fish', '--no-config', '-i'], 'tsrun completion fish | source'],
};

/** What is typed before the tab key → the words that the line then has. */
const TYPED: Readonly<Record<string, readonly string[]>> = {
  'tsrun vers': ['tsrun', 'version'],
  'tsrun volume cr': ['tsrun', 'volume', 'create'],
  'tsrun run --pull=al': ['tsrun', 'run', '--pull=always'],
  'tsrun run --pul': ['tsrun', 'run', '--pull'],
  'tsrun run -it --pull al': ['tsrun', 'run', '-it', '--pull', 'always'],
  'tsrun run alp': ['tsrun', 'run', 'alpine:3.20'],
  'tsrun run alpine:3': ['tsrun', 'run', 'alpine:3.20'],
  'tsrun run alpine:': ['tsrun', 'run', 'alpine:3.20'],
  'tsrun run quay.io:5000/a': ['tsrun', 'run', 'quay.io:5000/ada/tool:1'],
  'tsrun rmi "alpine:3': ['tsrun', 'rmi', 'alpine:3.20'],
  'tsrun stop w': ['tsrun', 'stop', 'web'],
  'tsrun start w': ['tsrun', 'start', 'worn'],
  "tsrun run -e 'A=b c' -v d": ['tsrun', 'run', '-e', 'A=b c', '-v', 'data:'],
  'tsrun run -e A="b c" --volume=d': ['tsrun', 'run', '-e', 'A=b c', '--volume=data:'],
  'tsrun stop -sKI': ['tsrun', 'stop', '-sKILL'],
  'tsrun run --network=container:w': ['tsrun', 'run', '--network=container:web'],
  'tsrun run --env-file=filt': ['tsrun', 'run', '--env-file=filter'],
  'tsrun run --env-file file': ['tsrun', 'run', '--env-file', 'file one'],
  'tsrun run oci:./fol': ['tsrun', 'run', 'oci:./folder'],
  'tsrun run alpine cat fol': ['tsrun', 'run', 'alpine', 'cat', 'folder'],
  'tsrun --root fol': ['tsrun', '--root', 'folder'],
};

/** Lines whose candidates are many, or hostile. */
const LISTED = [
  'tsrun ',
  'tsrun rm ',
  'tsrun run al',
  'tsrun rmi ',
  'tsrun volume rm ',
  'tsrun run -v ',
  'tsrun run "$(touch pwned)" x',
  "tsrun --root '$(touch pwned)' rm ",
  'tsrun rm $(touch pwned) ',
  'tsrun run --',
  'tsrun run "un',
];

for (const [shell, [command, setUp]] of Object.entries(SHELLS)) {
  describe(`in ${shell}, the tab key`, () => {
    const open = async () => {
      const terminal = await openTerminal(command, { env, cwd: home, columns: 150 });
      terminal.type(`${setUp}; echo re''ady\r`);
      await terminal.waitFor(/^ready/m);
      return terminal;
    };

    it('finishes the word', async () => {
      const terminal = await open();
      const got: Record<string, readonly string[]> = {};
      for (const [index, line] of Object.keys(TYPED).entries()) {
        // The finished line becomes the arguments of printf: nobody runs it.
        terminal.type(`${line}\t\x01printf '[%s]' N${index} \x05; echo E''ND\r`);
        const [, words = ''] = await terminal.waitFor(new RegExp(`\\[N${index}\\]((?:\\[[^\\]]*\\])*)END`));
        got[line] = words.slice(1, -1).replace(/\/$/, '').split(']['); // zsh takes a slash back at the next key
      }
      terminal.type('exit\r');
      await terminal.finished;
      assert.deepEqual(got, TYPED);
    });

    it('executes nothing, sends the terminal nothing, and changes nothing', async () => {
      const before = await succeed(['find', home, '-newermt', '@0', '-printf', '%p %T@\n'], { cwd: home });
      const terminal = await open();
      for (const line of LISTED) {
        terminal.type(`${line}\t\t`);
        terminal.type('\x05\x15\x15');
      }
      terminal.type('tsrun rm w\t\t');
      await terminal.waitFor(/worn/);
      terminal.type('\x15\x15exit\r');
      await terminal.finished;
      assert.ok(!terminal.output().includes('\x1b]0;pwned'));
      assert.doesNotMatch(terminal.output(), /^(bash|zsh|fish|_?tsrun|__tsrun\w*)(: |\()/m);
      const now = await succeed(['find', home, '-newermt', '@0', '-printf', '%p %T@\n'], { cwd: home });
      assert.ok(!now.includes('/pwned'), now);
      assert.deepEqual(inStore(now), inStore(before));
    });
  });
}

function inStore(found: string): string[] {
  return found
    .split('\n')
    .filter((line) => line.startsWith(store))
    .sort();
}

describe('the candidates', () => {
  it('come without a word on standard error, whatever is wrong', async () => {
    const ask = (words: readonly string[], more = {}) =>
      execute(['tsrun', '__complete', ...words], { env: { ...env, ...more }, cwd: home });
    for (const [words, more] of [
      [['bash', 'rm', '']],
      [['zsh', 'rm', ''], { TSRUN_ROOT: '/dev/null' }],
      [['zsh', 'rm', ''], { TSRUN_ROOT: '', HOME: '' }],
      [[]],
      [['fish', '--root']],
    ] as const) {
      const { code, stderr } = await ask([...words], more);
      assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
    }
  });

  it('are there without anything being loaded that a tab key does not need', async () => {
    const size = statSync(join(installation(), 'dist/complete.cjs')).size;
    assert.ok(size < 100_000, `dist/complete.cjs has ${size} bytes: what does it import?`);
  });
});
