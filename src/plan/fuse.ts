/**
 * A root that fuse-overlayfs serves, for kernels and file systems without overlay in a user namespace. The process `storage` has the
 * child's user namespace and a mount namespace of its own, but not its pid namespace: the container neither sees nor traces it. It makes
 * the mount, hands it over, and becomes fuse-overlayfs, which serves it until the container's mounts are gone.
 */
import type { IdMapping } from '../security/idmap.js';
import { becomeRoot, CLONE_NEWNS, CLONE_NEWUSER } from './identity.js';
import { O_RDWR } from './numbers.js';
import type { Operation, Process } from './operations.js';
import { attachStack, openStack, type Stack, stackOptions } from './stack.js';

/** The program's own descriptor of /dev/fuse; "/dev/fd/N" in place of a mount point says that it is mounted already (fuse(8)). */
const DEVICE_FD = 3;
/** fuse-overlayfs wants absolute names. Every system has this directory, and the program needs nothing in it. */
const PLACE = '/tmp';

export interface FuseStack extends Stack {
  /** Path of fuse-overlayfs. */
  program: string;
}

/** Parent, with the child's user namespace as `user`. */
export const SERVE: readonly Operation[] = [
  ['clone', 'storage', 0],
  ['receive-descriptor', 'storage', 'served'],
  ['send-descriptor', 'child', 'served'],
  ['close', 'served'],
  ['await-exec', 'storage'],
];

/** Child, with its staging tmpfs: ends with the merged view at `root`. */
export const RECEIVE: readonly Operation[] = [
  ['receive-descriptor', 'parent', 'served'],
  ['attach', 'served', 'root'],
];

/** @param written the directory that takes upper and work */
export function fuseServer(stack: FuseStack, written: string, ids: IdMapping): Process {
  const options = stackOptions(stack, `${PLACE}/`).join(',');
  return {
    name: 'storage',
    operations: [
      ['stage', 'storage'],
      ['die-with-parent'],
      ['new-session'], // a terminal's ^C is the container's
      ['join', 'user', CLONE_NEWUSER],
      ['unshare', CLONE_NEWNS],
      ...openStack(stack, written),
      ['open', '/dev/fuse', O_RDWR, 'fuse'],
      becomeRoot(ids),
      ['die-with-parent'],
      ['umask', 0],
      ...attachStack(stack, PLACE),
      ['chdir-host', '/'],
      ['fuse', 'fuse', 'fuse-overlayfs', 'served'],
      ['send-descriptor', 'parent', 'served'],
      ['dup', DEVICE_FD, 'fuse'],
      ['dup', 0, 'null'],
      ['dup', 1, 'null'],
      ['dup', 2, 'null'], // it has much to say
      ['exec', [stack.program, '-f', '-o', options, `/dev/fd/${DEVICE_FD}`], [], ''],
    ],
  };
}
