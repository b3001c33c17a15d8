import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compileSeccomp } from '../../../src/security/seccomp/compile.js';
import { confinedSeccomp } from '../../../src/security/seccomp/confined.js';

const FACTS = { arch: 'x64' as const, kernel: '6.12' };
const allowed = (offline: boolean, name: string) =>
  (confinedSeccomp(FACTS, { offline, fakeRoot: false }).syscalls ?? []).filter(
    ({ names, action }) => action === 'SCMP_ACT_ALLOW' && names.includes(name),
  );

describe('the filter of --isolation landlock', () => {
  it('is for the native processor alone, and the kernel takes its length', () => {
    const seccomp = confinedSeccomp(FACTS, { offline: false, fakeRoot: false });
    assert.deepEqual(seccomp.architectures, ['SCMP_ARCH_X86_64']);
    assert.ok(compileSeccomp(seccomp, 'x64').length > 0);
  });

  it('leaves out what goes by path and what is the host’s', () => {
    for (const name of [
      'chmod',
      'fchmodat2',
      'lchown',
      'setxattr',
      'utimes',
      'openat2',
      'inotify_init1',
      'shmget',
      'mq_open',
      'msgget',
      'io_uring_setup',
      'unshare',
    ])
      assert.deepEqual(allowed(false, name), [], name);
    for (const name of ['fchmod', 'fchown', 'execve', 'read', 'connect']) assert.equal(allowed(false, name).length, 1, name);
  });

  it('lets nothing be decided without its arguments where they tell', () => {
    for (const name of ['open', 'openat', 'socket', 'socketpair', 'prlimit64', 'setrlimit', 'setpriority', 'utimensat'])
      assert.ok(allowed(false, name).every(({ args }) => (args?.length ?? 0) > 0) && allowed(false, name).length > 0, name);
    assert.deepEqual(allowed(true, 'socket'), []);
  });
});
