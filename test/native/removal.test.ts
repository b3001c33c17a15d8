/** Removal of trees: what a container, or somebody with a grudge, may have made of them. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { type Identity, identities } from '../harness/identity.js';
import { succeed } from '../harness/process.js';
import { withinReach } from '../harness/reach.js';
import { temporaryDirectory } from '../harness/temporary.js';
import { one } from './plain.js';
import { launch, released } from './program.js';

for (const who of identities()) {
  describe(`as ${who.name}: a tree`, { skip: who.unavailable ?? false }, () => {
    it('that does not let itself be written, read or entered is removed', async () => {
      const tree = await made(who, 'mkdir -p a/b/c d; touch a/b/c/f a/f d/f; chmod 0555 a/b/c; chmod 000 a/b; chmod 0500 a; chmod 0111 d');
      assert.deepEqual(await removed(who, tree), { code: 0, left: false });
    });

    it('with names of every kind is removed', async () => {
      const script = `touch -- '-rf' ' ' "$(printf 'new\\nline\\377')" '*' ...; ln -s /etc/passwd link; ln -s .. up; mkfifo fifo; mkdir "$(printf %0255d 1)"`;
      const tree = await made(who, script);
      assert.deepEqual(await removed(who, tree), { code: 0, left: false });
    });

    it('is removed, and not what its links lead to', async () => {
      const outside = await made(who, 'mkdir kept; touch kept/file; chmod 000 kept');
      const tree = await made(who, `ln -s ${outside}/kept a; mkdir b; ln -s ${outside} b/c; chmod 0500 b`);
      assert.deepEqual(await removed(who, tree), { code: 0, left: false });
      assert.equal((await succeed(['stat', '-c', '%a', join(outside, 'kept')], { as: who })).trim(), '0');
      await succeed(['sh', '-c', 'chmod 700 "$0" && test -e "$0/file"', join(outside, 'kept')], { as: who });
    });

    it('much deeper than there are descriptors is removed', async () => {
      const deep =
        'import os\nfor n in range(500):\n os.mkdir("d" * 20); os.chdir("d" * 20)\n if n % 100 == 70: os.mkdir("x"); os.mkdir("x/y"); os.chmod("x", 0o500)\n';
      const tree = await made(who, `python3 -c '${deep}'`);
      assert.deepEqual(await removed(who, tree, 128), { code: 0, left: false });
    });

    it('that is a file, or is not there, is removed too', async () => {
      const tree = await made(who, 'touch file');
      assert.deepEqual(await removed(who, join(tree, 'file')), { code: 0, left: false });
      assert.deepEqual(await removed(who, join(tree, 'file')), { code: 0, left: false });
    });
  });
}

describe('the contents of a directory', () => {
  it('are removed, and the directory stays', async () => {
    const directory = temporaryDirectory();
    mkdirSync(join(directory, 'a/b'), { recursive: true });
    writeFileSync(join(directory, 'a/f'), '');
    assert.equal((await launch(released, one(['chdir-host', directory], ['remove-contents'])).finished).code, 0);
    assert.deepEqual(readdirSync(directory), []);
  });

  it('are left where something is mounted over them', { skip: process.getuid?.() !== 0 && 'only root mounts' }, async () => {
    const [directory, home] = [temporaryDirectory(), temporaryDirectory()];
    mkdirSync(join(directory, 'mounted'));
    writeFileSync(join(home, 'file'), '');
    const mounting = ['unshare', '-m', 'sh', '-c', 'mount --bind "$1" "$0/mounted" && shift && exec "$@"', directory, home];
    const { finished, reports } = launch([...mounting, ...released], one(['remove-tree', directory]));
    assert.equal((await finished).code, 125);
    assert.deepEqual([(await reports).failed?.operation, (await reports).failed?.error], ['remove-tree', 18]);
    assert.ok(existsSync(join(home, 'file')));
  });
});

/** A directory of the user's, filled by a script. */
async function made(who: Identity, script: string): Promise<string> {
  const tree = join(temporaryDirectory(who), 'tree');
  await succeed(['sh', '-euc', `mkdir "$0"; cd "$0"; ${script}`, tree], { as: who });
  return tree;
}

async function removed(who: Identity, tree: string, descriptors = 1024): Promise<{ code: number | null; left: boolean }> {
  const helper = ['sh', '-c', `ulimit -n ${descriptors}; exec "$@"`, 'sh', withinReach(released[0] ?? '')];
  const { finished } = launch(helper, one(['remove-tree', tree]), { as: who, cwd: '/' });
  const { code } = await finished;
  return { code, left: existsSync(tree) };
}
