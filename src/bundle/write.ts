/** A bundle on disk: what lies beside its rootfs. */
import { chmodSync, chownSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { HostPath } from '../paths.js';
import { templateOf } from '../plan/slot.js';
import type { Built } from './build.js';

/** The oldest version that has everything we say: runtimes refuse a newer one than they know (crun before 1.9 all above 1.0). */
const BUNDLE_OCI_VERSION = '1.0.2';

/**
 * @param owner host ids of the container's root, where they are not the caller's: it may write its /etc/hosts
 * @returns what was written, config.json last: with it the bundle is whole
 */
export function writeBundleFiles(directory: HostPath, { spec, files }: Built, owner: { uid: number; gid: number } | undefined): void {
  for (const { name, text, mode } of files) {
    const path = join(directory, name);
    write(path, text, mode);
    if (owner) chownSync(path, owner.uid, owner.gid);
  }
  const config = JSON.stringify({ ...spec, ociVersion: BUNDLE_OCI_VERSION }, (_key, value: unknown) => filled(value), 2);
  write(join(directory, 'config.json'), `${config}\n`, 0o644);
}

function write(path: string, text: string, mode: number): void {
  writeFileSync(path, String(filled(text)), { flag: 'wx' });
  chmodSync(path, mode); // whatever the caller's umask is: the container's root must read them
}

/** Nobody would fill a slot. */
function filled(value: unknown): unknown {
  if (typeof value === 'string' && templateOf(value).some((part) => typeof part !== 'string'))
    throw new TypeError(`a slot in a bundle: ${value}`);
  return value;
}
