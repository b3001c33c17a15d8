/** Directories that are gone when the test process is, however the test ended. */
import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const made = new Set<string>();

/**
 * Makes a directory below the system's own one for such things.
 * @param owner whose it is (0700); without, it is ours and readable by all (0755)
 */
export function temporaryDirectory(owner?: { uid: number; gid: number }): string {
  const path = mkdtempSync(join(realpathSync(tmpdir()), 'tsrun-test-'));
  made.add(path);
  chmodSync(path, owner ? 0o700 : 0o755);
  if (owner && process.getuid?.() === 0) chownSync(path, owner.uid, owner.gid);
  return path;
}

/** Removes one before the process ends. Files may belong to subordinate ids: what this user cannot remove, the root of a user namespace can. */
export function removeTemporary(path: string): void {
  made.delete(path);
  try {
    rmSync(path, { recursive: true, force: true });
  } catch (error) {
    if (process.getuid?.() === 0) throw error;
    spawnSync('chmod', ['-R', 'u+rwX', path], { stdio: 'ignore' });
    spawnSync('unshare', ['--map-root-user', '--map-auto', 'rm', '-rf', path], { stdio: 'ignore' });
    rmSync(path, { recursive: true, force: true });
  }
}

process.on('exit', () => {
  for (const path of made) removeTemporary(path);
});
// The runner ends a file that takes too long by SIGTERM, ^C ends all: that would skip the handler above.
process.once('SIGTERM', () => process.exit(143));
process.once('SIGINT', () => process.exit(130));
