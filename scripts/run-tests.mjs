/**
 * Runs compiled test files by node:test, in the order given: `node --test` would sort them by name, and the longest would end alone.
 * A test that leaves a process, a mount or a file behind is a failure.
 *
 *   node --enable-source-maps scripts/run-tests.mjs FILE...
 */
import { chmodSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { run } from 'node:test';
import { remains } from './remains.mjs';
import { report } from './reporter.mjs';
import { program } from './steps.mjs';

/** No single test file may take longer; a hang is a failure with a name. */
const FILE_TIMEOUT_MS = 10 * 60_000;
/** More than the two cores of a small machine: tests of what runs in time wait for half of theirs. */
const CONCURRENCY = 3;

/** Theirs alone, and shared by all users that they act as. @returns {string} */
function temporaryFolder() {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), 'tsrun-tests-'));
  chmodSync(folder, 0o1777);
  process.env['TMPDIR'] = folder;
  return folder;
}

await program(import.meta.url, async () => {
  const folder = temporaryFolder();
  const interrupted = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => interrupted.abort());
  const files = process.argv.slice(2).map((file) => resolve(file));
  const events = run({ files, concurrency: CONCURRENCY, timeout: FILE_TIMEOUT_MS, signal: interrupted.signal });
  events.on('test:fail', () => {
    process.exitCode = 1;
  });
  const cleanUp = async () => {
    const left = await remains(folder);
    rmSync(folder, { recursive: true, force: true });
    if (left.length === 0) return '';
    process.exitCode = 1;
    return `✖ left behind by the tests:\n${left.map((line) => `  ${line}\n`).join('')}\n`;
  };
  for await (const text of report(events, cleanUp)) process.stdout.write(text);
});
