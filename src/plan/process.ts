/** What a container's first process and those that enter it later have in common. */
import type { Process } from '../spec/runtime.js';
import type { Operation } from './operations.js';

/** How signals reach it: native/context.h, FORWARD_…. */
export const KILL_UNHANDLED = 1;
export const SECOND_TERM_IS_LAST = 2;
export const ONLY_ASKED = 4;

/** Whoever begins a process may enter a directory that its user may not, and the other way round: runc's rule. native/root.c, CHDIR_…. */
export function enterAsRoot({ cwd }: Pick<Process, 'cwd'>): Operation {
  return ['chdir', cwd, 1];
}

/** Once it has its ids. */
export function enterAsUser({ cwd }: Pick<Process, 'cwd'>): Operation {
  return ['chdir', cwd, 2];
}

/** Descriptors of the caller's, from 3 on, that the command gets. */
export function passedDescriptors(count = 0): Operation[] {
  return count > 0 ? [['pass-descriptors', count]] : [];
}

/** The PATH that a command without a slash is looked up in: the container's own. */
export function searchPath({ env = [] }: Process): string {
  const entry = env.findLast((variable) => variable.startsWith('PATH='));
  return entry === undefined ? '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' : entry.slice('PATH='.length);
}
