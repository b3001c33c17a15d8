/** What the host says of itself where it has refused something: the same EPERM has several causes, and each its own cure. */
import { readFileSync } from 'node:fs';

/** Texts of files as they stand; '' where there is none. */
export interface HostFacts {
  uid: number;
  /** /proc/self/status */
  status: string;
  /** /proc/sys/user/max_user_namespaces */
  maxUserNamespaces: string;
  /** /proc/sys/kernel/unprivileged_userns_clone: a patch of Debian's and Arch's */
  usernsClone: string;
  /** /proc/sys/kernel/apparmor_restrict_unprivileged_userns: Ubuntu's */
  apparmorRestricts: string;
  /** /sys/kernel/security/lsm: what guards this host */
  lsm?: string;
}

export function readHostFacts(): HostFacts {
  return {
    uid: process.getuid?.() ?? 0,
    status: textOf('/proc/self/status'),
    maxUserNamespaces: textOf('/proc/sys/user/max_user_namespaces'),
    usernsClone: textOf('/proc/sys/kernel/unprivileged_userns_clone'),
    apparmorRestricts: textOf('/proc/sys/kernel/apparmor_restrict_unprivileged_userns'),
    lsm: textOf('/sys/kernel/security/lsm'),
  };
}

const CAP_SYS_ADMIN = 21n;

/** seccomp(2): a filter is in force, somebody else's, for tsrun itself has none. */
export function hasSeccompFilter({ status }: HostFacts): boolean {
  return /^Seccomp:\s*2$/m.test(status);
}

/** prctl(2): setuid programs such as newuidmap do nothing then. */
export function hasNoNewPrivileges({ status }: HostFacts): boolean {
  return /^NoNewPrivs:\s*1$/m.test(status);
}

/** Root of a container that was started without the right to mount. */
export function isRootWithoutMount({ uid, status }: HostFacts): boolean {
  const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1];
  return uid === 0 && effective !== undefined && ((BigInt(`0x${effective}`) >> CAP_SYS_ADMIN) & 1n) === 0n;
}

/** '' where there is none, or none to read. */
export function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
