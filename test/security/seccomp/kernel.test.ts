/** The filter in the kernel: a small C program installs it on itself and tries what must not work. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { DEFAULT_CAPABILITIES } from '../../../src/security/capabilities.js';
import { compileSeccomp } from '../../../src/security/seccomp/compile.js';
import { defaultSeccomp } from '../../../src/security/seccomp/resolve.js';

const arch = process.arch === 'arm64' ? 'arm64' : 'x64';
const skip = spawnSync('gcc', ['--version']).error ? 'no C compiler (gcc)' : false;

describe('the filter in the kernel', { skip }, () => {
  let directory = '';
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'tsrun-seccomp-'));
    writeFileSync(join(directory, 'probe.c'), PROBE);
    execFileSync('gcc', ['-O1', '-Wall', '-Wextra', '-Werror', '-o', join(directory, 'probe'), join(directory, 'probe.c')]);
  });
  after(() => rmSync(directory, { recursive: true, force: true }));

  it('is accepted, and refuses what the default profile refuses', () => {
    const filter = compileSeccomp(defaultSeccomp({ arch, kernel: release(), granted: DEFAULT_CAPABILITIES }), arch);
    writeFileSync(join(directory, 'filter'), filter);
    const output = execFileSync(join(directory, 'probe'), [join(directory, 'filter')], { encoding: 'utf8' });
    assert.deepEqual(
      Object.fromEntries(
        output
          .trim()
          .split('\n')
          .map((line) => line.split(' ')),
      ),
      {
        unshare_newuser: 'EPERM',
        clone_newuser: 'EPERM',
        clone3: 'ENOSYS',
        tiocsti: 'EPERM',
        tiocsti_high_bits: 'EPERM',
        tioclinux: 'EPERM',
        tcgets: 'ENOTTY',
        af_alg: 'EPERM',
        af_alg_high_bits: 'EPERM',
        af_unix: 'ok',
        io_uring_setup: 'EPERM',
        userfaultfd: 'EPERM',
        keyctl: 'EPERM',
        bpf: 'EPERM',
        mount: 'EPERM',
        unknown_1000: 'ENOSYS',
        ...(arch === 'x64' ? { x32_getpid: 'ENOSYS', i386_keyctl: 'EPERM', i386_getpid: 'ok' } : {}),
        fork: 'ok',
      },
    );
  });
});

const PROBE = String.raw`
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static struct sock_filter program[4096];

static void say(const char *name, long result) {
  const char *text = result >= 0 ? "ok" : errno == EPERM ? "EPERM" : errno == ENOSYS ? "ENOSYS" : errno == ENOTTY ? "ENOTTY" : strerror(errno);
  printf("%s %s\n", name, text);
}
static void try(const char *name, long number, unsigned long a, unsigned long b) {
  errno = 0;
  say(name, syscall(number, a, b, 0UL, 0UL, 0UL, 0UL));
}
#ifdef __x86_64__
static void try_i386(const char *name, long number, long a) {
  long result;
  __asm__ volatile("int $0x80" : "=a"(result) : "a"(number), "b"(a), "c"(0L), "d"(0L) : "memory", "r8", "r9", "r10", "r11");
  errno = result < 0 ? (int)-result : 0;
  say(name, result);
}
#endif

int main(int argc, char **argv) {
  int fd = open(argv[argc - 1], O_RDONLY);
  ssize_t size = read(fd, program, sizeof program);
  int null = open("/dev/null", O_RDWR);
  struct sock_fprog filter = { .len = (unsigned short)(size / (ssize_t)sizeof *program), .filter = program };
  if (size <= 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter)) {
    perror("seccomp");
    return 1;
  }
  setvbuf(stdout, NULL, _IOLBF, 0);
  try("unshare_newuser", SYS_unshare, CLONE_NEWUSER, 0);
  try("clone_newuser", SYS_clone, CLONE_NEWUSER | 17, 0);
  try("clone3", SYS_clone3, 0, 0);
  try("tiocsti", SYS_ioctl, (unsigned long)null, 0x5412UL);
  try("tiocsti_high_bits", SYS_ioctl, (unsigned long)null, 0x100005412UL);
  try("tioclinux", SYS_ioctl, (unsigned long)null, 0xffffffff0000541cUL);
  try("tcgets", SYS_ioctl, (unsigned long)null, 0x5401UL);
  try("af_alg", SYS_socket, 38, 5);
  try("af_alg_high_bits", SYS_socket, 0x100000026UL, 5);
  try("af_unix", SYS_socket, 1, 1);
  try("io_uring_setup", SYS_io_uring_setup, 1, 0);
  try("userfaultfd", SYS_userfaultfd, 1, 0);
  try("keyctl", SYS_keyctl, 0, 0);
  try("bpf", SYS_bpf, 0, 0);
  try("mount", SYS_mount, 0, 0);
  try("unknown_1000", 1000, 0, 0);
#ifdef __x86_64__
  try("x32_getpid", 0x40000000 + SYS_getpid, 0, 0);
  try_i386("i386_keyctl", 288, 0);
  try_i386("i386_getpid", 20, 0);
#endif
  fflush(stdout);
  pid_t child = fork();
  if (child == 0) _exit(0);
  say("fork", child > 0 && waitpid(child, NULL, 0) == child ? 0 : -1);
  return 0;
}
`;
