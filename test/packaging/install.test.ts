/** The published packages, installed in each way a user would, into an empty folder, with no network and no install script. */
import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { inCheckout } from '../harness/checkout.js';
import { busyboxImage } from '../harness/images.js';
import { type PackageRegistry, servePackages } from '../harness/npm-registry.js';
import { execute, succeed } from '../harness/process.js';
import { temporaryDirectory } from '../harness/temporary.js';

const packages = inCheckout('build/packages');
const { version } = JSON.parse(readFileSync(inCheckout('package.json'), 'utf8'));
let registry: PackageRegistry;

before(async () => {
  await succeed([process.execPath, inCheckout('scripts/pack.mjs')], { timeoutMs: 300_000 });
  registry = await servePackages(packages);
});
after(() => registry?.[Symbol.asyncDispose]());

/** An empty folder, with the environment of a user who has never installed anything. */
function emptyFolder() {
  const directory = temporaryDirectory();
  const folder = join(directory, 'folder');
  for (const name of ['folder', 'home', 'prefix/lib']) mkdirSync(join(directory, name), { recursive: true });
  const env = {
    HOME: join(directory, 'home'),
    PATH: process.env['PATH'],
    npm_config_registry: registry.url,
    npm_config_cache: join(directory, 'cache'),
    npm_config_prefix: join(directory, 'prefix'),
    npm_config_userconfig: join(directory, 'npmrc'),
    npm_config_strict_allow_scripts: 'true',
    npm_config_update_notifier: 'false',
    TSRUN_ROOT: join(directory, 'root'),
    TSRUN_RUN_ROOT: join(directory, 'run'),
  };
  const run = (...command: string[]) => succeed(command, { cwd: folder, env, timeoutMs: 120_000 });
  return { folder, prefix: join(directory, 'prefix'), env, run };
}

/** It says its version, so Node's half is there; it runs a container, so the helper and the FFI are. */
async function works(run: (...command: string[]) => Promise<string>, ...tsrun: string[]) {
  assert.match(await run(...tsrun, '--version'), new RegExp(`\\b${version.replaceAll('.', '\\.')}\\b`));
  const { reference } = await busyboxImage();
  assert.equal(await run(...tsrun, 'run', '--rm', reference, 'echo', 'from the container'), 'from the container\n');
}

test('npm install', async () => {
  const { folder, run } = emptyFolder();
  await run('npm', 'install', 'tsrun');
  await works(run, './node_modules/.bin/tsrun');
  const others = readdirSync(join(folder, 'node_modules/@tsrun'));
  assert.deepEqual(others, [`linux-${process.arch}`], "this machine's platform package, and no other");
});

test('npx', async () => {
  const { run } = emptyFolder();
  await works(run, 'npx', '--yes', 'tsrun');
});

test('npm install -g', async () => {
  const { prefix, run } = emptyFolder();
  await run('npm', 'install', '-g', 'tsrun');
  await works(run, join(prefix, 'bin/tsrun'));
});

test('npm link', async () => {
  const { folder, env, run } = emptyFolder();
  const source = temporaryDirectory();
  await run('cp', '-a', `${packages}/main/.`, source);
  await succeed(['npm', 'link'], { cwd: source, env });
  await run('npm', 'link', 'tsrun');
  assert.ok(existsSync(join(folder, 'node_modules/.bin/tsrun')));
  await works(run, './node_modules/.bin/tsrun');
});

test('pnpm', async () => {
  const { run } = emptyFolder();
  const pnpm = inCheckout('build/pnpm/node_modules/pnpm/bin/pnpm.cjs');
  assert.ok(existsSync(pnpm), 'npm test fetches pnpm into build/pnpm');
  await run(process.execPath, pnpm, 'add', 'tsrun');
  await works(run, './node_modules/.bin/tsrun');
});

test('a tarball by `npm pack` in the checkout, for the same processor', async () => {
  const { folder, run } = emptyFolder();
  const pack = ['npm', 'pack', '--silent', '--pack-destination', folder];
  await succeed(pack, { cwd: inCheckout(), timeoutMs: 120_000 });
  await succeed(pack, { cwd: inCheckout('node_modules/@koromix', `koffi-linux-${process.arch}`) });
  await run('npm', 'install', ...readdirSync(folder).map((file) => `./${file}`));
  await works(run, './node_modules/.bin/tsrun');
});

test('the library is found by its name, with types that a strict TypeScript accepts', async () => {
  const { folder, run } = emptyFolder();
  await run('npm', 'install', 'tsrun');
  const imports = "import { pull, run, TsrunError } from 'tsrun';\n";
  writeFileSync(join(folder, 'program.mjs'), `${imports}console.log(typeof pull, typeof run, typeof TsrunError);\n`);
  assert.equal(await run(process.execPath, 'program.mjs'), 'function function function\n');
  writeFileSync(join(folder, 'program.mts'), `${imports}export const all = [pull, run, TsrunError];\n`);
  const tsc = inCheckout('node_modules/typescript/bin/tsc');
  const types = ['--types', 'node', '--typeRoots', inCheckout('node_modules/@types')];
  await run(process.execPath, tsc, '--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2022', ...types, 'program.mts');
});

test('no package has an install script or a dependency that must be there', () => {
  for (const name of ['main', 'linux-x64', 'linux-arm64']) {
    const manifest = JSON.parse(readFileSync(join(packages, name, 'package.json'), 'utf8'));
    assert.equal(manifest.scripts, undefined, name);
    assert.equal(manifest.dependencies, undefined, name);
  }
});

test('the package is in order by publint', async () => {
  const { publint } = await import('publint');
  const { messages } = await publint({ pkgDir: join(packages, 'main'), strict: true, pack: false });
  assert.deepEqual(messages, []);
});

for (const [system, machine] of [
  ['Darwin', 'arm64'],
  ['MINGW64_NT-10.0', 'x86_64'],
]) {
  test(`on ${system} the package installs and says what to do instead`, async () => {
    const { folder, env, run } = emptyFolder();
    // There npm leaves out both platform packages, by their os.
    await run('npm', 'install', '--omit=optional', 'tsrun');
    const bin = join(folder, 'fake');
    mkdirSync(bin);
    writeFileSync(join(bin, 'uname'), `#!/bin/sh\ncase "$1" in -m) echo ${machine};; *) echo ${system};; esac\n`);
    chmodSync(join(bin, 'uname'), 0o755);
    const there = { cwd: folder, env: { ...env, PATH: `${bin}:${env.PATH}` } };
    const { code, stderr } = await execute(['./node_modules/.bin/tsrun', 'run', 'alpine', 'sh'], there);
    assert.equal(code, 125);
    assert.match(stderr, /Linux only: in WSL2 or Lima do /);
  });
}
