/** What a container may do: --cap-add, --cap-drop, --security-opt, --privileged and --disable-userns as parts of its runtime spec. Pure. */
import type { RunOptions } from '../api/options.js';
import { TsrunError } from '../errors.js';
import { type Capability, capabilitySets } from '../security/capabilities.js';
import { chooseCapabilities, normalCapabilities } from '../security/choose-capabilities.js';
import type { IdMapping } from '../security/idmap.js';
import { MASKED_PATHS, READONLY_PATHS } from '../security/paths.js';
import { withFakeRoot } from '../security/seccomp/fake-root.js';
import type { Profile } from '../security/seccomp/read-profile.js';
import { defaultSeccomp, type SeccompFacts } from '../security/seccomp/resolve.js';
import { resolveProfile } from '../security/seccomp/resolve-profile.js';
import { refuseUnstartable } from '../security/seccomp/startable.js';
import type { Capabilities, Seccomp } from '../spec/runtime.js';
import { parseLandlock } from './landlock.js';
import { isUnmasked, parseSecurityOptions, type SecurityOptions } from './security-opt.js';

export type PrivilegeOptions = Pick<
  RunOptions,
  'capAdd' | 'capDrop' | 'securityOpt' | 'privileged' | 'disableUserns' | 'nested' | 'fakeRoot' | 'landlock'
>;

export interface PrivilegeFacts extends Omit<SeccompFacts, 'granted'> {
  /** Of tsrun's caller; absent: all. */
  boundingSet?: readonly Capability[];
  /** readThermalPaths() */
  thermalPaths?: readonly string[];
}

export interface Privilege {
  capabilities: Required<Capabilities>;
  noNewPrivileges: boolean;
  maskedPaths: string[];
  readonlyPaths: string[];
  /** Absent: every system call. */
  seccomp?: Seccomp;
  sysctl: Record<string, string>;
  /** AppArmor's; absent: none of its own. */
  apparmor?: string;
  /** /sys can be written as far as the kernel lets it. */
  writableSys: boolean;
  /** Its processes may make mount namespaces of their own: with the capability, or in a user namespace where no filter forbids that. */
  mayLeaveMounts: boolean;
}

export interface PrivilegeInput {
  options: PrivilegeOptions;
  facts: PrivilegeFacts;
  ids: Pick<IdMapping, 'mode' | 'uid' | 'gid'>;
  /** As whom it runs. */
  uid: number;
  /** `seccomp=FILE`, as it was read. */
  profile?: Profile;
  /** Whether the user namespace is the container's own. */
  ownUserns: boolean;
}

/** @throws ERR_TSRUN_USAGE, ERR_TSRUN_UNSUPPORTED */
export function choosePrivilege({ options, facts, ids, uid, profile, ownUserns }: PrivilegeInput): Privilege {
  const { privileged = false, nested = false } = options;
  const { granted, added } = chooseCapabilities(options, facts.boundingSet);
  const asked = parseSecurityOptions(options.securityOpt ?? []);
  const situation = { ...facts, granted, nested };
  const chosen = chooseSeccomp(asked, situation, privileged, profile);
  const seccomp = options.fakeRoot ? withFakeRoot(chosen ?? unconfined(situation), ids) : chosen;
  return {
    capabilities: capabilitySets(uid, granted, added),
    noNewPrivileges: chooseNoNewPrivileges(options, asked, ids),
    // The kernel lets nobody mount /proc or /sys anew who sees only a part of one.
    ...hidden(asked, privileged || nested, facts.thermalPaths ?? []),
    ...(seccomp ? { seccomp } : {}),
    ...(asked.apparmor === undefined || asked.apparmor === 'unconfined' ? {} : { apparmor: asked.apparmor }),
    sysctl: options.disableUserns ? withoutUserns(granted, ownUserns) : {},
    writableSys: privileged,
    mayLeaveMounts: granted.includes('CAP_SYS_ADMIN') || (!options.disableUserns && !hasDefaultFilter(asked, privileged)),
  };
}

/** With a single id no setuid program can lead anywhere; with a range sudo in images must work (docker's default), but behind a second wall. */
function chooseNoNewPrivileges(
  { privileged = false, landlock = [] }: PrivilegeOptions,
  { noNewPrivileges }: SecurityOptions,
  ids: Pick<IdMapping, 'mode'>,
): boolean {
  if (landlock.length === 0) return noNewPrivileges ?? (!privileged && ids.mode === 'single');
  if (noNewPrivileges !== false) return true;
  throw new TsrunError('ERR_TSRUN_USAGE', '--landlock and --security-opt no-new-privileges=false exclude each other', {
    subject: '--landlock',
    hint: 'leave out one of them',
  });
}

