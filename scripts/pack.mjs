/**
 * Makes the packages that are published, below build/packages/: the main one (JavaScript, no dependencies but optional platform
 * packages, no install script) and one per platform (the static helper, and the FFI for glibc and musl).
 *
 *   npm run packages
 *
 * `npm pack` in the checkout is for handing a build to somebody with the same processor: one package with the helper inside.
 */
import { chmodSync, copyFileSync, cpSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from './build.mjs';
import { makeManifest } from './manifest.mjs';
import { buildHelper } from './native.mjs';
import { capture, checkout, packageJson, program, run, say, Trouble } from './steps.mjs';

const ARCHITECTURES = /** @type {const} */ (['x64', 'arm64']);
const packagesDirectory = join(checkout, 'build/packages');

/** @param {string} arch */
const platformName = (arch) => `@tsrun/linux-${arch}`;

/** What of package.json a user of the package needs, and the platform packages in place of those of a checkout. */
function published() {
  const { scripts: _scripts, devDependencies: _build, files: _files, ...rest } = packageJson();
  return { ...rest, optionalDependencies: Object.fromEntries(ARCHITECTURES.map((arch) => [platformName(arch), rest.version])) };
}

async function stageMain() {
  const stage = emptyStage('main');
  for (const part of ['bin', 'dist', 'docs']) cpSync(join(checkout, part), join(stage, part), { recursive: true });
  for (const file of ['README.md', 'SECURITY.md', 'CHANGELOG.md', 'LICENSE']) {
    if (!existsSync(join(checkout, file))) throw new Trouble(`${file} is missing: the package does not go out without it`);
    copyFileSync(join(checkout, file), join(stage, file));
  }
  writeFileSync(join(stage, 'oclif.manifest.json'), await makeManifest());
  writeFileSync(join(stage, 'package.json'), `${JSON.stringify(published(), null, 2)}\n`);
  return stage;
}

/** @param {typeof ARCHITECTURES[number]} arch */
async function stagePlatform(arch) {
  const stage = emptyStage(`linux-${arch}`);
  const { version, license, author, engines } = packageJson();
  const description = `The native parts of tsrun for Linux on ${arch}: the static launch helper, and koffi for glibc and musl.`;
  const manifest = { name: platformName(arch), version, description, license, author, engines, os: ['linux'], cpu: [arch] };
  copyFileSync(await buildHelper(arch), join(stage, 'tsrun-helper'));
  chmodSync(join(stage, 'tsrun-helper'), 0o755);
  cpSync(await koffi(arch), join(stage, 'koffi'), { recursive: true });
  copyFileSync(join(checkout, 'node_modules/koffi/LICENSE.txt'), join(stage, 'koffi/LICENSE.txt'));
  copyFileSync(join(checkout, 'LICENSE'), join(stage, 'LICENSE'));
  writeFileSync(join(stage, 'README.md'), `${description}\nInstalled by the package tsrun; of no use alone.\n`);
  writeFileSync(join(stage, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  return stage;
}

/** koffi's package for an architecture: this machine's is installed, the other is fetched. @param {string} arch */
async function koffi(arch) {
  const name = `@koromix/koffi-linux-${arch}`;
  const installed = join(checkout, 'node_modules', name);
  if (existsSync(installed)) return installed;
  const wanted = `${name}@${/** @type {Record<string, string>} */ (packageJson()['optionalDependencies'])[name]}`;
  const cache = join(checkout, 'build/cache', wanted.replaceAll('/', '-'));
  if (existsSync(cache)) return join(cache, 'package');
  say(`fetching ${wanted}`);
  const half = `${cache}.${process.pid}`;
  mkdirSync(half, { recursive: true });
  const { code, stdout, stderr } = await capture('npm', ['pack', '--silent', '--pack-destination', half, wanted]);
  if (code !== 0) throw new Trouble(`${wanted} could not be fetched: check the network, then try again\n${stderr}`);
  await run('tar', ['-xzf', join(half, stdout.trim()), '-C', half]);
  renameSync(half, cache);
  return join(cache, 'package');
}

/** @param {string} name */
function emptyStage(name) {
  const stage = join(packagesDirectory, name);
  rmSync(stage, { recursive: true, force: true });
  mkdirSync(stage, { recursive: true });
  return stage;
}

/** Makes all packages of what is built: staged folders and their .tgz files. */
export async function makePackages() {
  rmSync(packagesDirectory, { recursive: true, force: true });
  const stages = [await stageMain()];
  for (const arch of ARCHITECTURES) stages.push(await stagePlatform(arch));
  for (const stage of stages) {
    const { code, stdout, stderr } = await capture('npm', ['pack', '--silent', '--pack-destination', packagesDirectory], { cwd: stage });
    if (code !== 0) throw new Trouble(`npm pack failed in ${stage}:\n${stderr}`);
    say(`build/packages/${stdout.trim()}`);
  }
}

await program(import.meta.url, async () => {
  if (process.argv.includes('--refuse'))
    throw new Trouble('the checkout itself is not what is published: publish what  npm run packages  makes');
  await build();
  await makePackages();
});
