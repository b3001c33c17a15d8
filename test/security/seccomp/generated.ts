/** Profiles for property tests: several rules for a call, with every operator and none, of calls that i386 has twice. Not a test itself. */
import fc from 'fast-check';
import type { Seccomp, SeccompAction, SeccompArg, SeccompRule } from '../../../src/spec/runtime.js';

export const CALLS = ['read', 'socket', 'accept', 'sendto', 'msgget', 'semop', 'socketcall', 'ipc'];
const ACTIONS: readonly SeccompAction[] = ['SCMP_ACT_ALLOW', 'SCMP_ACT_LOG', 'SCMP_ACT_ERRNO', 'SCMP_ACT_TRAP', 'SCMP_ACT_KILL_PROCESS'];

const value = fc.oneof(fc.constantFrom(0, 1, 2, 5, 13, 0x1fff, 0xfffffffe, 0xffffffff, 2 ** 32, 2 ** 32 + 1, 2 ** 40 + 5), fc.maxSafeNat());
const arg: fc.Arbitrary<SeccompArg> = fc.record({
  index: fc.nat(2),
  op: fc.constantFrom('SCMP_CMP_NE', 'SCMP_CMP_LT', 'SCMP_CMP_LE', 'SCMP_CMP_EQ', 'SCMP_CMP_GE', 'SCMP_CMP_GT', 'SCMP_CMP_MASKED_EQ'),
  value,
  valueTwo: value,
});
/** libseccomp 2.5 leaves out to load the number where the first call of an ABI looks at arguments. */
const ANCHOR: SeccompRule = { names: ['getpid'], action: 'SCMP_ACT_ERRNO', errnoRet: 95 };
const names = fc.subarray(CALLS, { minLength: 1, maxLength: 3 });
const errnoRet = fc.constantFrom(1, 13, 38);
const action = fc.constantFrom(...ACTIONS);
const unconditional: fc.Arbitrary<SeccompRule> = fc.record({ names, action, errnoRet });
const conditional: fc.Arbitrary<SeccompRule> = fc.record({
  names: fc.subarray(['read', 'socket', 'accept', 'sendto', 'msgget'], { minLength: 1 }),
  action,
  args: fc.uniqueArray(arg, { minLength: 1, maxLength: 3, selector: ({ index }) => index }),
});

/** One rule at most looks at arguments: libseccomp 2.5 is mistaken in some of two (LE 2^32 beside LT 0), and compile.test.ts has those. */
export const generatedProfile: fc.Arbitrary<Seccomp> = fc
  .tuple(fc.array(unconditional, { maxLength: 3 }), fc.option(conditional), fc.array(unconditional, { maxLength: 2 }))
  .chain(([before, one, after]) =>
    fc.record({
      defaultAction: action,
      defaultErrnoRet: fc.constantFrom(13, 38), // under EPERM what is newer than all that is named fails with ENOSYS
      syscalls: fc.constant([ANCHOR, ...before, ...(one ? [one] : []), ...after]),
    }),
  );

/** Arguments at and about the values that a profile names, mixed by `picks`. */
export function probesOf({ syscalls = [] }: Seccomp, picks: readonly [number, number, number][]): bigint[][] {
  const named = syscalls.flatMap(({ args: all = [] }) => all.flatMap((each) => [each.value, each.valueTwo ?? 0])).map(BigInt);
  const values = [1n, 5n, 13n, ...named].flatMap((each) => [each, each - 1n, each + 1n, each | (1n << 32n), BigInt.asUintN(32, each)]);
  const probe = (pick: number) => BigInt.asUintN(64, values[pick % values.length] ?? 0n);
  return [...values.map((each) => Array<bigint>(3).fill(BigInt.asUintN(64, each))), ...picks.map((each) => each.map(probe))];
}
