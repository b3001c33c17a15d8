/** The npm packages that the scripts install: the checkout's own, and the other Nodes that the tests run on. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { isStale } from './native.mjs';
import { checkout, run, say, Trouble } from './steps.mjs';

/** The Node lines that tsrun supports; the tests of the main job run on each. */
export const NODE_LINES = [20, 22, 24];

export function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    throw new Trouble(
      `this is Node ${process.versions.node}, tsrun needs 20.19 or newer: install one from your distribution or https://nodejs.org, then try again`,
    );
  }
  if (process.platform !== 'linux')
    throw new Trouble(`tsrun runs on Linux only: on ${process.platform} use WSL2 or a Lima machine, then try again`);
}

/** `npm ci`, unless what is installed is what package-lock.json asks for. */
export async function installPackages() {
  const installed = join(checkout, 'node_modules/.package-lock.json');
  if (!isStale(installed, [join(checkout, 'package-lock.json')])) return;
  say('installing the npm packages');
  await run('npm', ['ci', '--no-audit', '--no-fund', '--ignore-scripts'], {
    advice: 'npm needs a package registry: check the network and what `npm config get registry` says, then try again',
  });
}

/**
 * Fetches the Nodes of the other lines below build/nodes/: plain binaries from the package registry.
 * test/harness/nodes.ts knows the place.
 */
export async function installNodes() {
  const own = Number(process.versions.node.split('.')[0]);
  const name = `node-linux-${process.arch}`;
  for (const line of NODE_LINES.filter((other) => other !== own)) {
    await installInto(`build/nodes/${line}`, `${name}@${line}`, `${name}/bin/node`);
  }
}

/** Fetches pnpm for the packaging tests, to build/pnpm/: the last line that runs on every Node that tsrun supports. */
export async function installPnpm() {
  await installInto('build/pnpm', 'pnpm@10', 'pnpm/bin/pnpm.cjs');
}

/** @param {string} folder in the checkout @param {string} wanted package and version @param {string} proof a file below node_modules/ */
async function installInto(folder, wanted, proof) {
  const prefix = join(checkout, folder);
  if (existsSync(join(prefix, 'node_modules', proof))) return;
  say(`fetching ${wanted}`);
  const options = ['--ignore-scripts', '--no-save', '--no-audit', '--no-fund', '--no-package-lock'];
  await run('npm', ['install', '--prefix', prefix, ...options, wanted], {
    advice: 'npm needs a package registry: check the network, then try again',
  });
}
