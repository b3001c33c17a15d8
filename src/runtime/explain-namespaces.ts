/** Why there is no user namespace, or no ids in it. */
import { TsrunError } from '../errors.js';
import { explainProcess } from './explain-control.js';
import { type HostFacts, hasNoNewPrivileges, hasSeccompFilter, isRootWithoutMount } from './host-facts.js';
import { ERRNO, type FailureRecord, reason } from './record.js';

export function explainClone(record: FailureRecord, facts: HostFacts): TsrunError | undefined {
  const found = explainRefused(record, facts);
  if (found?.code !== 'ERR_TSRUN_USERNS_REFUSED' || facts.uid === 0 || !/\blandlock\b/.test(facts.lsm ?? '')) return found;
  return refusal(found.message, `${found.hint}; or, weaker and without any: tsrun run --isolation landlock`);
}

function explainRefused({ error }: FailureRecord, facts: HostFacts): TsrunError | undefined {
  if (error === ERRNO.EAGAIN) return explainFork();
  if (error === ERRNO.ENOSPC || error === ERRNO.EUSERS) return explainLimit(facts);
  if (error !== ERRNO.EPERM && error !== ERRNO.EACCES) return undefined;
  if (facts.usernsClone.trim() === '0') {
    return refused(
      'this kernel lets only root make them (kernel.unprivileged_userns_clone is 0)',
      'as root: sysctl -w kernel.unprivileged_userns_clone=1',
    );
  }
  return (
    explainRefusal(facts) ?? refused('the kernel refused it', 'a chroot, or a security module, may forbid it: try `unshare --user true`')
  );
}

/** RLIMIT_NPROC of the caller, or a pids controller around tsrun. */
function explainFork(): TsrunError {
  return new TsrunError('ERR_TSRUN_LAUNCH', 'there are as many processes as tsrun’s caller may have', {
    hint: 'end some, or raise the limit: ulimit -u, TasksMax= of a systemd unit, --pids-limit of a container around tsrun',
  });
}

function explainLimit({ maxUserNamespaces }: HostFacts): TsrunError {
  const cure = 'as root: sysctl -w user.max_user_namespaces=28633';
  return maxUserNamespaces.trim() === '0'
    ? refused('they are switched off (user.max_user_namespaces is 0)', cure)
    : refused('there are as many as are allowed (user.max_user_namespaces), or too many within each other', cure);
}

/** Who may stand behind an EPERM, EACCES or ENOSYS of a call that only the root of a user namespace may make. */
export function explainRefusal(facts: HostFacts): TsrunError | undefined {
  const byAppArmor = explainAppArmor(facts);
  if (byAppArmor !== undefined) return byAppArmor;
  if (isRootWithoutMount(facts)) {
    return refused(
      'the container around tsrun gives its root no CAP_SYS_ADMIN',
      'start the outer container with --nested (under docker and podman --privileged)',
    );
  }
  if (!hasSeccompFilter(facts)) return undefined;
  return refused(
    'the container around tsrun forbids them by seccomp',
    'start the outer container with --nested (under docker and podman --privileged, or a seccomp profile that allows clone, unshare, mount and pivot_root)',
  );
}

/** On Ubuntu the namespace may be made, and the rights in it are taken away: then a later call fails. */
function explainAppArmor({ apparmorRestricts, uid }: HostFacts): TsrunError | undefined {
  if (apparmorRestricts.trim() !== '1' || uid === 0) return undefined;
  return refused(
    'AppArmor restricts them on this host (kernel.apparmor_restrict_unprivileged_userns is 1)',
    'give the helper an AppArmor profile with `userns,`, or as root: sysctl -w kernel.apparmor_restrict_unprivileged_userns=0',
  );
}

function refused(why: string, hint: string): TsrunError {
  return refusal(`cannot use user namespaces: ${why}`, hint);
}

function refusal(message: string, hint: string): TsrunError {
  return new TsrunError('ERR_TSRUN_USERNS_REFUSED', message, { hint });
}

/** `path` is the program that could not be run, or the first line that it printed, or the file that the kernel refused. */
export function explainMap({ path, error }: FailureRecord, facts: HostFacts): TsrunError {
  const program = /new[ug]idmap/.exec(path)?.[0];
  if (program === undefined) {
    return (
      explainAppArmor(facts) ??
      idMapError(
        path,
        `the kernel refused the id map (${path}): ${reason(error)}`,
        'check whether tsrun runs in a user namespace with fewer ids',
      )
    );
  }
  if (path.startsWith('/')) {
    return idMapError(path, `${program} could not be run: ${reason(error)}`, `install the package uidmap anew: it brings ${path}`);
  }
  const said = path.replace(/^new[ug]idmap:\s*/, '');
  if (/not allowed/.test(said)) {
    return idMapError(
      program,
      `${program} refused the id map: ${said}`,
      `check this user’s line in ${program === 'newuidmap' ? '/etc/subuid' : '/etc/subgid'}, then run it again`,
    );
  }
  if (hasNoNewPrivileges(facts)) {
    return idMapError(
      program,
      `${program} has no rights here: no_new_privs is set for this process, and so setuid programs do nothing (${said})`,
      'start tsrun outside of that sandbox, or the outer container without --security-opt no-new-privileges',
    );
  }
  return idMapError(
    program,
    `${program} has not the right to write the id map: ${said}`,
    'as root: chmod u+s $(which newuidmap newgidmap); they must not lie on a file system that is mounted nosuid',
  );
}

function idMapError(subject: string, message: string, hint: string): TsrunError {
  return new TsrunError('ERR_TSRUN_ID_MAP', message, { subject, hint });
}

/** What `ns:PATH` names, or a namespace of a container that ran a moment ago. */
export function explainNamespaceFile(record: FailureRecord): TsrunError | undefined {
  const { process, path, error } = record;
  if (process !== 'parent') return undefined;
  if (/^\/proc\/\d+\/ns\/(user|mnt)$/.test(path))
    return error === ERRNO.ENOENT ? explainProcess({ ...record, error: ERRNO.ESRCH }) : undefined;
  return new TsrunError('ERR_TSRUN_NETWORK', `the namespace ${path} cannot be opened: ${reason(error)}`, {
    subject: path,
    hint: 'name a file such as /run/netns/NAME: ip netns list shows those of networks',
  });
}

/** `path` is the plan's name for a file or container that was to be joined. */
export function explainJoin(record: FailureRecord): TsrunError | undefined {
  const { path, error } = record;
  if (path === 'neighbour' && error === ERRNO.ESRCH) return explainProcess(record);
  const type = /^foreign-(.*)$/.exec(path)?.[1];
  if (type === undefined || (error !== ERRNO.EPERM && error !== ERRNO.EINVAL)) return undefined;
  const hint =
    error === ERRNO.EPERM
      ? 'one that root made, or that is the host’s, only root may enter'
      : `name a file of a ${type} namespace, such as ${type === 'network' ? '/run/netns/NAME' : `/proc/PID/ns/${type}`}`;
  return new TsrunError(
    type === 'network' ? 'ERR_TSRUN_NETWORK' : 'ERR_TSRUN_UNSUPPORTED',
    `the ${type} namespace cannot be entered: ${error === ERRNO.EINVAL ? 'the file is not one, or not of that kind' : reason(error)}`,
    { subject: type, hint },
  );
}
