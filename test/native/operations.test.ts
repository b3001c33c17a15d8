import assert from 'node:assert/strict';
import { chmodSync, copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { OPERATIONS } from '../../src/plan/operations.js';
import { identity } from '../harness/identity.js';
import { execute } from '../harness/process.js';
import { temporaryDirectory } from '../harness/temporary.js';
import { foreign, missing, released } from './program.js';

for (const [name, helper] of Object.entries({ released, foreign })) {
  describe(`the helper's command line, ${name}`, { skip: missing(helper) }, () => {
    it('knows the operations that the compiler knows, with the same kinds of arguments', async () => {
      const { code, stdout } = await execute([...helper, '--operations']);
      const table = Object.fromEntries(
        stdout
          .split('\n')
          .slice(0, -1)
          .map((line) => line.split(' ')),
      );
      assert.deepEqual({ code, table }, { code: 0, table: { ...OPERATIONS } });
    });

    it('is refused in one sentence when it makes no sense', async () => {
      const lines = [
        [],
        ['help'],
        ['check', 'all'],
        ['drive', 'script'],
        ['execute'],
        ['execute', ''],
        ['execute', 'x'],
        ['execute', '-1'],
      ];
      for (const words of [
        ...lines,
        ['execute', '3x'],
        ['execute', '3', 'y'],
        ['execute', '3', '77'],
        ['execute', '3', '4', '5'],
        ['execute', '99999999999999999999'],
      ]) {
        const { code, stdout, stderr } = await execute([...helper, ...words]);
        assert.deepEqual([code, stdout], [125, ''], words.join(' '));
        assert.match(stderr, /^tsrun-helper is called by tsrun; type `tsrun --help`\n$/, words.join(' '));
      }
    });

    it('names a plan that cannot be read', async () => {
      for (const fd of ['9', '77']) {
        const { code, stderr } = await execute([...helper, 'execute', fd]);
        assert.deepEqual([code, stderr], [125, 'tsrun: not a valid launch plan: it cannot be read\n']);
      }
    });
  });
}

describe('the helper made setuid', { skip: process.getuid?.() === 0 ? false : 'only root can give it away' }, () => {
  it('refuses to work', async () => {
    const path = join(temporaryDirectory(), 'tsrun-helper');
    copyFileSync(released[0] ?? '', path);
    chmodSync(path, 0o4755);
    const { code, stderr } = await execute([path, 'execute', '0'], { as: identity('range'), cwd: '/' });
    assert.deepEqual([code, stderr.includes('neither setuid')], [125, true], stderr);
  });
});
