import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { DEFAULT_CAPABILITIES } from '../../../src/security/capabilities.js';
import { RET_ALLOW, RET_ERRNO, RET_KILL_PROCESS } from '../../../src/security/seccomp/actions.js';
import { AUDIT_ARCH, compileSeccomp } from '../../../src/security/seccomp/compile.js';
import { othersThan } from '../../../src/security/seccomp/profile.js';
import { defaultSeccomp } from '../../../src/security/seccomp/resolve.js';
import { type SyscallAbi, syscallNumbers } from '../../../src/security/seccomp/syscalls.js';
import type { Seccomp, SeccompArg, SeccompRule } from '../../../src/spec/runtime.js';
import { evaluate } from './interpreter.js';

const EPERM = RET_ERRNO + 1;
const ENOSYS = RET_ERRNO + 38;
const BITS = { x64: 64, x86: 32, arm64: 64, arm: 32 } as const;
const ARCH_OF = { x64: 'x64', x86: 'x64', arm64: 'arm64', arm: 'arm64' } as const;

function filterOf(arch: 'x64' | 'arm64', granted: readonly string[] = DEFAULT_CAPABILITIES): Buffer {
  return compileSeccomp(defaultSeccomp({ arch, kernel: '6.1.0-18-amd64', granted }), arch);
}

function caller(abi: SyscallAbi, granted?: readonly string[]) {
  const filter = filterOf(ARCH_OF[abi], granted);
  return (name: string | number, ...args: bigint[]): number => {
    const number = typeof name === 'number' ? name : syscallNumbers(abi).get(name);
    assert.ok(number !== undefined, `${name} exists on ${abi}`);
    return evaluate(filter, { number, arch: AUDIT_ARCH[abi], args }).action;
  };
}

