/** The README's program does what it says, as it stands, on every Node that is supported. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { inCheckout } from '../../harness/checkout.js';
import { identity } from '../../harness/identity.js';
import { nodeVersions } from '../../harness/nodes.js';
import { installation } from '../../harness/reach.js';
import { describeAs } from '../run/place.js';

const EXAMPLE = /```ts\n([^`]*import [^`]*)```/.exec(readFileSync(inCheckout('README.md'), 'utf8'))?.[1] ?? '';

describeAs(identity('range'), 'the example of the README', (where) => {
  for (const node of nodeVersions()) {
    it(`runs on Node ${node.line}`, { skip: node.unavailable ?? false }, async () => {
      const { box, image } = where();
      const program = EXAMPLE.replace(`'tsrun'`, `'${installation()}/dist/index.js'`).replaceAll(`'alpine'`, `'${image}'`);
      assert.notEqual(program, EXAMPLE);
      const file = join(box.home, 'example.mjs');
      writeFileSync(file, program, { mode: 0o644 });
      const { code, stdout, stderr } = await box.command([node.path, file]).finished;
      assert.deepEqual([code, stdout], [0, 'a\nb\nexit status 0\n'], stderr);
      assert.match(stderr, /^resolve\n/);
    });
  }
});
