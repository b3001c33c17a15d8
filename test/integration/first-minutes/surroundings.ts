/**
 * Surroundings that root prepares for one command: namespaces of its own, in which /etc, /proc and file systems can be changed without
 * the machine noticing. The command itself runs as the identity.
 */
import { identity } from '../../harness/identity.js';
import type { Sandbox } from '../../harness/tsrun.js';

export interface Surroundings {
  /** unshare(1)'s flags beside --mount. */
  namespaces?: readonly string[];
  /** sh, run as root before the command. $UID, $GID and $HOME are the identity's. */
  setup: string;
}

/** For what is the same for everybody. */
export const ordinary = identity('range').unavailable === undefined ? identity('range') : identity('single');

/** Why this process cannot prepare any: for `skip`. */
export const unprepared: string | false = process.getuid?.() === 0 ? false : 'only root can prepare such surroundings';

/** The command line that does so; to be started by root, with the sandbox's environment. */
export function within({ identity, home }: Sandbox, { namespaces = [], setup }: Surroundings, command: readonly string[]): string[] {
  const prepared = `UID=${identity.uid} GID=${identity.gid} HOME=${home}; set -eu; ${setup}\nexec setpriv --reuid ${identity.uid} --regid ${identity.gid} --clear-groups -- "$@"`;
  return ['unshare', '--mount', ...namespaces, '--', 'sh', '-c', prepared, 'sh', ...command];
}
