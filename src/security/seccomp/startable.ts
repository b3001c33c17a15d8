/** A filter is there before the command is: what lies between the two must be let through. Pure. */
import { TsrunError } from '../../errors.js';
import type { Seccomp } from '../../spec/runtime.js';
import { isPermissive } from './names.js';
import { verdictsOf } from './verdict.js';

/** Ids and capabilities are taken on, the directory is entered, the command is executed, and whoever fails at it says so. */
const NEEDED = [
  ...['capset', 'chdir', 'execve', 'execveat', 'exit_group', 'fcntl', 'getcwd', 'prctl'],
  ...['sendto', 'setgroups', 'setresgid', 'setresuid', 'write'],
];

/** What arguments decide counts as let through: then the kernel's answer is told. @throws ERR_TSRUN_UNSUPPORTED */
export function refuseUnstartable(seccomp: Seccomp): void {
  const verdicts = verdictsOf(seccomp);
  const refused = NEEDED.filter((name) => {
    const verdict = verdicts.get(name) ?? { always: { action: seccomp.defaultAction } };
    return 'always' in verdict && !isPermissive(verdict.always.action);
  });
  if (refused.length === 0) return;
  throw new TsrunError('ERR_TSRUN_UNSUPPORTED', `the seccomp profile refuses ${refused.join(', ')}: no command could be started`, {
    subject: refused.join(' '),
    hint: 'allow them: the filter is in place before the command is',
  });
}