/** A profile that was asked for counts under --privileged too. */
function chooseSeccomp(
  { seccomp }: SecurityOptions,
  facts: SeccompFacts,
  privileged: boolean,
  profile: Profile | undefined,
): Seccomp | undefined {
  if (seccomp === 'unconfined' || (privileged && seccomp === undefined)) return undefined;
  if (seccomp === undefined || seccomp === 'default') return defaultSeccomp(facts);
  if (profile === undefined) throw new TypeError('a seccomp profile is read before the spec is built');
  const resolved = resolveProfile(profile, facts);
  refuseUnstartable(resolved);
  return resolved;
}

/** On every processor that the default profile knows: a filter without names of them allows the native one alone. */
function unconfined(facts: SeccompFacts): Seccomp {
  const { architectures = [] } = defaultSeccomp(facts);
  return { defaultAction: 'SCMP_ACT_ALLOW', architectures };
}

function hasDefaultFilter({ seccomp }: SecurityOptions, privileged: boolean): boolean {
  return seccomp === 'default' || (seccomp === undefined && !privileged);
}

function hidden(
  { mask, unmask }: SecurityOptions,
  nothing: boolean,
  thermal: readonly string[],
): Pick<Privilege, 'maskedPaths' | 'readonlyPaths'> {
  const kept = (path: string) => !nothing && !isUnmasked(path, unmask);
  return {
    maskedPaths: [...new Set([...[...MASKED_PATHS, ...thermal].filter(kept), ...mask])],
    readonlyPaths: READONLY_PATHS.filter(kept),
  };
}

/** As bwrap's: the container's user namespace may have no other below it. Its limit is there for who may raise limits, who must not be inside. */
function withoutUserns(granted: readonly Capability[], ownUserns: boolean): Record<string, string> {
  const fail = (what: string, hint: string) =>
    new TsrunError('ERR_TSRUN_UNSUPPORTED', `--disable-userns: ${what}`, { subject: '--disable-userns', hint });
  if (!ownUserns) throw fail('the user namespace is another container’s', 'give it to the container whose network is shared');
  if (granted.includes('CAP_SYS_RESOURCE'))
    throw fail('with CAP_SYS_RESOURCE the container could undo it', 'leave that capability out: --cap-drop SYS_RESOURCE');
  return { 'user.max_user_namespaces': '0' };
}

/** AppArmor and SELinux are told of it at the last moment, through a file in /proc: rules of what may be written hold by then. */
function refuseUnlabelled({ landlock = [] }: PrivilegeOptions, { apparmor = 'unconfined', label = 'disable' }: SecurityOptions): void {
  const asked = [...(apparmor === 'unconfined' ? [] : ['apparmor=']), ...(label === 'disable' ? [] : ['label='])][0];
  if (asked === undefined || parseLandlock(landlock)?.write === undefined) return;
  throw new TsrunError('ERR_TSRUN_UNSUPPORTED', `--landlock write= and --security-opt ${asked} cannot be had together`, {
    subject: asked,
    hint: 'let the host’s policy say what may be written; --landlock exec= goes with it',
  });
}

/** All that can be known before anything is pulled. @throws ERR_TSRUN_USAGE, ERR_TSRUN_UNSUPPORTED */
export function checkPrivilege(options: PrivilegeOptions, boundingSet: readonly Capability[]): void {
  const { granted } = chooseCapabilities(options, boundingSet);
  if (options.disableUserns && options.nested)
    throw new TsrunError('ERR_TSRUN_USAGE', '--nested and --disable-userns exclude each other', {
      subject: '--nested',
      hint: 'containers inside need user namespaces: leave out one of them',
    });
  if (options.disableUserns) withoutUserns(granted, true);
  refuseUnlabelled(options, parseSecurityOptions(options.securityOpt ?? []));
}

/** As it was asked for: for what is executed in it later, and for inspect. */
export interface AskedPrivilege {
  capAdd: string[];
  capDrop: string[];
  securityOpt: string[];
  privileged: boolean;
}

export function askedPrivilege({ capAdd, capDrop, securityOpt, privileged }: PrivilegeOptions): AskedPrivilege | undefined {
  if (!capAdd?.length && !capDrop?.length && !securityOpt?.length && !privileged) return undefined;
  return {
    capAdd: normalCapabilities(capAdd ?? [], '--cap-add'),
    capDrop: normalCapabilities(capDrop ?? [], '--cap-drop'),
    securityOpt: [...(securityOpt ?? [])],
    privileged: privileged ?? false,
  };
}
