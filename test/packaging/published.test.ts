/** What is in the published packages, and what they say on a system they are not for. */
import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { inCheckout } from '../harness/checkout.js';
import type { PackageRegistry } from '../harness/npm-registry.js';
import { execute, succeed } from '../harness/process.js';
import { emptyFolder, packages, startPackageRegistry } from './place.js';

let registry: PackageRegistry;
before(async () => {
  registry = await startPackageRegistry();
});
after(() => registry?.[Symbol.asyncDispose]());

test('no package has an install script or a dependency that must be there', () => {
  for (const name of ['main', 'linux-x64', 'linux-arm64']) {
    const manifest = JSON.parse(readFileSync(join(packages, name, 'package.json'), 'utf8'));
    for (const field of ['scripts', 'dependencies', 'devDependencies', 'peerDependencies']) assert.equal(manifest[field], undefined, name);
  }
});

test('the package is in order by publint', async () => {
  const { publint } = await import('publint');
  const { messages } = await publint({ pkgDir: join(packages, 'main'), strict: true, pack: false });
  assert.deepEqual(messages, []);
});

for (const [arch, machine] of [
  ['x64', 'Advanced Micro Devices X86-64'],
  ['arm64', 'AArch64'],
]) {
  test(`the ${arch} package holds a static helper, and the FFI for glibc and for musl`, async () => {
    const folder = join(packages, `linux-${arch}`);
    const header = await succeed(['readelf', '-hlW', join(folder, 'tsrun-helper')]);
    assert.match(header, new RegExp(`Machine: +${machine}`));
    assert.doesNotMatch(header, /INTERP|DYNAMIC/);
    for (const libc of ['linux', 'musl']) assert.ok(existsSync(join(folder, `koffi/${libc}_${arch}/koffi.node`)), libc);
  });
}

test('nothing published names a place of the machine it was built on', () => {
  for (const name of ['bin', 'dist']) {
    const files = readdirSync(join(packages, 'main', name), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    assert.ok(files.length > 1);
    for (const file of files) {
      const path = join(file.parentPath, file.name);
      assert.ok(!readFileSync(path).includes(inCheckout()), path);
    }
  }
});

for (const [os, cpu, kernel] of [
  ['darwin', 'arm64', 'Darwin'],
  ['win32', 'x64', 'MINGW64_NT-10.0'],
] as const) {
  test(`on ${kernel} the package installs and says what to do instead`, async () => {
    const { folder, env, run } = emptyFolder(registry);
    await run('npm', 'install', `--os=${os}`, `--cpu=${cpu}`, 'tsrun');
    assert.ok(!existsSync(join(folder, 'node_modules/@tsrun')), 'no platform package is for it');
    const bin = join(folder, 'fake');
    mkdirSync(bin);
    writeFileSync(join(bin, 'uname'), `#!/bin/sh\necho ${kernel}\n`);
    chmodSync(join(bin, 'uname'), 0o755);
    const there = { cwd: folder, env: { ...env, PATH: `${bin}:${env['PATH']}` } };
    for (const args of [['run', 'alpine', 'sh'], ['--version'], []]) {
      const { code, stdout, stderr } = await execute(['./node_modules/.bin/tsrun', ...args], there);
      assert.deepEqual([code, stdout], [125, '']);
      assert.match(stderr, /Linux only: in WSL2 or Lima do /);
    }
  });
}
