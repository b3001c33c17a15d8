/** The profile of a container that tsrun runs in: tsrun's default one, and what making containers needs. Pure. */
import type { Seccomp } from '../../spec/runtime.js';
import { defaultSeccomp, type SeccompFacts } from './resolve.js';

/**
 * What docker's default allows only with CAP_SYS_ADMIN (moby/profiles), of that what tsrun calls; inside a user namespace the kernel asks for the
 * capability again, over that namespace. keyctl and bpf, perf_event_open and the others stay refused.
 */
const NEEDED =
  'clone clone3 unshare setns mount umount umount2 pivot_root chroot open_tree move_mount fsopen fsconfig fsmount fspick mount_setattr sethostname setdomainname'.split(
    ' ',
  );

/** Without conditions on capabilities: containerd (Kubernetes) does not know them and would leave them out. */
export function outerSeccomp(facts: Omit<SeccompFacts, 'granted'>): Seccomp {
  const base = defaultSeccomp({ ...facts, granted: [] });
  const rest = (base.syscalls ?? [])
    .map((rule) => ({ ...rule, names: rule.names.filter((name) => !NEEDED.includes(name)) }))
    .filter(({ names }) => names.length > 0);
  return { ...base, syscalls: [...rest, { names: NEEDED, action: 'SCMP_ACT_ALLOW' }] };
}
