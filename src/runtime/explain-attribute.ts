/** Why the container's command gets no AppArmor profile. */
import { TsrunError } from '../errors.js';
import { ERRNO, type FailureRecord, reason, shown } from './record.js';

export function explainAttribute({ path, error }: FailureRecord): TsrunError {
  if (path === '')
    return new TsrunError('ERR_TSRUN_UNSUPPORTED', 'under its AppArmor profile nobody could end the container', {
      hint: 'let the profile take signals from outside: add  signal (receive),  to it',
    });
  const profile = path.replace(/^\w+ /, '');
  const { what, hint } = trouble(error);
  return new TsrunError('ERR_TSRUN_UNSUPPORTED', `the container cannot be put under the AppArmor profile ${shown(profile)}: ${what}`, {
    subject: profile,
    hint,
  });
}

function trouble(error: number): { what: string; hint: string } {
  switch (error) {
    case ERRNO.ENOENT:
      return {
        what: 'there is none of that name',
        hint: 'load it as root: apparmor_parser -r FILE; aa-status shows those that are loaded',
      };
    case ERRNO.EOPNOTSUPP:
      return {
        what: 'AppArmor is not enabled on this host',
        hint: 'make the container anew without it, or boot with apparmor=1 security=apparmor',
      };
    case ERRNO.EXDEV:
      return { what: '/proc of the container is not its own', hint: 'mount nothing there' };
    case ERRNO.EACCES:
      return {
        what: `${reason(error)}: the profile that tsrun itself is under forbids it`,
        hint: 'add  change_profile,  to that one, or run tsrun without it',
      };
    case ERRNO.EPERM:
      return {
        what: `${reason(error)}: tsrun is under a profile itself, which no_new_privs lets nobody leave, or the seccomp profile forbids it`,
        hint: 'run tsrun without a profile, or let the seccomp profile allow openat2 and write',
      };
    default:
      return { what: reason(error), hint: 'aa-status shows the profiles that are loaded' };
  }
}
