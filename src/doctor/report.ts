/** Facts → what `tsrun doctor` tells. Pure. */
import { hostChecks } from './checks-host.js';
import { identityChecks } from './checks-identity.js';
import { networkChecks } from './checks-network.js';
import { storageChecks } from './checks-storage.js';
import { type Distribution, parseDistribution } from './distribution.js';
import type { DoctorFacts } from './facts.js';

/** Names are stable; a later version may add some. */
export type DoctorCheckName =
  | 'user-namespace'
  | 'apparmor'
  | 'id-map'
  | 'newuidmap'
  | 'subordinate-ids'
  | 'supplementary-groups'
  | 'proc'
  | 'seccomp'
  | 'store'
  | 'overlay'
  | 'fuse-overlayfs'
  | 'idmapped-mounts'
  | 'runtime-directory'
  | 'tun'
  | 'pasta'
  | 'slirp4netns'
  | 'landlock'
  | 'cgroup';

export interface DoctorCheck {
  name: DoctorCheckName;
  status: 'found' | 'missing' | 'not-needed';
  /** No container runs without it. */
  required: boolean;
  /** What was found; or why it is missing or not needed. */
  detail: string;
  /** What it is for. */
  purpose: string;
  /** What does not work without it. */
  without: string;
  /** What to type or to do, on this distribution; empty unless it is missing. */
  advice: string[];
}

export interface DoctorReport {
  /** Nothing is missing that is required: containers can run. */
  runs: boolean;
  distribution: Distribution;
  /** `uname -r` */
  kernel: string;
  /** The program that makes user namespaces: what an AppArmor profile has to name. */
  helper: string;
  checks: DoctorCheck[];
}

export function reportOf(facts: DoctorFacts): DoctorReport {
  const distribution = parseDistribution(facts.osRelease);
  const checks = [...identityChecks, ...hostChecks, ...storageChecks, ...networkChecks].map((check) => check(facts, distribution));
  return {
    runs: checks.every(({ required, status }) => !required || status !== 'missing'),
    distribution,
    kernel: facts.kernel,
    helper: facts.helper.path,
    checks,
  };
}
