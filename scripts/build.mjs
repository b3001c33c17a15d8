/**
 * Builds what a checkout runs: the native helper, the bundles in dist/ and the library's types.
 *
 *   node scripts/build.mjs            everything that is out of date
 *   node scripts/build.mjs --watch    the bundles and the helper again at every change
 *
 * Everything in JavaScript is bundled, so that a user installs one package and one platform package. The programs are CommonJS:
 * one file of it loads in half the time of the same code unbundled.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, watch, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildHelper, isStale } from './native.mjs';
import { checkout, program, run, say, Trouble } from './steps.mjs';

/** Program → bundle. src/runtime/locate.ts and bin/ know these names. */
const BUNDLES = [
  { from: 'src/cli/load.ts', to: 'dist/load.cjs' },
  { from: 'src/cli/main.ts', to: 'dist/cli.cjs' },
  { from: 'src/cli/oclif.ts', to: 'dist/oclif.cjs' },
  { from: 'src/cli/compile.ts', to: 'dist/compile.cjs' },
  { from: 'src/cli/complete.ts', to: 'dist/complete.cjs' },
  { from: 'src/layer/worker.ts', to: 'dist/unpack.cjs' },
  { from: 'src/files/worker.ts', to: 'dist/files.cjs' },
  { from: 'src/index.ts', to: 'dist/index.js' },
  { from: 'src/registry/dispatchers.ts', to: 'dist/dispatchers.cjs' },
];

/** By src/cli/load.ts, from V8's code cache: what comes back from there cannot call import(), which is require() then. */
const LOADED = ['dist/cli.cjs', 'dist/compile.cjs'];

/**
 * What a bundle leaves to another one. undici would be half of every program that might send a request, read at every start: it stays apart
 * until the first one. oclif's classes are made from the commands of the command line.
 */
const APART = {
  name: 'apart',
  /** @param {import('esbuild').PluginBuild} build */
  setup(build) {
    const left = (/** @type {string} */ path) => ({ path, external: true });
    build.onResolve({ filter: /^\.\/dispatchers\.js$/ }, ({ kind }) => (kind === 'dynamic-import' ? left('./dispatchers.cjs') : undefined));
    build.onResolve({ filter: /^\.\/main\.js$/ }, ({ importer }) => (importer.endsWith('/oclif.ts') ? left('./cli.cjs') : undefined));
  },
};

/** In a CommonJS bundle import.meta is empty: this gives it its url back. */
const COMMONJS = {
  banner: { js: "const __bundleUrl = require('node:url').pathToFileURL(__filename).href;" },
  define: { 'import.meta.url': '__bundleUrl' },
};
/** In an ES module there is no require, which bundled CommonJS packages call for Node's own modules. */
const MODULE = {
  banner: { js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);" },
};

/** @param {typeof BUNDLES[number]} bundle @returns {import('esbuild').BuildOptions} */
function settings({ from, to }) {
  const commonjs = to.endsWith('.cjs');
  return {
    absWorkingDir: checkout,
    entryPoints: [from],
    outfile: to,
    bundle: true,
    platform: 'node',
    target: 'node20.19',
    format: commonjs ? 'cjs' : 'esm',
    ...(commonjs ? COMMONJS : MODULE),
    ...(LOADED.includes(to) ? { supported: { 'dynamic-import': false } } : {}),
    // oclif asks for it only to run commands written in TypeScript, and does without.
    external: ['typescript'],
    plugins: [APART],
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: 'none',
    metafile: true,
    logLevel: 'warning',
  };
}

/** @returns {Promise<typeof import('esbuild')>} */
async function loadEsbuild() {
  try {
    return await import('esbuild');
  } catch {
    throw new Trouble('the packages that build tsrun are not installed: run npm ci, then try again');
  }
}

async function bundleAll() {
  const packages = await settled(BUNDLES.map(bundle));
  writeFileSync(join(checkout, 'dist/THIRD-PARTY.txt'), notices([...new Set(packages.flat())].sort()));
}

/** @param {typeof BUNDLES[number]} one @returns {Promise<string[]>} the folders of the packages that went in */
async function bundle(one) {
  const esbuild = await loadEsbuild();
  if (!existsSync(join(checkout, one.from))) throw new Trouble(`${one.from} is missing: the checkout is incomplete, clone it again`);
  const { metafile } = await esbuild.build(settings(one)).catch((error) => {
    throw new Trouble(`${one.to} could not be bundled: ${error.errors?.length ?? 1} error(s), shown above`);
  });
  return Object.keys(metafile?.inputs ?? {}).flatMap((input) => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(input)?.[1] ?? []);
}

/** The licences of what is bundled ask for their text to travel with it. @param {string[]} directories */
function notices(directories) {
  const texts = directories.map((directory) => {
    const { name, version, license } = JSON.parse(readFileSync(join(checkout, directory, 'package.json'), 'utf8'));
    const file = readdirSync(join(checkout, directory)).find((entry) => /^licen[cs]e/i.test(entry));
    const text = file === undefined ? `Licence: ${license}` : readFileSync(join(checkout, directory, file), 'utf8').trim();
    return `${name} ${version}\n\n${text}\n`;
  });
  return `The programs in this folder contain these packages.\n\n${texts.join(`\n${'-'.repeat(80)}\n`)}`;
}

/** The library's types, one declaration per source file that index.ts reaches. The stamp lies in build/: dist/ is published. */
async function declarations() {
  const inputs = [...filesOf('src'), join(checkout, 'tsconfig.types.json'), join(checkout, 'tsconfig.json')];
  if (!isStale(join(checkout, 'build/types.stamp'), inputs)) return;
  mkdirSync(join(checkout, 'build'), { recursive: true });
  for (const old of filesOf('dist')) if (old.endsWith('.d.ts')) rmSync(old);
  await run(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.types.json'], { advice: 'the errors are shown above' });
  writeFileSync(join(checkout, 'build/types.stamp'), '');
}

/** @param {string} folder @returns {string[]} absolute paths of all files below */
function filesOf(folder) {
  const root = join(checkout, folder);
  if (!existsSync(root)) return [];
  const entries = readdirSync(root, { recursive: true, withFileTypes: true });
  return entries.flatMap((entry) => (entry.isFile() ? [join(entry.parentPath, entry.name)] : []));
}

export async function build() {
  await settled([buildHelper().then(() => {}), bundleAll(), declarations()]);
}

/**
 * Waits for all and reports every part that failed, not only the first.
 * @template T
 * @param {Promise<T>[]} parts
 * @returns {Promise<T[]>}
 */
async function settled(parts) {
  const results = await Promise.allSettled(parts);
  const failures = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
  if (failures.length === 1) throw failures[0];
  if (failures.length > 1) throw new Trouble(failures.map((failure) => failure.message).join('\n✗ '));
  return results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
}

/** Rebuilds at every change until interrupted; an error is shown and the watch goes on. */
async function watchAll() {
  const esbuild = await loadEsbuild();
  for (const one of BUNDLES) await (await esbuild.context({ ...settings(one), logLevel: 'info' })).watch();
  const helper = () => buildHelper().catch((error) => say(`✗ ${error.message}`));
  await helper();
  /** @type {NodeJS.Timeout | undefined} */
  let soon;
  watch(join(checkout, 'native'), () => {
    clearTimeout(soon);
    soon = setTimeout(helper, 100);
  });
}

await program(import.meta.url, () => (process.argv.includes('--watch') ? watchAll() : build()));
