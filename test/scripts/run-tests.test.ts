/** The runner of the tests, with small test files of its own. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { inCheckout } from '../harness/checkout.js';
import { execute } from '../harness/process.js';
import { temporaryDirectory } from '../harness/temporary.js';

/** @param files name → body of a module that has `test` */
function runTests(files: Record<string, string>, env: NodeJS.ProcessEnv = {}) {
  const directory = temporaryDirectory();
  for (const [name, body] of Object.entries(files)) writeFileSync(join(directory, name), `import { test } from 'node:test';\n${body}\n`);
  const { NODE_TEST_CONTEXT: _ours, CI: _ci, ...outer } = process.env;
  const paths = Object.keys(files).map((name) => join(directory, name));
  return execute([process.execPath, inCheckout('scripts/run-tests.mjs'), ...paths], { cwd: inCheckout(), env: { ...outer, ...env } });
}

const SUMMARY = /\nℹ tests \d+\nℹ suites \d+\nℹ pass \d+\nℹ fail \d+\nℹ cancelled \d+\nℹ skipped \d+\nℹ todo \d+\nℹ duration_ms [\d.]+\n$/;

test('files run in the order given, and the summary comes last, after a failure too', async () => {
  const good = await runTests({ 'b.mjs': "test('first', () => {});", 'a.mjs': "test('second', () => {});" });
  assert.equal(good.code, 0);
  assert.match(good.stdout, /first.*\n.*second/);
  assert.match(good.stdout, SUMMARY);
  const bad = await runTests({ 'a.mjs': "test('wrong', () => { throw new Error('because') });" });
  assert.equal(bad.code, 1);
  assert.match(bad.stdout, /because/);
  assert.match(bad.stdout, SUMMARY);
});

test('a file that ends before its tests are told is a failure', async () => {
  assert.equal((await runTests({ 'a.mjs': 'process.exit(3);' })).code, 1);
});

test('a skipped test is a failure in CI, with its reason, and nowhere else', async () => {
  const files = { 'a.mjs': "test('needs a moon', { skip: 'no moon here' }, () => {});" };
  assert.equal((await runTests(files)).code, 0);
  const { code, stdout } = await runTests(files, { CI: 'true' });
  assert.equal(code, 1);
  assert.match(stdout, /in CI a skipped test is a failure: needs a moon \(no moon here\)/);
});

test('a temporary file or a process that outlives its test is a failure', { timeout: 60_000 }, async () => {
  const file = "import { mkdtempSync } from 'node:fs';\ntest('forgets', () => { mkdtempSync(process.env.TMPDIR + '/forgotten-'); });";
  const child =
    "import { spawn } from 'node:child_process';\ntest('forgets', () => { spawn('sleep', ['60'], { detached: true, stdio: 'ignore' }).unref(); });";
  const [withFile, withChild] = await Promise.all([runTests({ 'a.mjs': file }), runTests({ 'a.mjs': child })]);
  assert.equal(withFile.code, 1);
  assert.match(withFile.stdout, /left behind by the tests:\n {2}\S+\/forgotten-/);
  assert.equal(withChild.code, 1);
  const forgotten = /left behind by the tests:\n {2}process (\d+) sleep 60/.exec(withChild.stdout);
  assert.ok(forgotten, withChild.stdout);
  process.kill(Number(forgotten[1]));
});
