/** Why the container's command gets no AppArmor profile, or no SELinux label. */
import { TsrunError } from '../errors.js';
import { ERRNO, type FailureRecord, reason, shown } from './record.js';

export function explainAttribute({ path, error }: FailureRecord): TsrunError {
  if (path === '')
    return new TsrunError('ERR_TSRUN_UNSUPPORTED', 'under its AppArmor profile nobody could end the container', {
      hint: 'let the profile take signals from outside: add  signal (receive),  to it',
    });
  if (!/^\w+ /.test(path)) return unlabelled(path, error);
  const profile = path.replace(/^\w+ /, '');
  const { what, hint } = trouble(error);
  return new TsrunError('ERR_TSRUN_UNSUPPORTED', `the container cannot be put under the AppArmor profile ${shown(profile)}: ${what}`, {
    subject: profile,
    hint,
  });
}

function unlabelled(label: string, error: number): TsrunError {
  const [what, hint] =
    error === ERRNO.EINVAL
      ? ['the policy of this host does not know it', 'load the policy that it was made with, or make the container anew']
      : error === ERRNO.EOPNOTSUPP
        ? ['SELinux is not enabled on this host', 'boot with the policy that it was made with, or make the container anew']
        : error === ERRNO.EXDEV
          ? ['/proc of the container is not its own', 'mount nothing there']
          : [reason(error), 'the audit log says what the policy refuses: ausearch -m avc'];
  return new TsrunError('ERR_TSRUN_UNSUPPORTED', `the container cannot have the SELinux label ${shown(label)}: ${what}`, {
    subject: label,
    hint,
  });
}

/** What is mounted for the container gets its label; some file systems have none. */
export function explainRelabel({ path, error }: FailureRecord): TsrunError {
  const what = error === ERRNO.EOPNOTSUPP ? 'its file system has no labels' : reason(error);
  return new TsrunError(
    'ERR_TSRUN_MOUNT_SOURCE',
    `a file of a volume cannot get the container’s SELinux label: ${path || 'its root'}: ${what}`,
    {
      subject: path,
      hint: 'leave z and Z out, or use files that are yours, where labels can be stored',
    },
  );
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
