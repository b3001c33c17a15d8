/**
 * The default seccomp profile as data: what docker's allows (moby/profiles, mid-2026) less x32, TIOCSTI and TIOCLINUX. What is not named
 * here fails with EPERM: io_uring_*, keyctl, add_key, request_key, userfaultfd, kexec_*, open_tree_attr … Longer than a screen because it is data.
 */
import type { SeccompArg } from '../../spec/runtime.js';
import type { Capability } from '../capabilities.js';
import type { SyscallAbi } from './syscalls.js';

export interface Group {
  names: string;
  /** One alternative is enough; absent: whatever the arguments. */
  alternatives?: SeccompArg[];
  /** Fail with this instead of allowing. */
  errno?: number;
  /** Only where one of these is granted. */
  granted?: Capability[];
  /** Only where this is not granted. */
  withoutGrant?: Capability;
  abis?: SyscallAbi[];
  /** Only where containers are to be run inside. */
  nested?: true;
  /** Only from this kernel on: major, minor. */
  kernel?: [number, number];
}

export const EPERM = 1;
export const ENOSYS = 38;

/** CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET (CLONE_NEWTIME is unshare's and clone3's alone). */
const CLONE_NAMESPACES = 0x7e020000;
const AF_ALG = 38;
const AF_VSOCK = 40;
export const TIOCSTI = 0x5412;
export const TIOCLINUX = 0x541c;