describe('the default filter', () => {
  it('has not changed unnoticed: compare the profile with docker’s before taking a new digest', () => {
    const digest = (arch: 'x64' | 'arm64') => createHash('sha256').update(filterOf(arch)).digest('hex').slice(0, 16);
    assert.deepEqual({ x64: digest('x64'), arm64: digest('arm64') }, GOLDEN);
  });

  it('is far below the kernel’s limit and decides a call in few steps', () => {
    for (const abi of ['x64', 'arm64'] as const) {
      const filter = filterOf(abi);
      assert.ok(filter.length / 8 < 1000, `${filter.length / 8} instructions`);
      for (const name of ['read', 'openat', 'futex', 'mmap', 'epoll_pwait']) {
        const number = syscallNumbers(abi).get(name) as number;
        const { steps } = evaluate(filter, { number, arch: AUDIT_ARCH[abi] });
        assert.ok(steps <= 16, `${name}: ${steps}`);
      }
    }
  });

  for (const abi of ['x64', 'x86', 'arm64', 'arm'] as const) {
    it(`${abi}: gives every call with any arguments exactly what the profile says`, () => {
      const seccomp = defaultSeccomp({ arch: ARCH_OF[abi], kernel: '6.1', granted: DEFAULT_CAPABILITIES });
      const call = caller(abi);
      const numbers = syscallNumbers(abi);
      const names = new Map([...numbers].map(([name, number]) => [number, name]));
      const some = [0n, 1n, 0x5412n, 0x541cn, 0x100005412n, 38n, 40n, 0x10000000n, 0xffffffffn, 0xffffffffffffffffn];
      for (const number of [...Array(700).keys(), ...names.keys()]) {
        for (const value of some) {
          const args = [value, value, value];
          assert.equal(
            call(number, ...args),
            expected(seccomp, names.get(number), args, BITS[abi]),
            `${number} ${names.get(number)} ${value}`,
          );
        }
      }
    });

    it(`${abi}: refuses what docker refuses without CAP_SYS_ADMIN`, () => {
      const call = caller(abi);
      const refused = `add_key request_key keyctl userfaultfd bpf perf_event_open io_uring_setup io_uring_enter io_uring_register mount
        umount2 pivot_root setns unshare open_tree open_tree_attr move_mount fsopen fsconfig fsmount fspick mount_setattr
        open_by_handle_at init_module finit_module delete_module kexec_load reboot swapon swapoff settimeofday clock_settime acct quotactl
        move_pages migrate_pages mbind set_mempolicy get_mempolicy kcmp pidfd_getfd process_madvise fanotify_init syslog sethostname
        setdomainname vhangup lookup_dcookie nfsservctl`;
      for (const name of refused.trim().split(/\s+/)) {
        assert.ok([EPERM, ENOSYS].includes(call(name)), name);
      }
      assert.equal(call('clone3'), ENOSYS);
      assert.equal(call(1000), ENOSYS);
      assert.equal(call(0x0fffffff), ENOSYS);
      assert.equal(call('chroot'), RET_ALLOW);
      assert.equal(call('ptrace'), RET_ALLOW);
    });

    it(`${abi}: looks at the 32 bits that the kernel looks at`, () => {
      const call = caller(abi);
      for (const high of [0n, 1n << 32n, 0xffffffffn << 32n, 1n << 63n]) {
        for (const request of [0x5412n, 0x541cn]) assert.equal(call('ioctl', 0n, high | request), EPERM, `ioctl ${request}`);
        for (const request of [0x5401n, 0x5413n, 0x541bn, 0x5410n, 0x541en, 0x80045430n, 0x5416n])
          assert.equal(call('ioctl', 0n, high | request), RET_ALLOW);
        for (const family of [38n, 40n]) assert.equal(call('socket', high | family), EPERM, `family ${family}`);
        for (const family of [1n, 2n, 10n, 16n, 17n, 39n, 41n, 44n, 46n, 36n, 42n]) assert.equal(call('socket', high | family), RET_ALLOW);
        for (const flag of [0x20000n, 0x2000000n, 0x4000000n, 0x8000000n, 0x10000000n, 0x20000000n, 0x40000000n]) {
          assert.equal(call('clone', high | flag | 17n), EPERM, `clone ${flag}`);
        }
        assert.equal(call('clone', high | 0x11n), RET_ALLOW);
        assert.equal(call('clone', high | 0x3d0f00n), RET_ALLOW, 'pthread_create');
      }
      for (const persona of [0n, 8n, 0x20000n, 0x20008n, 0xffffffffn]) assert.equal(call('personality', persona), RET_ALLOW);
      for (const persona of [0x40000n, 0x400000n, 1n]) assert.equal(call('personality', persona), EPERM);
      assert.equal(call('personality', 0x100000000n), BITS[abi] === 64 ? EPERM : RET_ALLOW);
    });
  }

  it('refuses x32 calls and kills unknown processors', () => {
    const call = caller('x64');
    for (const number of [0x40000000, 0x40000001, 0x40000000 + 514, 0x40000000 + 16, 0xffffffff]) assert.equal(call(number), ENOSYS);
    const filter = filterOf('x64');
    for (const arch of [AUDIT_ARCH.arm64, 0, 0xffffffff]) assert.equal(evaluate(filter, { number: 0, arch }).action, RET_KILL_PROCESS);
  });

  it('opens what a granted capability is for, and no more', () => {
    const cases: [string, string[]][] = [
      ['CAP_SYS_ADMIN', ['mount', 'unshare', 'setns', 'clone3', 'bpf', 'fsopen', 'perf_event_open', 'syslog']],
      ['CAP_BPF', ['bpf']],
      ['CAP_PERFMON', ['perf_event_open']],
      ['CAP_SYSLOG', ['syslog']],
      ['CAP_SYS_TIME', ['clock_settime', 'settimeofday']],
      ['CAP_DAC_READ_SEARCH', ['open_by_handle_at']],
      ['CAP_SYS_NICE', ['mbind', 'set_mempolicy']],
      ['CAP_SYS_PTRACE', ['kcmp', 'pidfd_getfd']],
      ['CAP_SYS_BOOT', ['reboot']],
    ];
    const all = [...syscallNumbers('x64').keys()];
    const before = caller('x64');
    for (const [capability, names] of cases) {
      const call = caller('x64', [...DEFAULT_CAPABILITIES, capability]);
      for (const name of names) assert.equal(call(name), RET_ALLOW, `${name} with ${capability}`);
      if (capability === 'CAP_SYS_ADMIN') continue;
      const opened = all.filter((name) => call(name) === RET_ALLOW && before(name) !== RET_ALLOW);
      assert.ok(names.every((name) => opened.includes(name)) && opened.length <= names.length + 3, `${capability}: ${opened}`);
    }
    assert.equal(caller('x64', [...DEFAULT_CAPABILITIES, 'CAP_SYS_ADMIN'])('clone', 0x10000000n), RET_ALLOW);
    assert.equal(caller('x64', [])('chroot'), EPERM);
    assert.equal(compileSeccomp(defaultSeccomp({ arch: 'x64', kernel: '4.4', granted: [] }), 'x64').length > 0, true);
    const old = compileSeccomp(defaultSeccomp({ arch: 'x64', kernel: '4.4', granted: [] }), 'x64');
    assert.equal(evaluate(old, { number: syscallNumbers('x64').get('ptrace') as number, arch: AUDIT_ARCH.x64 }).action, EPERM);
  });
});

