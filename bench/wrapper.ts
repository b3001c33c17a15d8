/** What other tools are started by: when it is needed, and what it costs. */
import { spawnSync } from 'node:child_process';
import { inCheckout } from '../test/harness/checkout.js';
import { measure, spreadOf } from './measure.js';

/** What podman and crun stand behind: as root, mounts that end with them, and where cgroup v2 is not at its place, that too. */
export function wrapper(): string[] {
  if (process.getuid?.() !== 0) return [];
  // statfs(2): CGROUP2_SUPER_MAGIC
  const kind = spawnSync('stat', ['-f', '-c', '%t', '/sys/fs/cgroup'], { encoding: 'utf8' }).stdout.trim();
  return kind === '63677270' ? ['unshare', '--mount', '--propagation', 'private'] : [inCheckout('bench/peer.sh')];
}

const ROUNDS = 15;

/** Its own milliseconds: they are nobody's. */
export function wrapperCost(env: NodeJS.ProcessEnv): number {
  if (wrapper().length === 0) return 0;
  const [bare, wrapped] = measure(
    [
      { name: 'true', command: ['true'] },
      { name: 'true, wrapped', command: [...wrapper(), 'true'] },
    ],
    ROUNDS,
    env,
  );
  const cost = spreadOf(wrapped?.milliseconds ?? []).median - spreadOf(bare?.milliseconds ?? []).median;
  console.log(
    `  podman and crun are started by ${wrapper()[0]?.replace(/.*\/bench\//, 'bench/')}, whose own ${cost.toFixed(1)} ms are taken off`,
  );
  return cost;
}
