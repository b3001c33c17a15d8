/** What a user is told, once, when the kernel's overlay cannot be used: why, what it costs, and the cure. */
import { release } from 'node:os';
import type { HostPath } from '../paths.js';
import { ERRNO, type FailureRecord, reason } from '../runtime/record.js';

export interface Hindrance {
  because: 'kernel' | 'refused' | 'file-system';
  /** What the kernel said, in words. */
  said: string;
}

/** overlay in user namespaces, with `userxattr` */
const FIRST_KERNEL = [5, 11];
const REFUSALS: readonly number[] = [ERRNO.EPERM, ERRNO.EACCES, ERRNO.ENOSYS, ERRNO.ENODEV];

/** @param failure of the trial; undefined when it ended without one */
export function hindranceOf(failure: Pick<FailureRecord, 'operation' | 'error'> | undefined, kernel = release()): Hindrance {
  const said = failure === undefined ? 'the trial failed' : reason(failure.error);
  if (isOlder(kernel)) return { because: 'kernel', said: `this is Linux ${kernel}` };
  const isRefused = failure !== undefined && failure.operation === 'mount' && REFUSALS.includes(failure.error);
  return { because: isRefused ? 'refused' : 'file-system', said };
}

function isOlder(kernel: string): boolean {
  const [major = 0, minor = 0] = kernel.split(/[.-]/).map(Number);
  return major < (FIRST_KERNEL[0] as number) || (major === FIRST_KERNEL[0] && minor < (FIRST_KERNEL[1] as number));
}

const COST = {
  'fuse-overlayfs': 'fuse-overlayfs takes its place, and files in containers are slower',
  copy: 'every container gets a copy of its whole image, which takes time and room',
};

/** @param missing the program fuse-overlayfs, which would do better than a copy, is not installed */
export function storageNote(type: keyof typeof COST, hindrance: Hindrance, store: HostPath, missing: boolean): string {
  const { why, cure } = explainHindrance(hindrance, store);
  const other = missing ? ', or install the package fuse-overlayfs' : '';
  return `no overlay: ${why}: ${COST[type]}; to change that, ${cure}${other}`;
}

export function explainHindrance({ because, said }: Hindrance, store: HostPath): { why: string; cure: string } {
  const why = {
    kernel: `it needs Linux ${FIRST_KERNEL.join('.')}, and ${said}`,
    refused: `mounting it is refused (${said})`,
    'file-system': `the file system of ${store} cannot carry it (${said})`,
  }[because];
  const cure = {
    kernel: `run Linux ${FIRST_KERNEL.join('.')} or newer`,
    refused: 'as root: modprobe overlay; in an outer container allow it to mount overlays',
    'file-system': 'put the store on a local disk with extended attributes (ext4, xfs, btrfs) with --root DIR',
  }[because];
  return { why, cure };
}
