/** What is labelled for SELinux. A label is an attribute that root may write where nobody guards it, too: these tests need no policy. */
import assert from 'node:assert/strict';
import { linkSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { Operation } from '../../src/plan/operations.js';
import { succeed } from '../harness/process.js';
import { temporaryDirectory } from '../harness/temporary.js';
import { one, shell, two } from './plain.js';
import { launch, missing, type Report, released, sanitized } from './program.js';

const LABEL = 'u:object_r:container_file_t:s0:c1,c2';
const root = process.getuid?.() === 0;
/** Of each path itself; '' for none. */
const READ = `import os,sys
for path in sys.argv[1:]:
    try: print(os.getxattr(path, 'security.selinux', follow_symlinks=False).rstrip(b'\\0').decode())
    except OSError: print()`;

async function labels(...paths: string[]): Promise<string[]> {
  return (await succeed(['python3', '-c', READ, ...paths])).split('\n').slice(0, -1);
}

/** O_PATH, as what is mounted is held. */
function relabel(path: string, once: 0 | 1, label = LABEL): Operation[] {
  return [
    ['open', path, 0o10000000, 'tree'],
    ['relabel-tree', 'tree', label, once],
  ];
}

for (const [name, helper] of Object.entries({ released, sanitized })) {
  describe(`relabel-tree, ${name}`, { skip: missing(helper) || (root ? false : 'only root labels without a policy') }, () => {
    const perform = async (operations: Operation[]) => (await launch(helper, one(...operations)).finished).code;

    it('labels everything in a tree, links themselves, and nothing that they lead to', async () => {
      const [tree, outside] = [temporaryDirectory(), temporaryDirectory()];
      writeFileSync(join(outside, 'canary'), '');
      mkdirSync(join(tree, 'a/b'), { recursive: true });
      writeFileSync(join(tree, 'a/b/file'), '');
      symlinkSync(join(outside, 'canary'), join(tree, 'a/out'));
      linkSync(join(tree, 'a/b/file'), join(tree, 'second'));
      assert.equal(await perform(relabel(tree, 0)), 0);
      const inside = ['', 'a', 'a/b', 'a/b/file', 'a/out', 'second'].map((path) => join(tree, path));
      assert.deepEqual(
        await labels(...inside),
        inside.map(() => LABEL),
      );
      assert.deepEqual(await labels(outside, join(outside, 'canary')), ['', '']);
    });

    it('takes a file alone, and another label in place of the first', async () => {
      const file = join(temporaryDirectory(), 'file');
      writeFileSync(file, '');
      assert.equal(await perform([...relabel(file, 0), ['close', 'tree'], ...relabel(file, 0, 'a:b:c')]), 0);
      assert.deepEqual(await labels(file), ['a:b:c']);
    });

    it('looks no further where the directory has it, for that comes last', async () => {
      const tree = temporaryDirectory();
      assert.equal(await perform(relabel(tree, 1)), 0);
      writeFileSync(join(tree, 'later'), '');
      assert.equal(await perform(relabel(tree, 1)), 0);
      assert.deepEqual(await labels(tree, join(tree, 'later')), [LABEL, '']);
      assert.equal(await perform(relabel(tree, 0)), 0);
      assert.deepEqual(await labels(join(tree, 'later')), [LABEL]);
    });
  });
}

it('the copy that stays in front of a command has the label of the container’s files', { skip: !root }, async () => {
  const read = shell('getfattr --only-values -n security.selinux /proc/$PPID/exe 2> /dev/null; true');
  const said = async (child: Operation[]) => {
    const { finished, reports } = launch(released, two(child));
    return { stdout: (await finished).stdout.replace(/\0$/, ''), failed: ((await reports) satisfies Report).failed };
  };
  const [, args, env, search] = read as ['exec', string[], string[], string];
  assert.deepEqual(
    (
      await said([
        ['seal', 1],
        ['label-seal', LABEL],
        ['init', args, env, search],
      ])
    ).stdout,
    LABEL,
  );
  assert.equal(
    (
      await said([
        ['seal', 1],
        ['init', args, env, search],
      ])
    ).stdout,
    '',
  );
  assert.equal((await said([['label-seal', LABEL], read])).failed?.operation, 'label-seal', 'without a copy');
});
