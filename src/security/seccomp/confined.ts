/**
 * What `--isolation landlock` takes from the default profile: all by which a process reaches what Landlock does not guard. Modes, owners, attributes
 * and times of any file that the caller owns can be changed by its path, or by a descriptor that is open for reading: so the runner changes them, by
 * descriptors to what may be written (native/answer.c). Queues and shared memory have no paths; a unix socket is connected to whatever its path is.
 * Pure.
 */
import type { Seccomp, SeccompArg, SeccompRule } from '../../spec/runtime.js';
import { ENOSYS, EPERM, othersThan, TIOCLINUX, TIOCSTI } from './profile.js';
import { defaultSeccomp, type SeccompFacts } from './resolve.js';

const words = (text: string) => text.trim().split(/\s+/);
const ENOTSUP = 95;
const ENOTTY = 25;

/** Answered with success by --fake-root. */
const BY_PATH = words(`
  chmod fchmodat fchmodat2 chown lchown fchownat setxattr lsetxattr setxattrat removexattr lremovexattr removexattrat utime utimes futimesat`);
/** Attributes through a descriptor: their names and values lie in memory. Programs that copy take this for a file system that has none. */
const BY_DESCRIPTOR = words('fsetxattr fremovexattr');
/** The runner's to do. Times: through a descriptor, futimens(3). */
const ASKED: readonly [name: string, ...SeccompArg[]][] = [['fchmod'], ['fchown'], ['utimensat', isNull(1)]];
/** Programs that copy ask for them, and take this for none. */
const ATTRIBUTES = words('getxattr lgetxattr getxattrat listxattr llistxattr listxattrat');
/** Their flags lie in memory; queues, segments and watches are the host's. A program that knows an older call, or none, does without. */
const UNKNOWN = words(`
  openat2 inotify_init inotify_init1 inotify_add_watch fanotify_init fanotify_mark mq_open mq_unlink mq_timedsend mq_timedreceive mq_notify
  mq_getsetattr msgget msgsnd msgrcv msgctl semget semop semtimedop semctl shmget shmat shmdt shmctl`);
/** By number: of whoever has the caller's ids. */
const FORBIDDEN = words('ioprio_set');

const [AF_UNIX, AF_INET, AF_INET6, AF_NETLINK] = [1, 2, 10, 16];
const [SOCK_STREAM, SOCK_SEQPACKET] = [1, 5];
/** The limit that marks a container's processes (native/members.c). */
export const RLIMIT_LOCKS = 10;
const [PRIO_PROCESS, PRIO_PGRP] = [0, 1];

/** The kernel takes these arguments as 32-bit numbers. */
function has(index: number, value: number, mask = 0xffffffff): SeccompArg {
  return { index, value: mask, valueTwo: value, op: 'SCMP_CMP_MASKED_EQ' };
}

function isNull(index: number): SeccompArg {
  return { index, value: 0, op: 'SCMP_CMP_EQ' };
}

/** In place of the profile's own rules; each line is an alternative. */
function conditions(offline: boolean): [name: string, ...SeccompArg[]][] {
  const domains = offline ? [] : [AF_INET, AF_INET6, AF_NETLINK];
  // Open for neither reading nor writing (both bits) no right of Landlock's is needed, and a mode can be changed through it all the same.
  const opens = (name: string, flags: number): [string, SeccompArg][] => [
    [name, has(flags, 0, 1)],
    [name, has(flags, 0, 2)],
  ];
  return [
    ...opens('open', 1),
    ...opens('openat', 2),
    ...domains.map((domain): [string, SeccompArg] => ['socket', has(0, domain)]),
    // A pair of datagrams could be sent elsewhere by an address.
    ...[SOCK_STREAM, SOCK_SEQPACKET].map((type): [string, ...SeccompArg[]] => ['socketpair', has(0, AF_UNIX), has(1, type, 0xf)]),
    // By their numbers the caller's other processes.
    ['prlimit64', has(0, 0), isNull(2)],
    ...othersThan(1, [RLIMIT_LOCKS]).map((arg): [string, ...SeccompArg[]] => ['prlimit64', has(0, 0), arg]),
    ...othersThan(0, [RLIMIT_LOCKS]).map((arg): [string, ...SeccompArg[]] => ['setrlimit', arg]),
    ...[PRIO_PROCESS, PRIO_PGRP].map((which): [string, ...SeccompArg[]] => ['setpriority', has(0, which), has(1, 0)]),
    ...IOCTLS.map(([value, mask]): [string, SeccompArg] => ['ioctl', has(1, value, mask)]),
  ];
}

/**
 * Of terminals and of sockets (by the kind that a request's second byte names), and those of files that tell or share bytes. The others are the file
 * systems' own, and many change what is open for reading: flags, verity, subvolumes. linux/fs.h: FIGETBSZ, FICLONE, FICLONERANGE, FS_IOC_FIEMAP,
 * FS_IOC_GETFLAGS, FS_IOC_GETVERSION, FS_IOC_FSGETXATTR; linux/random.h: RNDGETENTCNT.
 */
const IOCTLS: readonly [value: number, mask?: number][] = [
  [0x5400, 0xff00],
  [0x8900, 0xff00],
  ...[2, 0x40049409, 0x4020940d, 0xc020660b, 0x80086601, 0x80087601, 0x801c581f, 0x80045200].map((value): [number] => [value]),
];
const NOT_OF_A_TERMINAL = [TIOCSTI, TIOCLINUX];

/** For the native ABI alone: under the others several of these calls are one, whose arguments lie in memory. */
export function confinedSeccomp(facts: Omit<SeccompFacts, 'granted' | 'nested'>, how: { offline: boolean; fakeRoot: boolean }): Seccomp {
  const base = defaultSeccomp({ ...facts, granted: [] });
  const special = conditions(how.offline);
  const asked = ASKED.filter(([name]) => !(how.fakeRoot && name === 'fchown'));
  const taken = new Set([
    ...BY_PATH,
    ...BY_DESCRIPTOR,
    'fchmod',
    'fchown',
    'utimensat',
    ...ATTRIBUTES,
    ...UNKNOWN,
    ...FORBIDDEN,
    'socket',
    ...special.map(([name]) => name),
  ]);
  const fails = (names: readonly string[], errnoRet: number): SeccompRule => ({ names: [...names], action: 'SCMP_ACT_ERRNO', errnoRet });
  const kept = (base.syscalls ?? []).map((rule) => ({ ...rule, names: rule.names.filter((name) => !taken.has(name)) }));
  return {
    ...base,
    architectures: (base.architectures ?? []).slice(0, 1),
    syscalls: [
      ...kept.filter(({ names }) => names.length > 0),
      ...special.map(([name, ...args]): SeccompRule => ({ names: [name], action: 'SCMP_ACT_ALLOW', args })),
      ...asked.map(([name, ...args]): SeccompRule => ({ names: [name], action: 'SCMP_ACT_NOTIFY', ...(args.length > 0 ? { args } : {}) })),
      ...NOT_OF_A_TERMINAL.map((value): SeccompRule => ({ ...fails(['ioctl'], ENOTTY), args: [has(1, value)] })),
      fails(how.fakeRoot ? [...BY_PATH, 'fchown'] : BY_PATH, how.fakeRoot ? 0 : EPERM),
      fails(BY_DESCRIPTOR, how.fakeRoot ? 0 : ENOTSUP),
      fails(ATTRIBUTES, ENOTSUP),
      fails(UNKNOWN, ENOSYS),
      fails([...FORBIDDEN, ...new Set(['socket', ...special.map(([name]) => name)])], EPERM),
    ],
  };
}