export const DEFAULT_PROFILE: readonly Group[] = [
  {
    names: `
      accept accept4 access adjtimex alarm bind brk cachestat capget capset chdir chmod chown chown32 clock_adjtime clock_adjtime64
      clock_getres clock_getres_time64 clock_gettime clock_gettime64 clock_nanosleep clock_nanosleep_time64 close close_range connect
      copy_file_range creat dup dup2 dup3 epoll_create epoll_create1 epoll_ctl epoll_ctl_old epoll_pwait epoll_pwait2 epoll_wait
      epoll_wait_old eventfd eventfd2 execve execveat exit exit_group faccessat faccessat2 fadvise64 fadvise64_64 fallocate
      fanotify_mark fchdir fchmod fchmodat fchmodat2 fchown fchown32 fchownat fcntl fcntl64 fdatasync fgetxattr flistxattr flock fork
      fremovexattr fsetxattr fstat fstat64 fstatat64 fstatfs fstatfs64 fsync ftruncate ftruncate64 futex futex_requeue futex_time64
      futex_wait futex_waitv futex_wake futimesat get_robust_list get_thread_area getcpu getcwd getdents getdents64 getegid getegid32
      geteuid geteuid32 getgid getgid32 getgroups getgroups32 getitimer getpeername getpgid getpgrp getpid getppid getpriority
      getrandom getresgid getresgid32 getresuid getresuid32 getrlimit getrusage getsid getsockname getsockopt gettid gettimeofday
      getuid getuid32 getxattr getxattrat inotify_add_watch inotify_init inotify_init1 inotify_rm_watch io_cancel io_destroy
      io_getevents io_pgetevents io_pgetevents_time64 io_setup io_submit ioprio_get ioprio_set ipc kill landlock_add_rule
      landlock_create_ruleset landlock_restrict_self lchown lchown32 lgetxattr link linkat listen listmount listxattr listxattrat
      llistxattr _llseek lremovexattr lseek lsetxattr lstat lstat64 madvise map_shadow_stack membarrier memfd_create memfd_secret
      mincore mkdir mkdirat mknod mknodat mlock mlock2 mlockall mmap mmap2 mprotect mq_getsetattr mq_notify mq_open mq_timedreceive
      mq_timedreceive_time64 mq_timedsend mq_timedsend_time64 mq_unlink mremap mseal msgctl msgget msgrcv msgsnd msync munlock
      munlockall munmap name_to_handle_at nanosleep newfstatat _newselect open openat openat2 pause pidfd_open pidfd_send_signal pipe
      pipe2 pkey_alloc pkey_free pkey_mprotect poll ppoll ppoll_time64 prctl pread64 preadv preadv2 prlimit64 process_mrelease
      pselect6 pselect6_time64 pwrite64 pwritev pwritev2 read readahead readlink readlinkat readv recv recvfrom recvmmsg
      recvmmsg_time64 recvmsg remap_file_pages removexattr removexattrat rename renameat renameat2 restart_syscall rmdir rseq
      rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo rt_sigreturn rt_sigsuspend rt_sigtimedwait rt_sigtimedwait_time64
      rt_tgsigqueueinfo sched_get_priority_max sched_get_priority_min sched_getaffinity sched_getattr sched_getparam
      sched_getscheduler sched_rr_get_interval sched_rr_get_interval_time64 sched_setaffinity sched_setattr sched_setparam
      sched_setscheduler sched_yield seccomp select semctl semget semop semtimedop semtimedop_time64 send sendfile sendfile64 sendmmsg
      sendmsg sendto set_robust_list set_thread_area set_tid_address setfsgid setfsgid32 setfsuid setfsuid32 setgid setgid32
      setgroups setgroups32 setitimer setpgid setpriority setregid setregid32 setresgid setresgid32 setresuid setresuid32 setreuid
      setreuid32 setrlimit setsid setsockopt setuid setuid32 setxattr setxattrat shmat shmctl shmdt shmget shutdown sigaltstack
      signalfd signalfd4 sigprocmask sigreturn socketpair splice stat stat64 statfs statfs64 statmount statx symlink symlinkat sync
      sync_file_range syncfs sysinfo tee tgkill time timer_create timer_delete timer_getoverrun timer_gettime timer_gettime64
      timer_settime timer_settime64 timerfd_create timerfd_gettime timerfd_gettime64 timerfd_settime timerfd_settime64 times tkill
      truncate truncate64 ugetrlimit umask uname unlink unlinkat uretprobe utime utimensat utimensat_time64 utimes vfork vmsplice
      wait4 waitid waitpid write writev`,
  },
  // 32-bit glibc opens its sockets through socketcall, whose arguments lie in memory that a filter cannot read: families are not told apart there.
  { names: 'socketcall', abis: ['x86', 'arm'] },
  { names: 'socket', alternatives: othersThan(0, [AF_ALG, AF_VSOCK]) },
  { names: 'ioctl', alternatives: othersThan(1, [TIOCSTI, TIOCLINUX]) },
  // PER_LINUX and PER_LINUX32, each with UNAME26; and the question what it is.
  { names: 'personality', alternatives: [0x0, 0x8, 0x20000, 0x20008, 0xffffffff].map((value) => ({ index: 0, value, op: 'SCMP_CMP_EQ' })) },
  // Before 4.8 a tracer could change a call after the filter had seen it.
  { names: 'process_vm_readv process_vm_writev ptrace', kernel: [4, 8] },
  { names: 'arm_fadvise64_64 arm_sync_file_range breakpoint cacheflush set_tls', abis: ['arm64', 'arm'] },
  { names: 'arch_prctl modify_ldt', abis: ['x64', 'x86'] },
  {
    names: 'clone',
    alternatives: [{ index: 0, value: CLONE_NAMESPACES, valueTwo: 0, op: 'SCMP_CMP_MASKED_EQ' }],
    withoutGrant: 'CAP_SYS_ADMIN',
  },
  // Its flags lie in memory too; with ENOSYS a libc falls back to clone.
  { names: 'clone3', errno: ENOSYS, withoutGrant: 'CAP_SYS_ADMIN' },
  {
    names: `bpf clone clone3 fanotify_init fsconfig fsmount fsopen fspick lookup_dcookie lsm_get_self_attr lsm_list_modules
      lsm_set_self_attr mount mount_setattr move_mount open_tree perf_event_open quotactl quotactl_fd setdomainname sethostname setns
      syslog umount umount2 unshare`,
    granted: ['CAP_SYS_ADMIN'],
  },
  // docker's lets nobody, whatever he holds.
  { names: 'pivot_root', nested: true },
  { names: 'bpf', granted: ['CAP_BPF'] },
  { names: 'perf_event_open', granted: ['CAP_PERFMON'] },
  { names: 'syslog', granted: ['CAP_SYSLOG'] },
  { names: 'open_by_handle_at', granted: ['CAP_DAC_READ_SEARCH'] },
  { names: 'chroot', granted: ['CAP_SYS_CHROOT'] },
  { names: 'kcmp pidfd_getfd process_madvise process_vm_readv process_vm_writev ptrace', granted: ['CAP_SYS_PTRACE'] },
  { names: 'get_mempolicy mbind set_mempolicy set_mempolicy_home_node', granted: ['CAP_SYS_NICE'] },
  { names: 'settimeofday stime clock_settime clock_settime64', granted: ['CAP_SYS_TIME'] },
  { names: 'reboot', granted: ['CAP_SYS_BOOT'] },
  { names: 'delete_module init_module finit_module', granted: ['CAP_SYS_MODULE'] },
  { names: 'acct', granted: ['CAP_SYS_PACCT'] },
  { names: 'iopl ioperm', granted: ['CAP_SYS_RAWIO'] },
  { names: 'vhangup', granted: ['CAP_SYS_TTY_CONFIG'] },
];

/**
 * Alternatives that together hold exactly when the low 32 bits of an argument are none of `values` (one or two). The kernel takes these
 * arguments as 32-bit numbers, so a comparison of 64 bits is passed by setting a high one (CVE-2019-10063). Portable to libseccomp, which knows
 * masked equality but no masked inequality: differ from both in a bit they share, or from each in one they do not.
 */
export function othersThan(index: number, values: [number] | [number, number]): SeccompArg[] {
  const [first, second = first] = values;
  const bit = (mask: number, value: number): SeccompArg => ({ index, value: mask >>> 0, valueTwo: value >>> 0, op: 'SCMP_CMP_MASKED_EQ' });
  const bits = Array.from({ length: 32 }, (_, n) => (1 << n) >>> 0);
  const shared = bits.filter((mask) => (first & mask) === (second & mask));
  const apart = bits.filter((mask) => (first & mask) !== (second & mask));
  // With the bits that differ read in a ring, a value equal to neither has two neighbours that do not belong to the same one.
  const ring = apart.map((mask, at) => [mask, apart[(at + 1) % apart.length] ?? mask] as const).filter(([a, b]) => a !== b);
  return [...shared.map((mask) => bit(mask, ~first & mask)), ...ring.map(([a, b]) => bit(a | b, (first & a) | (second & b)))];
}
