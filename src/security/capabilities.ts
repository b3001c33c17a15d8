/** Capabilities: numbers (linux/capability.h), docker's default list, and the five sets of a first process (capabilities(7)). */
import { TsrunError } from '../errors.js';
import type { Capabilities } from '../spec/runtime.js';

/** In the order of their numbers, from 0. */
export const CAPABILITIES = [
  'CAP_CHOWN',
  'CAP_DAC_OVERRIDE',
  'CAP_DAC_READ_SEARCH',
  'CAP_FOWNER',
  'CAP_FSETID',
  'CAP_KILL',
  'CAP_SETGID',
  'CAP_SETUID',
  'CAP_SETPCAP',
  'CAP_LINUX_IMMUTABLE',
  'CAP_NET_BIND_SERVICE',
  'CAP_NET_BROADCAST',
  'CAP_NET_ADMIN',
  'CAP_NET_RAW',
  'CAP_IPC_LOCK',
  'CAP_IPC_OWNER',
  'CAP_SYS_MODULE',
  'CAP_SYS_RAWIO',
  'CAP_SYS_CHROOT',
  'CAP_SYS_PTRACE',
  'CAP_SYS_PACCT',
  'CAP_SYS_ADMIN',
  'CAP_SYS_BOOT',
  'CAP_SYS_NICE',
  'CAP_SYS_RESOURCE',
  'CAP_SYS_TIME',
  'CAP_SYS_TTY_CONFIG',
  'CAP_MKNOD',
  'CAP_LEASE',
  'CAP_AUDIT_WRITE',
  'CAP_AUDIT_CONTROL',
  'CAP_SETFCAP',
  'CAP_MAC_OVERRIDE',
  'CAP_MAC_ADMIN',
  'CAP_SYSLOG',
  'CAP_WAKE_ALARM',
  'CAP_BLOCK_SUSPEND',
  'CAP_AUDIT_READ',
  'CAP_PERFMON',
  'CAP_BPF',
  'CAP_CHECKPOINT_RESTORE',
] as const;

export type Capability = (typeof CAPABILITIES)[number];

/** What docker grants by default: 14 of them. */
export const DEFAULT_CAPABILITIES: readonly Capability[] = [
  'CAP_CHOWN',
  'CAP_DAC_OVERRIDE',
  'CAP_FSETID',
  'CAP_FOWNER',
  'CAP_MKNOD',
  'CAP_NET_RAW',
  'CAP_SETGID',
  'CAP_SETUID',
  'CAP_SETFCAP',
  'CAP_SETPCAP',
  'CAP_NET_BIND_SERVICE',
  'CAP_SYS_CHROOT',
  'CAP_KILL',
  'CAP_AUDIT_WRITE',
];

/** The sets as prctl(2) and capset(2) take them: bit n is capability number n. */
export interface CapabilityMasks {
  bounding: bigint;
  effective: bigint;
  inheritable: bigint;
  permitted: bigint;
  ambient: bigint;
}

/**
 * The five sets. Inheritable is empty but for what ambient needs, or files with inheritable capabilities would regain them (CVE-2022-29162).
 * A user other than root holds nothing, as after execve, but may still gain from setuid programs within the bounding set.
 * @param kept what such a user holds all the same, over execve too: it was asked for by name
 */
export function capabilitySets(
  uid: number,
  granted: readonly Capability[] = DEFAULT_CAPABILITIES,
  kept: readonly Capability[] = [],
): Required<Capabilities> {
  if (uid === 0) return { bounding: [...granted], effective: [...granted], inheritable: [], permitted: [...granted], ambient: [] };
  const held = granted.filter((name) => kept.includes(name));
  return { bounding: [...granted], effective: [...held], inheritable: [...held], permitted: [...held], ambient: [...held] };
}

/** @throws ERR_TSRUN_CONFIG_INVALID for a name that no kernel has */
export function capabilityMasks(sets: Capabilities): CapabilityMasks {
  return {
    bounding: maskOf(sets.bounding),
    effective: maskOf(sets.effective),
    inheritable: maskOf(sets.inheritable),
    permitted: maskOf(sets.permitted),
    ambient: maskOf(sets.ambient),
  };
}

function maskOf(names: readonly string[] = []): bigint {
  return names.reduce((mask, name) => mask | (1n << BigInt(capabilityNumber(name))), 0n);
}

/** @throws ERR_TSRUN_CONFIG_INVALID for a name that no kernel has */
export function capabilityNumber(name: string): number {
  const number = (CAPABILITIES as readonly string[]).indexOf(name);
  if (number >= 0) return number;
  throw new TsrunError('ERR_TSRUN_CONFIG_INVALID', `unknown capability ${JSON.stringify(name)}`, {
    subject: name,
    hint: 'write it as in capabilities(7), in capitals with CAP_ in front',
  });
}
