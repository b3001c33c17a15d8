/**
 * Transpiles src/, test/, fixtures/ and bench/ to build/, one file to one file, so that `node --test` runs them on every Node
 * without a loader. What a source reads beside itself (fixtures, golden files) it finds in the checkout, not in build/.
 *
 *   node scripts/transpile.mjs [--watch]
 */
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { checkout, program } from './steps.mjs';

const FOLDERS = ['src', 'test', 'fixtures', 'bench'];

/** @param {string} folder @param {string} ending */
function filesBelow(folder, ending) {
  const directory = join(checkout, folder);
  if (!existsSync(directory)) return [];
  const names = readdirSync(directory, { recursive: true, encoding: 'utf8' });
  return names.filter((name) => name.endsWith(ending)).map((name) => join(folder, name));
}

export async function transpile({ watching = false } = {}) {
  const { build, context } = await import('esbuild');
  const sources = FOLDERS.flatMap((folder) => filesBelow(folder, '.ts'));
  const expected = new Set(sources.map((source) => join('build', source.replace(/\.ts$/, '.js'))));
  // A test whose source is gone must not go on running.
  for (const folder of FOLDERS) {
    for (const file of filesBelow(join('build', folder), '.js')) if (!expected.has(file)) rmSync(join(checkout, file));
  }
  /** @type {import('esbuild').BuildOptions} */
  const options = {
    absWorkingDir: checkout,
    entryPoints: sources,
    outdir: 'build',
    outbase: '.',
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    sourcemap: 'linked',
    logLevel: 'warning',
  };
  await build(options);
  if (watching) await (await context(options)).watch();
}

await program(import.meta.url, () => transpile({ watching: process.argv.includes('--watch') }));
