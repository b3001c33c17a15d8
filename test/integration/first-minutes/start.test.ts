/** `npm start` in a checkout of the user's own: the first of the README's two commands. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { inCheckout } from '../../harness/checkout.js';
import { identities } from '../../harness/identity.js';
import { execute, succeed } from '../../harness/process.js';
import { openTerminal } from '../../harness/pty.js';
import { withinReach } from '../../harness/reach.js';
import { sandbox } from '../../harness/tsrun.js';

/** What a clone has. The packages are shared, and what is built already is not built again. */
const CLONED = [
  'package.json',
  'package-lock.json',
  'tsconfig.json',
  'tsconfig.types.json',
  'bin',
  'fixtures',
  'scripts',
  'src',
  'test',
  'bench',
];
const BUILT = ['native', 'dist', 'build/types.stamp'];

for (const who of identities()) {
  it(`as ${who.name}: npm start shows a container with seven namespaces of its own and its map, and says what to type next`, {
    skip: who.unavailable ?? false,
  }, async () => {
    await using box = sandbox(who);
    const clone = join(box.home, 'tsrun');
    await succeed(['mkdir', '-p', join(clone, 'build')]);
    for (const part of [...CLONED, ...BUILT]) await succeed(['cp', '-a', inCheckout(part), join(clone, part)]);
    symlinkSync(withinReach(inCheckout('node_modules')), join(clone, 'node_modules'));
    await succeed(['chown', '-hR', `${who.uid}:${who.gid}`, clone]);

    const terminal = await openTerminal(['npm', 'start'], {
      as: who,
      cwd: clone,
      env: box.env,
      columns: 120,
      rows: 60,
      timeoutMs: 180_000,
    });
    const { code } = await terminal.finished;
    const said = terminal.screen().text;
    assert.equal(code, 0, said);
    assert.match(said, /7 of 7 namespaces are its own\./);
    const [, first, outside] = /uid map +(\S+) +(?:is|are) (\d+)\S* on the host/.exec(said) ?? [];
    assert.equal(first, who.name === 'root' ? '0-65535' : '0');
    if (who.name === 'root') assert.ok(Number(outside) > 0, 'no host id 0');
    else assert.equal(Number(outside), who.uid);
    assert.match(said, /^ {2}bin\/tsrun run alpine sh {2,}a shell/m);
    assert.match(said, /^ {2}npm test {2,}every test/m);
    // What it says to type next works: the program that it names is there and answers.
    const version = await execute([join(clone, 'bin/tsrun'), '--version'], { as: who, cwd: clone, env: box.env });
    assert.equal(version.code, 0, version.stderr);
    assert.deepEqual(readdirSync(join(clone, 'build/start/store/v1/transient')), []);
    assert.ok(!existsSync(join(box.root, 'v1')), 'its store is its own, below build/');
  });
}
