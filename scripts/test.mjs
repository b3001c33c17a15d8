/**
 * Prepares the machine, builds, and runs the tests.
 *
 *   npm test                      every test
 *   npm test -- layer registry    the test files whose path holds one of these words
 *   npm run test:quick            the unit tests: no packages are installed, under a minute
 *   npm run test:watch            the unit tests again at every change
 */
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { build } from './build.mjs';
import { buildFuzzers } from './fuzz.mjs';
import { buildHelper } from './native.mjs';
import { makePackages } from './pack.mjs';
import { checkNode, installNodes, installPackages, installPnpm } from './packages.mjs';
import { installRequirements } from './requirements.mjs';
import { checkout, program, Trouble } from './steps.mjs';
import { transpile } from './transpile.mjs';
import { createUsers } from './users.mjs';

/** These start containers, registries, package managers or emulators, or hundreds of processes: not quick. */
const SLOW =
  /^test\/(integration|native|packaging|rootfs)\/|^test\/plan\/replay\.|^test\/commands\/format\.|^test\/layer\/(apply|hostile|limits|whiteout)\./;
/** The folders whose files take longest, longest first: `npm test` ends with the names of those that did. */
const FIRST = ['test/integration/', 'test/packaging/', 'test/rootfs/', 'test/layer/', 'test/native/'];

async function main() {
  const words = process.argv.slice(2).filter((word) => !word.startsWith('--'));
  const watching = process.argv.includes('--watch');
  const quick = watching || process.argv.includes('--quick');
  checkNode();
  if (!quick) await installRequirements();
  await installPackages();
  await build();
  await transpile({ watching });
  if (!quick) {
    await Promise.all([buildHelper('asan'), buildHelper(process.arch === 'arm64' ? 'x64' : 'arm64'), installNodes(), installPnpm()]);
    await createUsers();
  }
  const files = testFiles().filter(
    (file) => !(quick && SLOW.test(file)) && (words.length === 0 || words.some((word) => file.includes(word))),
  );
  if (files.length === 0) throw new Trouble(`no test file has ${words.join(' or ')} in its path`);
  // Once, before: the tests run side by side.
  if (files.some((file) => file.startsWith('test/packaging/'))) await makePackages();
  if (files.some((file) => file.includes('/native/fuzz'))) await buildFuzzers();
  process.exitCode = await runTests(files, watching);
}

/** Sources of the tests, relative to the checkout; the slow ones first, so that none of them is alone at the end. */
function testFiles() {
  const names = readdirSync(join(checkout, 'test'), { recursive: true, encoding: 'utf8' });
  const files = names.filter((name) => name.endsWith('.test.ts')).map((name) => join('test', name));
  const rank = (/** @type {string} */ file) => FIRST.findIndex((folder) => file.startsWith(folder)) + 1 || FIRST.length + 1;
  return files.sort((a, b) => rank(a) - rank(b) || a.localeCompare(b));
}

/** @param {string[]} files @param {boolean} watching @returns {Promise<number>} exit status */
function runTests(files, watching) {
  const compiled = files.map((file) => join('build', file.replace(/\.ts$/, '.js')));
  const runner = watching ? ['--test', '--watch'] : ['scripts/run-tests.mjs'];
  return new Promise((done, failed) => {
    const child = spawn(process.execPath, ['--enable-source-maps', ...runner, ...compiled], { cwd: checkout, stdio: 'inherit' });
    // It ends the tests, who clean up, and then itself.
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill('SIGTERM'));
    child.on('error', failed);
    child.on('close', (code) => done(code ?? 1));
  });
}

await program(import.meta.url, main);
