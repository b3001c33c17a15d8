/** Pull and unpack: a Debian root file system, one layer, from a loopback registry into an empty store, on tmpfs and on disk. */
import { mkdirSync, mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { cacheDirectory, inCheckout } from '../test/harness/checkout.js';
import { debianImage, type TestImage } from '../test/harness/images.js';
import { succeed } from '../test/harness/process.js';
import { startRegistry } from '../test/harness/registry.js';
import { temporaryDirectory } from '../test/harness/temporary.js';
import { measure } from './measure.js';
import { type Candidate, choose, environment, podman } from './peers.js';
import * as report from './report.js';
import { wrapper, wrapperCost } from './wrapper.js';

/** statfs(2) */
const TMPFS_MAGIC = 0x01021994;
/** The largest store while it is being made, with room to spare. */
const NEEDED_BYTES = 2 ** 30;

export async function pull(rounds: number): Promise<void> {
  await using registry = await startRegistry();
  const debian = await debianImage();
  const image = await registry.push(debian.reference, 'debian:latest');
  const blob = await layerOf(debian);
  for (const { name, directory, tmpfs } of [
    { name: 'tmpfs', directory: '/dev/shm', tmpfs: true },
    { name: 'disk', directory: cacheDirectory, tmpfs: false },
  ]) {
    report.title(`pull and unpack, ${name}: a Debian root file system, until it is written`);
    const trouble = unfit(directory, tmpfs);
    if (trouble === undefined) onOne(directory, image, blob, rounds);
    else console.log(`  LEFT OUT: ${trouble}`);
  }
}

function onOne(parent: string, image: string, blob: string, rounds: number): void {
  const env = environment();
  const directory = mkdtempSync(join(parent, 'tsrun-bench-'));
  try {
    const { contenders, peers } = choose(candidates(directory, image, blob, wrapperCost(env)), env);
    report.roster(peers);
    report.ratios(measure(contenders, rounds, env));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Each into an empty store. Only tsrun has written all to the disk when it ends; the others are timed to the same point by `sync`. */
function candidates(directory: string, image: string, blob: string, overhead: number): Candidate[] {
  const store = join(directory, 'store');
  const runRoot = temporaryDirectory();
  const own = podman(`${store}/root`, runRoot);
  const fresh = {
    before: () => {
      for (const one of [store, runRoot]) rmSync(one, { recursive: true, force: true });
      for (const one of [store, runRoot]) mkdirSync(one);
    },
  };
  const written = (script: string, ...args: string[]) => ['sh', '-euc', `${script}; sync -f "$0"`, store, ...args];
  const tsrun = inCheckout('bin/tsrun');
  return [
    {
      name: 'tsrun pull',
      programs: [tsrun],
      command: written('"$@"', tsrun, 'pull', '-q', '--root', `${store}/root`, '--run-root', `${store}/run`, image),
      ...fresh,
    },
    {
      name: 'podman pull',
      programs: ['podman'],
      command: written('"$@"', ...wrapper(), ...own.command, 'pull', '-q', '--tls-verify=false', image),
      overhead,
      ...fresh,
    },
    {
      name: 'skopeo copy + umoci unpack',
      programs: ['skopeo', 'umoci'],
      command: written(
        `skopeo --insecure-policy copy -q --src-tls-verify=false "docker://$1" "oci:$0/layout:latest"
         umoci unpack --image "$0/layout:latest" "$0/bundle"`,
        image,
      ),
      ...fresh,
    },
    {
      name: 'gzip -dc | tar -x (no download, nothing verified)',
      programs: ['gzip', 'tar'],
      command: written('gzip -dc "$1" | tar -x -p --numeric-owner -C "$0"', blob),
      ...fresh,
    },
  ];
}

async function layerOf({ directory, reference }: TestImage): Promise<string> {
  const manifest = JSON.parse(await succeed(['skopeo', '--insecure-policy', 'inspect', '--raw', reference]));
  return join(directory, 'blobs/sha256', manifest.layers[0].digest.replace('sha256:', ''));
}

function unfit(directory: string, tmpfs: boolean): string | undefined {
  mkdirSync(directory, { recursive: true });
  const { type, bavail, bsize } = statfsSync(directory);
  if ((type === TMPFS_MAGIC) !== tmpfs) return `${directory} is ${tmpfs ? 'not a' : 'a'} tmpfs`;
  return bavail * bsize < NEEDED_BYTES ? `${directory} has less than ${NEEDED_BYTES / 2 ** 20} MiB free` : undefined;
}
