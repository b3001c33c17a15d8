/** The store and its file system: overlay and what takes its place, tried as a container's root. */
import { readFileSync, realpathSync, statfsSync } from 'node:fs';
import type { StorePaths } from '../paths.js';
import type { Identity } from '../rootfs/identity.js';
import { tryStorages } from '../rootfs/storage.js';
import { explainHindrance } from '../rootfs/storage-note.js';
import { findProgram } from '../security/idmap-read.js';
import { mountAt, mountsOf } from '../sys/mount-table.js';
import type { DoctorFacts, Outcome } from './facts.js';
import { outcomeOf, refused } from './try.js';

type StorageFacts = Pick<DoctorFacts, 'store' | 'overlay' | 'fuse' | 'shifted'>;

/** @param who or why nobody can be found */
export async function lookAtStorage(
  paths: StorePaths,
  opened: Outcome,
  who: { identity: Identity } | (Outcome & { works: false }),
  env: NodeJS.ProcessEnv,
  signal?: AbortSignal,
): Promise<StorageFacts> {
  const store = { ...opened, path: paths.base, ...fileSystemOf(paths) };
  const untried = (why: string): StorageFacts => ({ store, overlay: { works: false, why: `not tried: ${why}` } });
  if (!opened.works) return untried(opened.why);
  if (!('identity' in who)) return untried(who.why);
  try {
    const { overlay, fuse, shifted } = await tryStorages({ paths, identity: who.identity, signal }, env);
    const path = findProgram('fuse-overlayfs', env);
    return {
      store,
      overlay: overlay.hindrance ? { works: false, ...explainHindrance(overlay.hindrance, paths.base) } : outcomeOf(overlay, false),
      ...(fuse && path ? { fuse: { path, ...outcomeOf(fuse, false) } } : {}),
      ...(shifted ? { shifted: outcomeOf(shifted, false) } : {}),
    };
  } catch (error) {
    return untried(refused(error).why);
  }
}

function fileSystemOf({ base }: StorePaths): { type: string; free: number } {
  try {
    const path = realpathSync(base);
    const { bavail, bsize } = statfsSync(path);
    return { type: mountAt(mountsOf(readFileSync('/proc/self/mountinfo', 'utf8')), path)?.type ?? 'unknown', free: bavail * bsize };
  } catch {
    return { type: 'unknown', free: 0 };
  }
}
