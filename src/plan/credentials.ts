/** What the process may do, as operations in the order that the kernel needs: each step still has the right to take the next. */
import { capabilityMasks } from '../security/capabilities.js';
import type { IdMapping } from '../security/idmap.js';
import { staysInGroups } from '../security/idmap-form.js';
import { type LandlockRules, type LandlockRuleset, landlockRuleset } from '../security/landlock.js';
import { compileSeccomp } from '../security/seccomp/compile.js';
import { type Process, type Seccomp, UNLIMITED } from '../spec/runtime.js';
import type { Operation } from './operations.js';

/** prlimit(2): the numbers of setrlimit's resources. */
const RESOURCES: Readonly<Record<string, number>> = {
  RLIMIT_CPU: 0,
  RLIMIT_FSIZE: 1,
  RLIMIT_DATA: 2,
  RLIMIT_STACK: 3,
  RLIMIT_CORE: 4,
  RLIMIT_RSS: 5,
  RLIMIT_NPROC: 6,
  RLIMIT_NOFILE: 7,
  RLIMIT_MEMLOCK: 8,
  RLIMIT_AS: 9,
  RLIMIT_LOCKS: 10,
  RLIMIT_SIGPENDING: 11,
  RLIMIT_MSGQUEUE: 12,
  RLIMIT_NICE: 13,
  RLIMIT_RTPRIO: 14,
  RLIMIT_RTTIME: 15,
};

/** RLIM_INFINITY has all bits set. */
function rlimit(value: number): number {
  return value >= UNLIMITED ? -1 : value;
}

/**
 * The filter is installed while CAP_SYS_ADMIN is there, because no_new_privs stays off where setuid programs must work; the last
 * change of credentials clears the parent-death signal, so that is set once more. Landlock comes before the filter, which need not allow its calls.
 */
export function credentialOperations(
  process: Process,
  ids: IdMapping,
  seccomp: Seccomp | undefined,
  arch: 'x64' | 'arm64',
  landlock?: LandlockRules,
): Operation[] {
  const { user } = process;
  const sets = capabilityMasks(process.capabilities ?? {});
  const groups = user.additionalGids ?? [];
  return [
    ...attributeOperations(process),
    ...limitOperations(process),
    ['umask', user.umask ?? 0o022],
    ['bounding-set', sets.bounding],
    ...(process.noNewPrivileges ? ([['no-new-privileges']] satisfies Operation[]) : []),
    ...(reachesKeys(seccomp) ? ([['new-keyring']] satisfies Operation[]) : []),
    ['keep-capabilities'],
    ...(landlock ? [landlockOperation('root', landlockRuleset(landlock))] : []),
    ...(seccomp ? ([['seccomp', compileSeccomp(seccomp, arch)]] satisfies Operation[]) : []),
    staysInGroups(ids) ? ['set-single-ids', user.uid, user.gid] : ['set-ids', user.uid, user.gid, groups],
    ['capabilities', sets.effective, sets.permitted, sets.inheritable, sets.ambient],
    ['die-with-parent'],
  ];
}

/**
 * AppArmor's files are its own (Linux 5.8). SELinux has those above them, in attr/, wherever it is: the kernel runs one of the two.
 * Whether it lets anybody end what it confines its policy says beforehand (runtime/selinux.ts).
 */
function attributeOperations({ apparmorProfile: profile, selinuxLabel: label }: Process): Operation[] {
  if (label !== undefined) return [['exec-attribute', 'exec', label]];
  if (profile === undefined) return [];
  return [
    ['check-killable', 'apparmor/current', `changeprofile ${profile}`],
    ['exec-attribute', 'apparmor/exec', `exec ${profile}`],
  ];
}

export function limitOperations({ rlimits = [] }: Process): Operation[] {
  return rlimits.map((limit): Operation => ['rlimit', RESOURCES[limit.type] ?? -1, rlimit(limit.soft), rlimit(limit.hard)]);
}

/** @param root the directory, open by that name, that the paths are below */
export function landlockOperation(root: string, { version, handled, paths, rights }: LandlockRuleset): Operation {
  return ['landlock', root, version, handled, paths, rights];
}

const REFUSED = /^SCMP_ACT_(ERRNO|KILL)/;
const ABOUT_KEYS: ReadonlySet<string> = new Set(['keyctl', 'add_key', 'request_key']);

/**
 * Whether a process may speak of keys: then it gets a keyring of its own instead of its caller's. Not under the default profile, for
 * each one counts towards the 200 keys that the kernel allows a user. When in doubt it may.
 */
function reachesKeys(seccomp: Seccomp | undefined): boolean {
  if (seccomp === undefined || !REFUSED.test(seccomp.defaultAction)) return true;
  return (seccomp.syscalls ?? []).some(({ names, action }) => !REFUSED.test(action) && names.some((name) => ABOUT_KEYS.has(name)));
}
