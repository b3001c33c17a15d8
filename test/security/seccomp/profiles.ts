/** Profiles in the shapes that docker and podman publish theirs in, small, and written for these tests. Not a test itself. */

export const PROFILES = {
  /** With its conditions. */
  docker: {
    defaultAction: 'SCMP_ACT_ERRNO',
    defaultErrnoRet: 1,
    archMap: [
      { architecture: 'SCMP_ARCH_X86_64', subArchitectures: ['SCMP_ARCH_X86', 'SCMP_ARCH_X32'] },
      { architecture: 'SCMP_ARCH_AARCH64', subArchitectures: ['SCMP_ARCH_ARM'] },
      { architecture: 'SCMP_ARCH_S390X', subArchitectures: ['SCMP_ARCH_S390'] },
    ],
    syscalls: [
      { names: ['read', 'write', 'exit_group', 'openat', 'statx', 'execve', 'riscv_hwprobe'], action: 'SCMP_ACT_ALLOW', args: null },
      { names: ['process_vm_readv', 'ptrace'], action: 'SCMP_ACT_ALLOW', includes: { minKernel: '4.8' } },
      { names: ['mlock'], action: 'SCMP_ACT_ALLOW', excludes: { minKernel: '4.8' } },
      { names: ['socket'], action: 'SCMP_ACT_ALLOW', args: [{ index: 0, value: 40, op: 'SCMP_CMP_NE' }] },
      { names: ['personality'], action: 'SCMP_ACT_ALLOW', args: [{ index: 0, value: 0, valueTwo: 0, op: 'SCMP_CMP_EQ' }] },
      { names: ['personality'], action: 'SCMP_ACT_ALLOW', args: [{ index: 0, value: 4294967295, op: 'SCMP_CMP_EQ' }] },
      { names: ['arch_prctl'], action: 'SCMP_ACT_ALLOW', comment: '', includes: { arches: ['amd64', 'x32'] }, excludes: {} },
      { names: ['set_tls'], action: 'SCMP_ACT_ALLOW', includes: { arches: ['arm', 'arm64'] } },
      { names: ['bpf', 'clone', 'mount', 'setns'], action: 'SCMP_ACT_ALLOW', includes: { caps: ['CAP_SYS_ADMIN'] } },
      { names: ['reboot'], action: 'SCMP_ACT_ALLOW', includes: { caps: ['CAP_SYS_BOOT', 'CAP_SYS_ADMIN'] } },
      {
        names: ['clone'],
        action: 'SCMP_ACT_ALLOW',
        args: [{ index: 0, value: 2114060288, valueTwo: 0, op: 'SCMP_CMP_MASKED_EQ' }],
        excludes: { caps: ['CAP_SYS_ADMIN'], arches: ['s390', 's390x'] },
      },
      { names: ['clone3'], action: 'SCMP_ACT_ERRNO', errnoRet: 38, excludes: { caps: ['CAP_SYS_ADMIN'] } },
    ],
  },
  /** With names of errors. */
  podman: {
    defaultAction: 'SCMP_ACT_ERRNO',
    defaultErrnoRet: 38,
    defaultErrno: 'ENOSYS',
    architectures: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86'],
    syscalls: [
      {
        names: ['bdflush', 'kexec_load', 'open_by_handle_at'],
        action: 'SCMP_ACT_ERRNO',
        errnoRet: 1,
        errno: 'EPERM',
        args: [],
        comment: 'x',
      },
      { names: ['read', 'write'], action: 'SCMP_ACT_ALLOW', args: [], comment: '', includes: {}, excludes: {} },
      {
        names: ['socket'],
        action: 'SCMP_ACT_ERRNO',
        errnoRet: 22,
        errno: 'EINVAL',
        args: [
          { index: 0, value: 16, valueTwo: 0, op: 'SCMP_CMP_EQ' },
          { index: 2, value: 9, valueTwo: 0, op: 'SCMP_CMP_EQ' },
        ],
        excludes: { caps: ['CAP_AUDIT_WRITE'] },
      },
      { names: ['socket'], action: 'SCMP_ACT_ALLOW', args: [{ index: 2, value: 9, op: 'SCMP_CMP_NE' }] },
    ],
  },
  /** A name for each rule. */
  old: {
    defaultAction: 'SCMP_ACT_ERRNO',
    architectures: ['SCMP_ARCH_X86_64'],
    syscalls: [
      { name: 'read', action: 'SCMP_ACT_ALLOW', args: [] },
      { name: 'kill', action: 'SCMP_ACT_ALLOW', args: [{ index: 1, value: 9, op: 'SCMP_CMP_LT' }] },
      { name: 'lseek', action: 'SCMP_ACT_ALLOW', args: [{ index: 2, value: 1, op: 'SCMP_CMP_GE' }] },
    ],
  },
  /** Two rules for any arguments: the first that is not the default's holds, before and behind those that look at arguments. */
  twice: {
    defaultAction: 'SCMP_ACT_ERRNO',
    defaultErrnoRet: 38,
    archMap: [{ architecture: 'SCMP_ARCH_X86_64', subArchitectures: ['SCMP_ARCH_X86'] }],
    syscalls: [
      { names: ['read', 'setns', 'bpf', 'lseek'], action: 'SCMP_ACT_ALLOW', args: [] },
      { names: ['setns', 'bpf'], action: 'SCMP_ACT_ERRNO', errnoRet: 1, errno: 'EPERM', excludes: { caps: ['CAP_SYS_ADMIN'] } },
      { names: ['chroot', 'acct'], action: 'SCMP_ACT_ERRNO', errnoRet: 38 },
      { names: ['chroot', 'acct'], action: 'SCMP_ACT_ALLOW' },
      { names: ['chroot'], action: 'SCMP_ACT_ALLOW', errnoRet: 1 },
      { names: ['lseek', 'kill'], action: 'SCMP_ACT_LOG', args: [{ index: 0, value: 1, op: 'SCMP_CMP_EQ' }] },
      { names: ['kill'], action: 'SCMP_ACT_KILL' },
      { names: ['kill'], action: 'SCMP_ACT_ALLOW' },
    ],
  },
  /** Of calls that i386 makes through socketcall and ipc as well. */
  sockets: {
    defaultAction: 'SCMP_ACT_ALLOW',
    archMap: [{ architecture: 'SCMP_ARCH_X86_64', subArchitectures: ['SCMP_ARCH_X86'] }],
    syscalls: [
      { names: ['socket', 'msgget', 'semop', 'accept'], action: 'SCMP_ACT_ERRNO' },
      { names: ['connect', 'shmat'], action: 'SCMP_ACT_KILL' },
    ],
  },
  /** A list of what is refused. */
  permissive: {
    defaultAction: 'SCMP_ACT_ALLOW',
    syscalls: [
      { names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_ERRNO', errnoRet: 13 },
      { names: ['reboot'], action: 'SCMP_ACT_KILL_PROCESS' },
      { names: ['swapon'], action: 'SCMP_ACT_KILL' },
      { names: ['acct'], action: 'SCMP_ACT_TRAP' },
      { names: ['ioctl'], action: 'SCMP_ACT_ERRNO', args: [{ index: 1, value: 4294967295, valueTwo: 21522, op: 'SCMP_CMP_MASKED_EQ' }] },
      { names: ['socket'], action: 'SCMP_ACT_LOG', args: [{ index: 0, value: 2, op: 'SCMP_CMP_GT' }] },
      // Wanted bits outside of the mask, as one writes who takes valueTwo for a limit.
      {
        names: ['unshare'],
        action: 'SCMP_ACT_ERRNO',
        args: [{ index: 0, value: 0x10000000, valueTwo: 0xffffffff, op: 'SCMP_CMP_MASKED_EQ' }],
      },
      {
        names: ['lseek'],
        action: 'SCMP_ACT_ERRNO',
        args: [{ index: 1, value: 2 ** 32 + 1, valueTwo: 2 ** 33 + 2 ** 32 + 3, op: 'SCMP_CMP_MASKED_EQ' }],
      },
    ],
  },
} as const;
