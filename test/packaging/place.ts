/** Where packages are installed in these tests: an empty folder, a registry that knows only ours, no network and no install script. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inCheckout } from '../harness/checkout.js';
import { identities } from '../harness/identity.js';
import { busyboxImage } from '../harness/images.js';
import { type PackageRegistry, servePackages } from '../harness/npm-registry.js';
import { succeed } from '../harness/process.js';
import { temporaryDirectory } from '../harness/temporary.js';
import { sandbox } from '../harness/tsrun.js';

/** What scripts/pack.mjs made: the staged folders and their archives. */
export const packages = inCheckout('build/packages');
export const { version }: { version: string } = JSON.parse(readFileSync(inCheckout('package.json'), 'utf8'));

export function startPackageRegistry(): Promise<PackageRegistry> {
  assert.ok(existsSync(packages), 'npm test makes build/packages; alone: npm run packages');
  return servePackages(packages);
}

export interface Place {
  folder: string;
  /** npm's for -g */
  prefix: string;
  env: NodeJS.ProcessEnv;
  /** Runs a command that must succeed, in the folder. */
  run(...command: string[]): Promise<string>;
}

/** An empty folder, with the environment of a user who has never installed anything. */
export function emptyFolder(registry: PackageRegistry): Place {
  const directory = temporaryDirectory();
  const folder = join(directory, 'folder');
  const prefix = join(directory, 'prefix');
  for (const name of ['folder', 'home', 'prefix/lib']) mkdirSync(join(directory, name), { recursive: true });
  const env = {
    HOME: join(directory, 'home'),
    PATH: process.env['PATH'],
    npm_config_registry: registry.url,
    npm_config_cache: join(directory, 'cache'),
    npm_config_prefix: prefix,
    npm_config_userconfig: join(directory, 'npmrc'),
    npm_config_strict_allow_scripts: 'true',
    npm_config_update_notifier: 'false',
    TSRUN_ROOT: join(directory, 'root'),
    TSRUN_RUN_ROOT: join(directory, 'run'),
  };
  return { folder, prefix, env, run: (...command) => succeed(command, { cwd: folder, env, timeoutMs: 120_000 }) };
}

/** It says its version, so Node's half is there; it runs a container, so the helper and the FFI are. As everybody this test can be. */
export async function works({ folder }: Place, program: string) {
  const { reference } = await busyboxImage();
  for (const who of identities().filter(({ unavailable }) => unavailable === undefined)) {
    await using user = sandbox(who);
    const run = (...args: string[]) => user.command([program, ...args], { cwd: folder }).finished;
    const asked = await run('--version');
    assert.deepEqual([asked.stdout, asked.stderr, asked.code], [`tsrun ${version}\n`, '', 0], who.name);
    const ran = await run('run', '--rm', '-q', reference, 'echo', 'from the container');
    assert.deepEqual([ran.stdout, ran.code], ['from the container\n', 0], `${who.name}: ${ran.stderr}`);
  }
}
