/** The default profile for given capabilities, processor and kernel → `linux.seccomp` of the runtime spec. Pure. */
import type { Seccomp, SeccompArch, SeccompRule } from '../../spec/runtime.js';
import { DEFAULT_PROFILE, EPERM, type Group } from './profile.js';
import { type SyscallAbi, syscallNumbers } from './syscalls.js';

export interface SeccompFacts {
  arch: 'x64' | 'arm64';
  /** uname -r */
  kernel: string;
  /** Names in the bounding set. */
  granted: readonly string[];
  /** Containers are to be run inside. */
  nested?: boolean;
}

/** Processor → its ABIs, the native one first. x32 is left out: its calls are refused. */
export const ABIS: Record<SeccompFacts['arch'], readonly [SyscallAbi, SyscallAbi]> = { x64: ['x64', 'x86'], arm64: ['arm64', 'arm'] };

const OCI_NAME: Record<SyscallAbi, SeccompArch> = {
  x64: 'SCMP_ARCH_X86_64',
  x86: 'SCMP_ARCH_X86',
  arm64: 'SCMP_ARCH_AARCH64',
  arm: 'SCMP_ARCH_ARM',
};

export function defaultSeccomp(facts: SeccompFacts): Seccomp {
  const abis = ABIS[facts.arch];
  const groups = DEFAULT_PROFILE.filter((group) => applies(group, facts));
  const exists = (name: string) => abis.some((abi) => syscallNumbers(abi).has(name));
  const namesOf = (group: Group) => group.names.trim().split(/\s+/).filter(exists);
  const allowed = groups.filter((group) => group.errno === undefined && group.alternatives === undefined).flatMap(namesOf);
  const special = groups.filter((group) => group.errno !== undefined || group.alternatives !== undefined);
  const named = new Set(groups.flatMap(namesOf));
  const refused = new Set(abis.flatMap((abi) => [...syscallNumbers(abi).keys()]).filter((name) => !named.has(name)));
  return {
    defaultAction: 'SCMP_ACT_ERRNO',
    defaultErrnoRet: EPERM,
    architectures: abis.map((abi) => OCI_NAME[abi]),
    syscalls: [
      { names: [...new Set(allowed)].sort(), action: 'SCMP_ACT_ALLOW' },
      ...special.flatMap((group) => rulesOf(group, namesOf(group))),
      // As the default says; but what is named counts as known, and what is newer than all that is known fails with ENOSYS, here and under runc.
      { names: [...refused].sort(), action: 'SCMP_ACT_ERRNO', errnoRet: EPERM },
    ],
  };
}

function rulesOf(group: Group, names: string[]): SeccompRule[] {
  const rule: SeccompRule =
    group.errno === undefined ? { names, action: 'SCMP_ACT_ALLOW' } : { names, action: 'SCMP_ACT_ERRNO', errnoRet: group.errno };
  return group.alternatives ? group.alternatives.map((arg) => ({ ...rule, args: [arg] })) : [rule];
}

function applies(group: Group, facts: SeccompFacts): boolean {
  if (group.abis && !group.abis.some((abi) => ABIS[facts.arch].includes(abi))) return false;
  if (group.granted && !group.granted.some((name) => facts.granted.includes(name))) return false;
  if (group.nested && !facts.nested) return false;
  if (group.withoutGrant && facts.granted.includes(group.withoutGrant)) return false;
  return group.kernel === undefined || kernelAtLeast(facts.kernel, ...group.kernel);
}

/** Whether a `uname -r` such as `6.1.0-18-amd64` is at least major.minor; what cannot be read is not. */
export function kernelAtLeast(release: string, major: number, minor: number): boolean {
  const match = /^(\d+)\.(\d+)/.exec(release);
  if (!match) return false;
  const found = Number(match[1]);
  return found > major || (found === major && Number(match[2]) >= minor);
}
