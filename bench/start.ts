/** The start of `true`: tsrun's cold run beside podman's, crun's on a bundle, bwrap's on the same tree, and a Node that does nothing. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inCheckout } from '../test/harness/checkout.js';
import { busyboxImage } from '../test/harness/images.js';
import { succeed } from '../test/harness/process.js';
import { startRegistry } from '../test/harness/registry.js';
import { temporaryDirectory } from '../test/harness/temporary.js';
import { measure } from './measure.js';
import { type Candidate, choose, environment, podman } from './peers.js';
import * as report from './report.js';
import { wrapper, wrapperCost } from './wrapper.js';

export async function start(rounds: number): Promise<void> {
  report.title('start: `true` in busybox, the image is in the store');
  const env = environment();
  const directory = temporaryDirectory();
  await using registry = await startRegistry();
  const image = await registry.push((await busyboxImage()).reference, 'busybox:latest');
  const overhead = wrapperCost(env);
  const { contenders, peers } = choose(await candidates(directory, image, overhead, env), env);
  report.roster(peers);
  report.ratios(measure(contenders, rounds, env));
}

async function candidates(directory: string, image: string, overhead: number, env: NodeJS.ProcessEnv): Promise<Candidate[]> {
  const tsrun = inCheckout('bin/tsrun');
  const roots = ['--root', join(directory, 'root'), '--run-root', join(directory, 'run')];
  const bundle = join(directory, 'bundle');
  const empty = join(directory, 'empty.cjs');
  writeFileSync(empty, '');
  await succeed([tsrun, 'pull', '-q', ...roots, image], { env });
  await succeed([tsrun, 'bundle', '-q', ...roots, image, bundle, 'true'], { env });
  const own = podman(join(directory, 'podman'), join(directory, 'podman-run'));
  const crun = ['crun', '--cgroup-manager=disabled', '--root', join(directory, 'crun'), 'run', '--bundle', bundle, `bench-${process.pid}`];
  return [
    { name: 'tsrun run --rm', programs: [tsrun], command: [tsrun, 'run', '--rm', '--network', 'none', ...roots, image, 'true'] },
    {
      name: 'podman run --rm',
      programs: ['podman'],
      setup: [...wrapper(), ...own.command, 'pull', '-q', '--tls-verify=false', image],
      command: [...wrapper(), ...own.command, 'run', '--rm', ...own.runFlags, image, 'true'],
      overhead,
    },
    { name: 'crun run', programs: ['crun'], command: [...wrapper(), ...crun], overhead },
    {
      name: 'bwrap --unshare-all',
      programs: ['bwrap'],
      command: ['bwrap', '--unshare-all', '--bind', join(bundle, 'rootfs'), '/', '--dev', '/dev', '--proc', '/proc', 'true'],
    },
    { name: 'node, an empty script', programs: ['node'], command: ['node', empty] },
  ];
}
