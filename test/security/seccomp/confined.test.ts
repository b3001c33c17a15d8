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
    assert.ok(compileSeccomp(seccomp, 'x64', true).length > 0);
  });

  it('leaves out what goes by path and what is the host’s', () => {
    for (const name of [
      'chmod',
      'fchmodat2',
      'lchown',
      'setxattr',
      'fsetxattr',
      'fremovexattr',
      'file_setattr',
      'fchmod',
      'fchown',
      'utimensat',
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
    for (const name of ['execve', 'read', 'connect']) assert.equal(allowed(false, name).length, 1, name);
  });

  it('lets nothing be decided without its arguments where they tell', () => {
    for (const name of ['open', 'openat', 'socket', 'socketpair', 'prlimit64', 'setrlimit', 'setpriority', 'ioctl'])
      assert.ok(allowed(false, name).every(({ args }) => (args?.length ?? 0) > 0) && allowed(false, name).length > 0, name);
    assert.deepEqual(allowed(true, 'socket'), []);
  });

  it('leaves to the runner what changes a file through a descriptor, which may be open for reading alone', () => {
    const asked = (fakeRoot: boolean) =>
      (confinedSeccomp(FACTS, { offline: false, fakeRoot }).syscalls ?? [])
        .filter(({ action }) => action === 'SCMP_ACT_NOTIFY')
        .map(({ names, args = [] }) => [...names, args.length]);
    assert.deepEqual(asked(false), [
      ['fchmod', 0],
      ['fchown', 0],
      ['utimensat', 1],
    ]);
    assert.deepEqual(asked(true), [
      ['fchmod', 0],
      ['utimensat', 1],
    ]);
  });

  it('lets no request through that changes flags of files, nor one that types at a terminal', () => {
    const requests = new Set<number>();
    for (const { args = [] } of allowed(false, 'ioctl')) for (const { valueTwo } of args) requests.add(valueTwo ?? 0);
    // linux/fs.h: SETFLAGS, SETVERSION, FSSETXATTR; fsverity.h: ENABLE; btrfs.h: SUBVOL_SETFLAGS, SUBVOL_CREATE; fscrypt.h: SET_POLICY
    for (const request of [0x40086602, 0x40087602, 0x401c5820, 0x40806685, 0x4008941a, 0x5000940e, 0x800c6613])
      assert.ok(!requests.has(request) && ![0x5400, 0x8900].includes(request & 0xff00), String(request));
    const refused = (confinedSeccomp(FACTS, { offline: false, fakeRoot: false }).syscalls ?? []).filter(
      ({ names, action, args }) => action === 'SCMP_ACT_ERRNO' && names.includes('ioctl') && args !== undefined,
    );
    assert.deepEqual(
      refused.flatMap(({ args = [] }) => args.map(({ valueTwo }) => valueTwo)),
      [0x5412, 0x541c],
    );
  });
});
