/** crun, as one of the identities: it wants cgroup v2 at /sys/fs/cgroup, whatever this machine has there. Not a test itself. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import type { Finished } from '../../harness/process.js';
import type { Sandbox } from '../../harness/tsrun.js';

/** statfs(2): cgroup2fs */
const CGROUP2 = '63677270';

/** Why this machine or this user cannot: for `skip`. */
export function noCrun(): string | false {
  if (spawnSync('crun', ['--version']).error) return 'crun is not installed';
  if (process.getuid?.() === 0 || hasCgroup2()) return false;
  return 'crun needs cgroup v2 at /sys/fs/cgroup, and only root can put it there';
}

function hasCgroup2(): boolean {
  return spawnSync('stat', ['-f', '-c', '%t', '/sys/fs/cgroup'], { encoding: 'utf8' }).stdout.trim() === CGROUP2;
}

/** `crun run` of a bundle to its end: rootless unless the identity is root. */
export function crun({ identity, home, env, command }: Sandbox, bundle: string): Promise<Finished> {
  const run = ['crun', '--cgroup-manager=disabled', '--root', join(home, '.crun'), 'run', '--bundle', bundle, `tsrun-${process.pid}`];
  if (hasCgroup2()) return command(run).finished;
  const { uid, gid } = identity;
  const become = uid === 0 ? [] : ['setpriv', `--reuid=${uid}`, `--regid=${gid}`, '--init-groups'];
  const mounted = ['unshare', '--mount', 'sh', '-c', 'mount -t cgroup2 none /sys/fs/cgroup && exec "$@"', 'sh', ...become, ...run];
  return command(mounted, { as: { uid: 0, gid: 0 }, env }).finished;
}
