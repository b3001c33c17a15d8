import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { inCheckout } from '../harness/checkout.js';
import { temporaryDirectory } from '../harness/temporary.js';

const { checkImports }: typeof import('../../scripts/check-imports.mjs') = await import(inCheckout('scripts/check-imports.mjs'));

/** @param files path below src/ → text */
function violations(files: Record<string, string>): Promise<string[]> {
  const root = temporaryDirectory();
  for (const [path, text] of Object.entries(files)) {
    const file = join(root, 'src', path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  return checkImports(root);
}

test('imports that go down are accepted, within a folder and a tier too', async () => {
  const files = {
    'index.ts': "export { run } from './api/run.js';",
    'api/run.ts': "import { build } from '../bundle/build.js'; export const run = build;",
    'bundle/build.ts': "import type { A } from '../spec/a.js'; import '../security/caps.js'; export const build = (a: A) => a;",
    'security/caps.ts': "import 'node:fs'; export {};",
    'spec/a.ts': "import type { B } from './b.js'; export type A = B;",
    'spec/b.ts': 'export type B = 1;',
  };
  assert.deepEqual(await violations(files), []);
});

test('an import that goes up is refused, however it is written', async () => {
  for (const statement of [
    "import '../api/run.js';",
    "export * from '../api/run.js';",
    "await import('../api/run.js');",
    "import type { R } from '../api/run.js';",
  ]) {
    assert.deepEqual(await violations({ 'api/run.ts': 'export type R = 1;', 'layer/tree.ts': statement }), [
      'src/layer/tree.ts imports src/api/run.ts: layer may not import api',
    ]);
  }
});

test('the command line sees only index and the errors', async () => {
  assert.deepEqual(await violations({ 'cli/main.ts': "import '../api/run.js';", 'api/run.ts': '' }), [
    'src/cli/main.ts imports src/api/run.ts: cli may not import api',
  ]);
});

test('a package that belongs to one place is refused elsewhere', async () => {
  assert.deepEqual(await violations({ 'layer/a.ts': "import koffi from 'koffi';", 'sys/b.ts': "import koffi from 'koffi';" }), [
    'src/layer/a.ts imports koffi, which belongs to src/sys',
  ]);
});

test('cycles between files and between folders are refused', async () => {
  const files = { 'spec/a.ts': "import './b.js';", 'spec/b.ts': "import './a.js';" };
  assert.deepEqual(await violations(files), ['files import each other: spec/a → spec/b → spec/a']);
  const types = { 'spec/a.ts': "import './b.js';", 'spec/b.ts': "import type { A } from './a.js';" };
  assert.deepEqual(await violations(types), [], 'types alone are no cycle: they are gone at run time');
  const folders = {
    'layer/a.ts': "import '../rootfs/b.js';",
    'rootfs/b.ts': '',
    'rootfs/c.ts': "import '../layer/d.js';",
    'layer/d.ts': '',
  };
  assert.deepEqual(await violations(folders), ['folders import each other: layer → rootfs → layer']);
});

test('a folder that the design does not know is refused', async () => {
  assert.match((await violations({ 'util/a.ts': '' })).join(), /give util a place/);
});
