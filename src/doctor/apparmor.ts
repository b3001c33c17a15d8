/** apparmor.d(5): the profile that lets tsrun's helper use user namespaces where only named programs may. Pure. */
import type { DoctorFacts } from './facts.js';

/**
 * In the form of Ubuntu's own (bwrap-userns-restrict's elder siblings: crun, podman): unconfined but for the name, which is what the kernel asks for.
 * What the helper starts stays under it. `userns` and the abi need AppArmor 4, which is what restricts them.
 */
export function appArmorProfile({ path, isRoots }: DoctorFacts['helper']): string {
  const warning = isRoots
    ? ''
    : '# Not only root can replace this file, and whoever does may use user namespaces: install tsrun as root\n# (npm install -g) and print this again, where that matters.\n';
  return `# Allows tsrun's helper to use user namespaces. It names the file: print it again where tsrun is installed elsewhere.
#   tsrun doctor --print-apparmor-profile > /etc/apparmor.d/tsrun && apparmor_parser -r /etc/apparmor.d/tsrun
${warning}
abi <abi/4.0>,
include <tunables/global>

profile tsrun ${pattern(path)} flags=(unconfined) {
  userns,

  include if exists <local/tsrun>
}
`;
}

/** A file name is a glob there: what has a meaning is escaped. */
function pattern(path: string): string {
  if ([...path].some((character) => character < ' ')) throw new TypeError('no profile can name a path with control characters');
  return `"${path.replace(/[\\"*?[\]{}^,]/g, '\\$&')}"`;
}
