/** The published packages, installed in each way a user would; then run as root, and as ordinary users. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { inCheckout } from '../harness/checkout.js';
import { busyboxImage } from '../harness/images.js';
import type { PackageRegistry } from '../harness/npm-registry.js';
import { succeed } from '../harness/process.js';
import { installation } from '../harness/reach.js';
import { emptyFolder, startPackageRegistry, version, works } from './place.js';

let registry: PackageRegistry;
before(async () => {
  registry = await startPackageRegistry();
});
after(() => registry?.[Symbol.asyncDispose]());

test('npm install, where no package may run a script', async () => {
  const place = emptyFolder(registry);
  await place.run('npm', 'install', 'tsrun');
  await works(place, './node_modules/.bin/tsrun');
  const others = readdirSync(join(place.folder, 'node_modules/@tsrun'));
  assert.deepEqual(others, [`linux-${process.arch}`], "this machine's platform package, and no other");
  assert.deepEqual(readdirSync(join(place.folder, 'node_modules')).sort(), ['.bin', '.package-lock.json', '@tsrun', 'tsrun']);
});

test('npx', async () => {
  const { run } = emptyFolder(registry);
  assert.equal(await run('npx', '--yes', 'tsrun', '--version'), `tsrun ${version}\n`);
  const { reference } = await busyboxImage();
  assert.equal(await run('npx', '--yes', 'tsrun', 'run', '--rm', reference, 'echo', 'from the container'), 'from the container\n');
});

test('npm install -g', async () => {
  const place = emptyFolder(registry);
  await place.run('npm', 'install', '-g', 'tsrun');
  await works(place, join(place.prefix, 'bin/tsrun'));
});

test('npm link of a checkout', async () => {
  const place = emptyFolder(registry);
  await succeed(['npm', 'link'], { cwd: installation(), env: place.env });
  await works(place, join(place.prefix, 'bin/tsrun'));
  await place.run('npm', 'link', 'tsrun');
  await works(place, './node_modules/.bin/tsrun');
});

test('pnpm', async () => {
  const place = emptyFolder(registry);
  const pnpm = inCheckout('build/pnpm/node_modules/pnpm/bin/pnpm.cjs');
  assert.ok(existsSync(pnpm), 'npm test fetches pnpm into build/pnpm');
  await place.run(process.execPath, pnpm, 'add', 'tsrun');
  await works(place, './node_modules/.bin/tsrun');
});

test('a tarball by `npm pack` in the checkout, for the same processor', async () => {
  const place = emptyFolder(registry);
  // No script: the checkout is built, and building it again would take its programs away from the tests beside this one.
  const pack = ['npm', 'pack', '--silent', '--ignore-scripts', '--pack-destination', place.folder];
  await succeed(pack, { cwd: inCheckout() });
  await succeed(pack, { cwd: inCheckout('node_modules/@koromix', `koffi-linux-${process.arch}`) });
  await place.run('npm', 'install', ...readdirSync(place.folder).map((file) => `./${file}`));
  await works(place, './node_modules/.bin/tsrun');
});
