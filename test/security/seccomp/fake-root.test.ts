/** `--fake-root` over profiles: what is answered, what stays as it was. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DEFAULT_CAPABILITIES } from '../../../src/security/capabilities.js';
import { type IdFacts, rangeMapping, singleMapping } from '../../../src/security/idmap-form.js';
import { RET_ALLOW, RET_ERRNO } from '../../../src/security/seccomp/actions.js';
import { AUDIT_ARCH, compileSeccomp } from '../../../src/security/seccomp/compile.js';
import { onlyFakeRoot, withFakeRoot } from '../../../src/security/seccomp/fake-root.js';
import { defaultSeccomp } from '../../../src/security/seccomp/resolve.js';
import { type SyscallAbi, syscallNumbers } from '../../../src/security/seccomp/syscalls.js';
import type { Seccomp } from '../../../src/spec/runtime.js';
import { evaluate } from './interpreter.js';

const SINGLE = singleMapping({ uid: 1000, gid: 1000 } as IdFacts);
const RANGE = rangeMapping([{ start: 100000, size: 65536 }], [{ start: 100000, size: 65536 }], 'newuidmap');
const ARCH_OF = { x64: 'x64', x86: 'x64', arm64: 'arm64', arm: 'arm64' } as const;
const SUCCESS = RET_ERRNO + 0;
const EPERM = RET_ERRNO + 1;
const OWNERS = /^(f|l)?chown(32|at)?$/;
const IDENTITIES = /^set(re|res|fs)?[ug]id(32)?$|^setgroups(32)?$/;

const profile = (abi: SyscallAbi) => defaultSeccomp({ arch: ARCH_OF[abi], kernel: '6.1', granted: DEFAULT_CAPABILITIES });

function caller(abi: SyscallAbi, seccomp: Seccomp) {
  const filter = compileSeccomp(seccomp, ARCH_OF[abi]);
  return (name: string, ...args: bigint[]) => {
    const number = syscallNumbers(abi).get(name);
    assert.ok(number !== undefined, `${name} on ${abi}`);
    return evaluate(filter, { number, arch: AUDIT_ARCH[abi], args }).action;
  };
}

describe('--fake-root', () => {
  for (const abi of ['x64', 'x86', 'arm64', 'arm'] as const) {
    it(`${abi}: with one id owners and identities are answered, and every other call is decided as before`, () => {
      const [before, after] = [caller(abi, profile(abi)), caller(abi, withFakeRoot(profile(abi), SINGLE))];
      let answered = 0;
      for (const name of syscallNumbers(abi).keys()) {
        const fake = OWNERS.test(name) || IDENTITIES.test(name);
        for (const args of [[], [1n, 0o100644n, 1n], [0n, 0xffffffffn, 0n]])
          assert.equal(after(name, ...args), fake ? SUCCESS : before(name, ...args), name);
        if (fake) answered++;
      }
      assert.ok(answered >= 11, `${answered} calls`);
      assert.equal(after('capset'), RET_ALLOW);
    });

    it(`${abi}: only device nodes are answered; files, fifos, sockets and whiteouts are made`, () => {
      for (const ids of [SINGLE, RANGE]) {
        const call = caller(abi, withFakeRoot(profile(abi), ids));
        const nodes: [name: string, before: bigint[]][] = [
          ['mknodat', [3n, 0n]],
          ...(abi === 'arm64' ? [] : ([['mknod', [0n]]] as [string, bigint[]][])),
        ];
        for (const [name, before] of nodes)
          for (let type = 0; type < 16; type++)
            for (const [dev, mode] of [
              [0n, 0o666n],
              [0x103n, 0n],
              [0x103n, 0xffff00000000_0777n],
            ] as const) {
              const fake = (type === 0o2 || type === 0o6) && dev !== 0n;
              const action = call(name, ...before, BigInt(type << 12) | mode, dev);
              assert.equal(action, fake ? SUCCESS : RET_ALLOW, `${name} type ${type.toString(8)} dev ${dev}`);
            }
      }
    });
  }

  it('with a range, owners and identities are the kernel’s', () => {
    const call = caller('x64', withFakeRoot(profile('x64'), RANGE));
    for (const name of ['chown', 'fchownat', 'setuid', 'setgroups', 'setresgid']) assert.equal(call(name), RET_ALLOW, name);
  });

  it('answers nothing that the profile refuses, and leaves kexec_load refused', () => {
    const strict: Seccomp = {
      defaultAction: 'SCMP_ACT_ERRNO',
      syscalls: [
        { names: ['lchown'], action: 'SCMP_ACT_KILL_PROCESS' },
        { names: ['read', 'chown', 'setuid', 'mknod', 'lchown'], action: 'SCMP_ACT_ALLOW' },
        { names: ['chown'], action: 'SCMP_ACT_KILL_PROCESS' }, // the first holds
      ],
    };
    const call = caller('x64', withFakeRoot(strict, SINGLE));
    assert.deepEqual(
      ['chown', 'setuid'].map((name) => call(name)),
      [SUCCESS, SUCCESS],
    );
    for (const name of ['fchown', 'setgid', 'mknodat', 'kexec_load']) assert.ok(![SUCCESS, RET_ALLOW].includes(call(name)), name);
    assert.equal(call('lchown'), 0x80000000);
    assert.equal(caller('x64', withFakeRoot(profile('x64'), SINGLE))('kexec_load'), EPERM);
  });

  it('works over one that allows all, and is what exec --privileged keeps', () => {
    for (const seccomp of [withFakeRoot({ defaultAction: 'SCMP_ACT_ALLOW' }, SINGLE), onlyFakeRoot(withFakeRoot(profile('x64'), SINGLE))]) {
      assert.ok(seccomp);
      const call = caller('x64', seccomp);
      assert.equal(call('chown'), SUCCESS);
      assert.equal(call('mount'), RET_ALLOW);
      assert.equal(call('mknod', 0n, 0o020666n, 0x103n), SUCCESS);
      assert.equal(call('mknod', 0n, 0o010666n, 0n), RET_ALLOW);
    }
    assert.equal(onlyFakeRoot(profile('x64')), undefined);
  });

  it('is refused with a profile that looks at the arguments of such a call', () => {
    const args = [{ index: 1, value: 0, op: 'SCMP_CMP_EQ' }] as const;
    const odd: Seccomp = { defaultAction: 'SCMP_ACT_ERRNO', syscalls: [{ names: ['chown'], action: 'SCMP_ACT_ALLOW', args: [...args] }] };
    assert.throws(() => withFakeRoot(odd, SINGLE), { code: 'ERR_TSRUN_UNSUPPORTED', subject: 'chown' });
  });
});
