/** `linux.seccomp` of the runtime spec → a filter for seccomp(2). Pure. What libseccomp would do, without it, and stricter on foreign ABIs. */
import { TsrunError } from '../../errors.js';
import type { Seccomp, SeccompArch, SeccompRule } from '../../spec/runtime.js';
import { defaultOf, invalid, RET_ERRNO, RET_KILL_PROCESS, resultOf } from './actions.js';
import { type Code, choose, encode, give, JUMP_AT_LEAST, JUMP_EQUAL, load, MAX_INSTRUCTIONS, OFFSET_ARCH, OFFSET_NUMBER } from './bpf.js';
import { type Alternative, compileAlternatives, type Width } from './conditions.js';
import { withMultiplexed } from './multiplexed.js';
import { ENOSYS, EPERM } from './profile.js';
import { ABIS } from './resolve.js';
import { type SyscallAbi, syscallNumbers } from './syscalls.js';
import { verdictsOf } from './verdict.js';

/** linux/audit.h AUDIT_ARCH_* */
export const AUDIT_ARCH: Record<SyscallAbi, number> = { x64: 0xc000003e, x86: 0x40000003, arm64: 0xc00000b7, arm: 0x40000028 };

const ABI_OF: Partial<Record<SeccompArch, SyscallAbi>> = {
  SCMP_ARCH_X86_64: 'x64',
  SCMP_ARCH_X86: 'x86',
  SCMP_ARCH_AARCH64: 'arm64',
  SCMP_ARCH_ARM: 'arm',
};

/** asm/unistd.h __X32_SYSCALL_BIT: x32 calls come with the audit arch of x86-64. */
const X32_BIT = 0x40000000;
/** arm's private calls lie far above; they do not count as the newest. */
const ARM_PRIVATE = 0xf0000;

/** What happens to one system call number: a result, or alternatives on its arguments. */
type Decision = number | { alternatives: Alternative[]; otherwise: number; width: Width };

/**
 * @param listened somebody answers what the filter does not decide: it is installed with a listener
 * @returns struct sock_filter[] in little-endian order
 * @throws ERR_TSRUN_CONFIG_INVALID when the profile is malformed or too long, ERR_TSRUN_UNSUPPORTED for SCMP_ACT_NOTIFY
 */
export function compileSeccomp(seccomp: Seccomp, arch: 'x64' | 'arm64', listened = false): Buffer {
  if (!listened && asksListener(seccomp))
    throw new TsrunError('ERR_TSRUN_UNSUPPORTED', 'seccomp: SCMP_ACT_NOTIFY is not supported', {
      subject: 'SCMP_ACT_NOTIFY',
      hint: 'use a profile without a listener',
    });
  const wanted = seccomp.architectures?.map((name) => ABI_OF[name]) ?? [];
  const [native, compat] = ABIS[arch];
  const foreign = wanted.includes(compat) ? abiCode(seccomp, compat) : undefined;
  const unknown = give(RET_KILL_PROCESS);
  const code = [
    load(OFFSET_ARCH),
    ...choose(
      JUMP_EQUAL,
      AUDIT_ARCH[native],
      abiCode(seccomp, native),
      foreign ? choose(JUMP_EQUAL, AUDIT_ARCH[compat], foreign, unknown) : unknown,
    ),
  ];
  if (code.length > MAX_INSTRUCTIONS) {
    throw invalid(`the filter has ${code.length} instructions and the kernel takes ${MAX_INSTRUCTIONS}`);
  }
  return encode(code);
}

export function asksListener({ defaultAction, syscalls = [] }: Seccomp): boolean {
  return [defaultAction, ...syscalls.map(({ action }) => action)].includes('SCMP_ACT_NOTIFY');
}

function abiCode(seccomp: Seccomp, abi: SyscallAbi): Code {
  const decisions = decide(seccomp, abi);
  const { otherwise, edges } = undecided(seccomp, abi);
  const tree = search(runsOf([...decisions.keys(), ...edges], (number) => decisions.get(number) ?? otherwise(number)));
  const guarded = abi === 'x64' ? choose(JUMP_AT_LEAST, X32_BIT, give(RET_ERRNO + ENOSYS), tree) : tree;
  return [load(OFFSET_NUMBER), ...guarded];
}

/**
 * What no rule decides: the default holds for calls that were known when the profile was written. Programs probe for newer ones and know
 * what to do on ENOSYS; EPERM they take for a verdict. As runc, newer is what comes behind the last call that the profile names; and what no
 * kernel has.
 */
function undecided(seccomp: Seccomp, abi: SyscallAbi): { otherwise: (number: number) => number; edges: number[] } {
  const numbers = syscallNumbers(abi);
  const fallback = resultOf(defaultOf(seccomp));
  const named = new Set((seccomp.syscalls ?? []).flatMap(({ names }) => names.flatMap((name) => numbers.get(name) ?? [])));
  const newest = Math.max(0, ...[...named].filter((number) => number < ARM_PRIVATE));
  const known = new Set([...numbers.values()].filter((number) => number <= newest || named.has(number)));
  if (seccomp.defaultAction !== 'SCMP_ACT_ERRNO' || fallback !== RET_ERRNO + EPERM) return { otherwise: () => fallback, edges: [] };
  return { otherwise: (number) => (known.has(number) ? fallback : RET_ERRNO + ENOSYS), edges: [...known] };
}

function decide(seccomp: Seccomp, abi: SyscallAbi): Map<number, Decision> {
  const numbers = syscallNumbers(abi);
  const width = abi === 'x64' || abi === 'arm64' ? 64 : 32;
  const otherwise = resultOf(defaultOf(seccomp));
  const said = verdictsOf(seccomp, width);
  const decisions = new Map<number, Decision>();
  for (const [name, verdict] of abi === 'x86' ? withMultiplexed(said, seccomp) : said) {
    const number = numbers.get(name);
    if (number === undefined) continue; // of another processor, or newer than our tables: the default holds
    if ('always' in verdict) decisions.set(number, resultOf(verdict.always));
    else decisions.set(number, { alternatives: verdict.sometimes.map(alternativeOf), otherwise, width });
  }
  return decisions;
}

const alternativeOf = (rule: SeccompRule): Alternative => ({ conditions: rule.args ?? [], result: resultOf(rule) });

/** First numbers of the runs of calls that share one decision: the whole of the unsigned numbers, in order. */
function runsOf(numbers: number[], at: (number: number) => Decision): { start: number; decision: Decision }[] {
  const edges = [...new Set([0, ...numbers.flatMap((number) => [number, number + 1])])].sort((a, b) => a - b);
  return edges
    .map((start) => ({ start, decision: at(start) }))
    .filter(({ decision }, index, all) => index === 0 || decision !== all[index - 1]?.decision);
}

/** A balanced search tree over the runs: about seven comparisons for any call. */
function search(runs: { start: number; decision: Decision }[]): Code {
  const middle = runs[runs.length >> 1];
  if (middle === undefined) throw new TypeError('no runs');
  if (runs.length === 1) return decisionCode(middle.decision);
  return choose(JUMP_AT_LEAST, middle.start, search(runs.slice(runs.length >> 1)), search(runs.slice(0, runs.length >> 1)));
}

function decisionCode(decision: Decision): Code {
  return typeof decision === 'number' ? give(decision) : compileAlternatives(decision.alternatives, decision.otherwise, decision.width);
}