describe('othersThan', () => {
  it('holds for every 32-bit value but the named ones, whatever the high bits', () => {
    const word = fc.oneof(fc.nat(64), fc.integer({ min: 0, max: 0xffffffff }));
    fc.assert(
      fc.property(word, word, word, word, fc.integer({ min: 0, max: 31 }), (a, b, value, high, bit) => {
        const terms = othersThan(0, [a, b]);
        for (const candidate of [value, a, b, (a ^ (1 << bit)) >>> 0, (b ^ (1 << bit)) >>> 0]) {
          const arg = (BigInt(high) << 32n) | BigInt(candidate);
          assert.equal(
            terms.some((term) => holds(term, [arg])),
            candidate !== a && candidate !== b,
          );
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe('compiling any profile', () => {
  it('agrees with the conditions evaluated on the arguments', () => {
    const value = fc.oneof(fc.constantFrom(0, 1, 0xffffffff, 2 ** 32, 2 ** 32 + 1), fc.maxSafeNat());
    const arg: fc.Arbitrary<SeccompArg> = fc.record({
      index: fc.nat(5),
      op: fc.constantFrom('SCMP_CMP_NE', 'SCMP_CMP_LT', 'SCMP_CMP_LE', 'SCMP_CMP_EQ', 'SCMP_CMP_GE', 'SCMP_CMP_GT', 'SCMP_CMP_MASKED_EQ'),
      value,
      valueTwo: value,
    });
    const rule: fc.Arbitrary<SeccompRule> = fc.record({
      names: fc.constantFrom(['read'], ['read', 'write']),
      action: fc.constantFrom('SCMP_ACT_ALLOW', 'SCMP_ACT_ERRNO'),
      errnoRet: fc.constant(13),
      args: fc.uniqueArray(arg, { minLength: 1, maxLength: 4, selector: ({ index }) => index }),
    });
    const probe = fc.array(fc.oneof(fc.bigInt(0n, 0xffffffffffffffffn), value.map(BigInt)), { minLength: 6, maxLength: 6 });
    fc.assert(
      fc.property(fc.array(rule, { minLength: 1, maxLength: 5 }), fc.array(probe, { minLength: 1, maxLength: 8 }), (syscalls, probes) => {
        const seccomp: Seccomp = { defaultAction: 'SCMP_ACT_ERRNO', syscalls };
        const filter = compileSeccomp(seccomp, 'x64');
        const near = syscalls.map((r) => Array.from({ length: 6 }, (_, i) => BigInt(r.args?.find(({ index }) => index === i)?.value ?? 0)));
        for (const args of [...probes, ...near]) {
          assert.equal(evaluate(filter, { number: 0, arch: AUDIT_ARCH.x64, args }).action, expected(seccomp, 'read', args));
        }
      }),
      { numRuns: 500 },
    );
  });

  it('looks at an argument again after another way has led past its look', () => {
    const rule = (...args: SeccompArg[]): SeccompRule => ({ names: ['read'], action: 'SCMP_ACT_ALLOW', args });
    const syscalls = [
      rule({ index: 0, op: 'SCMP_CMP_NE', value: 0 }, { index: 3, op: 'SCMP_CMP_NE', value: 0 }),
      rule({ index: 3, op: 'SCMP_CMP_MASKED_EQ', value: 1, valueTwo: 0 }, { index: 0, op: 'SCMP_CMP_EQ', value: 0 }),
      rule({ index: 0, op: 'SCMP_CMP_EQ', value: 1 }),
    ];
    const seccomp: Seccomp = { defaultAction: 'SCMP_ACT_ERRNO', syscalls };
    for (const args of [
      [0n, 0n, 0n, 0n, 0n, 0n],
      [0n, 0n, 0n, 1n, 0n, 0n],
      [1n, 0n, 0n, 0n, 0n, 0n],
      [1n << 32n, 0n, 0n, 1n << 32n, 0n, 0n],
    ]) {
      const { action } = evaluate(compileSeccomp(seccomp, 'x64'), { number: 0, arch: AUDIT_ARCH.x64, args });
      assert.equal(action, expected(seccomp, 'read', args), String(args));
    }
  });

  it('lets a rule without conditions override, skips rules that repeat the default, and knows each action', () => {
    const run = (syscalls: SeccompRule[], name = 'read', args: bigint[] = []) =>
      evaluate(compileSeccomp({ defaultAction: 'SCMP_ACT_ERRNO', defaultErrnoRet: 1, syscalls }, 'x64'), {
        number: syscallNumbers('x64').get(name) as number,
        arch: AUDIT_ARCH.x64,
        args,
      }).action;
    const args: SeccompArg[] = [{ index: 0, value: 1, op: 'SCMP_CMP_EQ' }];
    const conditional: SeccompRule = { names: ['read'], action: 'SCMP_ACT_LOG', args };
    assert.equal(run([conditional, { names: ['read'], action: 'SCMP_ACT_ALLOW' }], 'read', [1n]), RET_ALLOW);
    assert.equal(run([{ names: ['read'], action: 'SCMP_ACT_ALLOW' }, conditional], 'read', [1n]), RET_ALLOW);
    assert.equal(
      run([
        { names: ['read'], action: 'SCMP_ACT_ALLOW' },
        { names: ['read'], action: 'SCMP_ACT_ERRNO' },
      ]),
      RET_ALLOW,
    );
    assert.equal(run([{ names: ['read'], action: 'SCMP_ACT_KILL_PROCESS' }]), RET_KILL_PROCESS);
    assert.equal(run([{ names: ['read'], action: 'SCMP_ACT_ERRNO', errnoRet: 95 }]), RET_ERRNO + 95);
    assert.throws(() => run([{ names: ['read'], action: 'SCMP_ACT_NOTIFY' }]), { code: 'ERR_TSRUN_UNSUPPORTED' });
    assert.throws(() => run([{ names: ['read'], action: 'SCMP_ACT_ALLOW', args: [{ index: 0, value: 2 ** 60, op: 'SCMP_CMP_EQ' }] }]), {
      code: 'ERR_TSRUN_CONFIG_INVALID',
    });
    assert.throws(() => run([{ names: ['read'], action: 'nonsense' as 'SCMP_ACT_LOG' }]), { code: 'ERR_TSRUN_CONFIG_INVALID' });
  });

  it('compiles the native ABI alone when no other is named', () => {
    const filter = compileSeccomp({ defaultAction: 'SCMP_ACT_ALLOW' }, 'x64');
    assert.equal(evaluate(filter, { number: 1000, arch: AUDIT_ARCH.x64 }).action, RET_ALLOW);
    assert.equal(evaluate(filter, { number: 1, arch: AUDIT_ARCH.x86 }).action, RET_KILL_PROCESS);
  });
});

/** The profile read directly: the oracle. */
function expected(seccomp: Seccomp, name: string | undefined, all: bigint[], bits: 32 | 64 = 64): number {
  const args = all.map((value) => BigInt.asUintN(bits, value));
  if (name === undefined) return ENOSYS;
  const matching = (seccomp.syscalls ?? []).filter((rule) => rule.names.includes(name));
  const free = (rule: SeccompRule) => (rule.args ?? []).every(({ op, value }) => op === 'SCMP_CMP_MASKED_EQ' && value === 0);
  const holding = matching.filter((rule) => rule.args?.every((arg) => holds(arg, args)));
  const rule = matching.find(free) ?? holding.find(({ action }) => action !== 'SCMP_ACT_ALLOW') ?? holding[0];
  if (!rule) return EPERM;
  return rule.action === 'SCMP_ACT_ALLOW' ? RET_ALLOW : RET_ERRNO + (rule.errnoRet ?? 1);
}

function holds(arg: SeccompArg, args: bigint[]): boolean {
  const actual = args[arg.index] ?? 0n;
  const value = BigInt(arg.value);
  switch (arg.op) {
    case 'SCMP_CMP_NE':
      return actual !== value;
    case 'SCMP_CMP_LT':
      return actual < value;
    case 'SCMP_CMP_LE':
      return actual <= value;
    case 'SCMP_CMP_EQ':
      return actual === value;
    case 'SCMP_CMP_GE':
      return actual >= value;
    case 'SCMP_CMP_GT':
      return actual > value;
    case 'SCMP_CMP_MASKED_EQ':
      return (actual & value) === (BigInt(arg.valueTwo ?? 0) & value);
  }
}

const GOLDEN = { x64: '3beec7e449abdc90', arm64: 'f66819d5b4ae26ba' };
