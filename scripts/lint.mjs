/**
 * Everything that reads the code without running it: format and lint, types, the direction of imports, dead code, the helper in C.
 *
 *   npm run lint
 */
import { analyseHelper } from './analyse.mjs';
import { checkImports } from './check-imports.mjs';
import { capture, checkout, program, say, Trouble } from './steps.mjs';

/** @type {Record<string, () => Promise<string>>} check → what is wrong, empty when nothing is */
const CHECKS = {
  'format and lint (biome)': () => tool('@biomejs/biome/bin/biome', ['check', '--error-on-warnings', '--colors=off']),
  'types (tsc)': () => tool('typescript/bin/tsc', ['-p', '.']),
  'direction of imports': async () => (await checkImports(checkout)).join('\n'),
  'the helper (gcc -fanalyzer)': analyseHelper,
  'dead code (knip)': () => tool('knip/bin/knip.js', []),
};

/** @param {string} script below node_modules @param {string[]} args */
async function tool(script, args) {
  const { code, stdout, stderr } = await capture(process.execPath, [`node_modules/${script}`, ...args]);
  return code === 0 ? '' : stdout + stderr || `exit status ${code}`;
}

await program(import.meta.url, async () => {
  const results = await Promise.all(Object.entries(CHECKS).map(async ([name, check]) => ({ name, wrong: await check() })));
  for (const { name, wrong } of results) say(wrong === '' ? `✓ ${name}` : `✗ ${name}\n${wrong.trimEnd()}`);
  const failed = results.filter(({ wrong }) => wrong !== '').map(({ name }) => name);
  if (failed.length > 0) throw new Trouble(`lint: ${failed.join(', ')}`);
});
