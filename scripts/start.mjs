/**
 * From a fresh clone to a running container: installs, builds, and runs the hello image of fixtures/hello/ through the real path,
 * with a store of its own below build/.
 *
 *   npm start
 */
import { readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { build } from './build.mjs';
import { checkNode, installPackages } from './packages.mjs';
import { checkout, program, run, say, Trouble } from './steps.mjs';
import { transpile } from './transpile.mjs';

const NAMESPACES = ['user', 'mnt', 'pid', 'net', 'ipc', 'uts', 'cgroup'];

async function main() {
  checkNode();
  await installPackages();
  await build();
  const image = join(checkout, 'build/hello');
  await makeHelloImage(image);
  say('\n$ tsrun run --rm hello\n');
  // The container cannot see the host's namespaces: it is told, and shows both.
  const namespaces = NAMESPACES.map((name) => `${name}=${readlinkSync(`/proc/self/ns/${name}`).replace(/\D/g, '')}`);
  const stores = { TSRUN_ROOT: join(checkout, 'build/start/store'), TSRUN_RUN_ROOT: join(checkout, 'build/start/run') };
  await run(join(checkout, 'bin/tsrun'), ['run', '--rm', `oci:${image}:latest`, ...namespaces], {
    env: { ...process.env, ...stores },
    stdin: 'inherit',
    advice: 'what tsrun says above names the cure',
  });
  say(`
That was a container: no daemon, no root needed. Next:

  bin/tsrun run alpine sh               a shell in an image from Docker Hub
  bin/tsrun run --dry-run alpine ls     the launch plan, and nothing is run
  npm link                              puts tsrun into your PATH
  npm test                              every test`);
}

/** @param {string} directory where the image layout goes */
async function makeHelloImage(directory) {
  await transpile();
  /** @type {typeof import('../fixtures/hello/build.js')} */
  const { buildHelloImage } = await import(join(checkout, 'build/fixtures/hello/build.js'));
  try {
    buildHelloImage({ source: join(checkout, 'fixtures/hello/hello.c'), directory });
  } catch (error) {
    const { message, hint } = /** @type {Error & { hint?: string }} */ (error);
    throw new Trouble(hint ? `${message}: ${hint}` : message);
  }
}

await program(import.meta.url, main);
