import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { RET_ALLOW, RET_ERRNO } from '../../../src/security/seccomp/actions.js';
import { AUDIT_ARCH, compileSeccomp } from '../../../src/security/seccomp/compile.js';
import { outerSeccomp } from '../../../src/security/seccomp/outer.js';
import { readProfile } from '../../../src/security/seccomp/read-profile.js';
import { defaultSeccomp } from '../../../src/security/seccomp/resolve.js';
import { syscallNumbers } from '../../../src/security/seccomp/syscalls.js';
import { evaluate } from './interpreter.js';

const FACTS = { kernel: '6.12.9-amd64', arch: 'x64' } as const;

describe('the profile for the container that tsrun runs in', () => {
  const answer = (profile: Parameters<typeof compileSeccomp>[0]) => {
    const filter = compileSeccomp(profile, 'x64');
    return (name: string, ...args: bigint[]) =>
      evaluate(filter, { number: syscallNumbers('x64').get(name) ?? -1, arch: AUDIT_ARCH.x64, args }).action;
  };
  const [outer, usual] = [answer(outerSeccomp(FACTS)), answer(defaultSeccomp({ ...FACTS, granted: [] }))];

  it('allows what makes containers, with any argument', () => {
    for (const name of 'clone clone3 unshare setns mount umount2 pivot_root chroot open_tree move_mount fsopen fsconfig fsmount mount_setattr sethostname setdomainname'.split(
      ' ',
    )) {
      assert.equal(outer(name, 0x7e020000n), RET_ALLOW, name);
      assert.notEqual(usual(name, 0x7e020000n), RET_ALLOW, name);
    }
  });

  it('answers all else as the usual one', () => {
    const differ = [...syscallNumbers('x64').keys()].filter((name) => outer(name) !== usual(name));
    assert.ok(differ.length <= 17, differ.join(' '));
    for (const name of ['bpf', 'keyctl', 'perf_event_open', 'io_uring_setup', 'userfaultfd', 'init_module'])
      assert.equal(outer(name), RET_ERRNO + 1, name);
    assert.equal(outer('ioctl', 0n, 0x5412n), RET_ERRNO + 1, 'TIOCSTI');
  });

  it('is plain: no condition that one of docker, podman and containerd does not know', () => {
    const { defaultAction, defaultErrnoRet, architectures, syscalls = [], ...rest } = outerSeccomp(FACTS);
    assert.deepEqual(
      [defaultAction, defaultErrnoRet, architectures, rest],
      ['SCMP_ACT_ERRNO', 1, ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86'], {}],
    );
    const members = new Set(syscalls.flatMap((rule) => Object.keys(rule)));
    assert.deepEqual([...members].sort(), ['action', 'args', 'errnoRet', 'names']);
    const named = syscalls.filter(({ args }) => args === undefined).flatMap(({ names }) => names);
    assert.equal(new Set(named).size, named.length, 'nothing is said twice');
    assert.equal(
      readProfile(JSON.stringify(outerSeccomp(FACTS)), 'tsrun.json').rules.length,
      syscalls.length,
      'tsrun’s own reader takes it',
    );
    assert.deepEqual(outerSeccomp({ ...FACTS, arch: 'arm64' }).architectures, ['SCMP_ARCH_AARCH64', 'SCMP_ARCH_ARM']);
  });
});
