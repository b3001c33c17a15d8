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
import { buildHelper } from './native.mjs';
import { checkNode, installNodes, installPackages, installPnpm } from './packages.mjs';
import { installRequirements } from './requirements.mjs';
import { checkout, program, Trouble } from './steps.mjs';
import { transpile } from './transpile.mjs';
import { createUsers } from './users.mjs';

/** No single test file may take longer; a hang is a failure with a name. */
const FILE_TIMEOUT_MS = 10 * 60_000;
/** Tests of these folders start containers, registries or package managers: not quick. */
const SLOW = /^test\/(integration|packaging)\//;

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
    await buildHelper('asan');
    await buildHelper(process.arch === 'arm64' ? 'x64' : 'arm64');
    await installNodes();
    await installPnpm();
    await createUsers();
  }
  const files = testFiles().filter(
    (file) => !(quick && SLOW.test(file)) && (words.length === 0 || words.some((word) => file.includes(word))),
  );
  if (files.length === 0) throw new Trouble(`no test file has ${words.join(' or ')} in its path`);
  process.exitCode = await runTests(files, watching);
}

/** Sources of the tests, relative to the checkout; the slow ones first, so that none of them is alone at the end. */
function testFiles() {
  const names = readdirSync(join(checkout, 'test'), { recursive: true, encoding: 'utf8' });
  const files = names.filter((name) => name.endsWith('.test.ts')).map((name) => join('test', name));
  return files.sort((a, b) => Number(SLOW.test(b)) - Number(SLOW.test(a)) || a.localeCompare(b));
}

/** @param {string[]} files @param {boolean} watching @returns {Promise<number>} exit status of node --test */
function runTests(files, watching) {
  const options = ['--enable-source-maps', '--test', '--test-concurrency=2', `--test-timeout=${FILE_TIMEOUT_MS}`];
  const reporting = ['--test-reporter=./scripts/reporter.mjs', '--test-reporter-destination=stdout'];
  const compiled = files.map((file) => join('build', file.replace(/\.ts$/, '.js')));
  return new Promise((done, failed) => {
    const child = spawn(process.execPath, [...options, ...(watching ? ['--watch'] : reporting), ...compiled], {
      cwd: checkout,
      stdio: 'inherit',
    });
    child.on('error', failed);
    child.on('close', (code) => done(code ?? 1));
  });
}

await program(import.meta.url, main);
