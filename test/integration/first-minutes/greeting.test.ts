/** The very first words: what a person at a terminal types who has never seen tsrun. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { identities } from '../../harness/identity.js';
import { openTerminal } from '../../harness/pty.js';
import { sandbox } from '../../harness/tsrun.js';

/** What is typed, and all that is then on the screen. */
const MISTAKES: [args: string[], said: string][] = [
  [['alpine', 'sh'], 'there is no command "alpine". Did you mean `tsrun run alpine sh`?'],
  [
    ['ghcr.io/team/app:1.2', 'sh', '-c', 'echo a  b'],
    'there is no command "ghcr.io/team/app:1.2". Did you mean `tsrun run ghcr.io/team/app:1.2 sh -c \'echo a  b\'`?',
  ],
  [['rnu', 'alpine', 'sh'], 'there is no command "rnu". Did you mean `tsrun run alpine sh`?'],
  [['pul', 'alpine'], 'there is no command "pul". Did you mean `tsrun pull alpine`?'],
  [['image', 'lst'], 'there is no command "image lst". Did you mean `tsrun image ls`?'],
  [['exec', 'web', 'sh'], 'no container web: list them with: tsrun ps -a'],
  [['run'], 'tsrun run needs an IMAGE: see `tsrun run --help`'],
  [['run', '--nmae', 'web', 'alpine'], 'unknown flag: --nmae. Did you mean --name?'],
  [['run', 'Alpine'], '"Alpine" is not an image reference: a repository name must be lower case: write it in lower case: "alpine"'],
];

for (const who of identities()) {
  describe(`as ${who.name}, on a terminal`, { skip: who.unavailable ?? false }, () => {
    const place = sandbox(who);
    const type = (args: readonly string[]) =>
      openTerminal([place.program, ...args], { as: who, env: place.env, cwd: place.home, columns: 200 });

    it('`tsrun` alone prints three commands to try, and succeeds', async () => {
      const terminal = await type([]);
      assert.equal((await terminal.finished).code, 0);
      const commands = terminal.screen().lines.filter((line) => /^ {2}tsrun /.test(line));
      assert.equal(commands.length, 3);
      assert.match(commands[0] ?? '', /tsrun run alpine sh/);
    });

    for (const [args, said] of who.name === 'range' ? MISTAKES : MISTAKES.slice(0, 1)) {
      it(`\`tsrun ${args.join(' ')}\` is refused with one line that helps, and 125`, async () => {
        const terminal = await type(args);
        assert.equal((await terminal.finished).code, 125);
        assert.equal(terminal.screen().text, said.replace(/^(?!tsrun )/, 'tsrun: '));
      });
    }
  });
}
