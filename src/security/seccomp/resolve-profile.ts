/** A profile that was read, for given capabilities, processor and kernel → `linux.seccomp` of the runtime spec, as docker resolves it. Pure. */
import type { Seccomp, SeccompArch } from '../../spec/runtime.js';
import type { Conditions, Profile } from './read-profile.js';
import { kernelAtLeast, type SeccompFacts } from './resolve.js';

const OWN: Record<SeccompFacts['arch'], { go: string; architecture: SeccompArch }> = {
  x64: { go: 'amd64', architecture: 'SCMP_ARCH_X86_64' },
  arm64: { go: 'arm64', architecture: 'SCMP_ARCH_AARCH64' },
};

/** x32 is refused whatever a profile says, and calls of a processor that is not named are fatal. */
const OURS: readonly SeccompArch[] = ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86', 'SCMP_ARCH_AARCH64', 'SCMP_ARCH_ARM'];

export function resolveProfile(profile: Profile, facts: SeccompFacts): Seccomp {
  const own = OWN[facts.arch].architecture;
  const mapped = profile.archMap?.find(({ architecture }) => architecture === own);
  const architectures = profile.architectures ?? (mapped ? [mapped.architecture, ...mapped.subArchitectures] : []);
  const syscalls = profile.rules
    .filter(({ includes, excludes }) => included(includes, facts) && !excluded(excludes, facts))
    .map(({ includes: _includes, excludes: _excludes, ...rule }) => rule);
  return {
    defaultAction: profile.defaultAction,
    ...(profile.defaultErrnoRet === undefined ? {} : { defaultErrnoRet: profile.defaultErrnoRet }),
    architectures: [own, ...architectures.filter((name) => name !== own && OURS.includes(name))],
    syscalls,
  };
}

function included({ caps, arches, minKernel }: Conditions, { arch, granted, kernel }: SeccompFacts): boolean {
  if (arches.length > 0 && !arches.includes(OWN[arch].go)) return false;
  return caps.every((name) => granted.includes(name)) && (minKernel === undefined || kernelAtLeast(kernel, ...minKernel));
}

function excluded({ caps, arches, minKernel }: Conditions, { arch, granted, kernel }: SeccompFacts): boolean {
  if (arches.includes(OWN[arch].go) || caps.some((name) => granted.includes(name))) return true;
  return minKernel !== undefined && kernelAtLeast(kernel, ...minKernel);
}
