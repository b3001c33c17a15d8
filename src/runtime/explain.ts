/** A failure record of the helper → a sentence with advice. Every row is a failure that users meet; the rest says what it knows. */
import { existsSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { basename } from 'node:path';
import { TsrunError } from '../errors.js';

/** native/record.c */
export interface FailureRecord {
  process: string;
  stage: string;
  operation: string;
  /** The path, program or words that the operation was about; may be empty. */
  path: string;
  /** errno */
  error: number;
}

/** Five fields, each ended by NUL. */
export function parseRecord(bytes: Uint8Array): FailureRecord {
  const [process = '', stage = '', operation = '', path = '', error = '0'] = Buffer.from(bytes).toString('utf8').split('\0');
  return { process, stage, operation, path, error: Number(error) };
}

const ERRNO = constants.errno;
/** Node does not name it. */
const EUSERS = 87;

export function explainFailure(record: FailureRecord): TsrunError {
  return (EXPLANATIONS[record.operation] ?? unforeseen)(record) ?? unforeseen(record);
}

type Explanation = (record: FailureRecord) => TsrunError | undefined;

const EXPLANATIONS: Readonly<Record<string, Explanation>> = {
  exec: explainExec,
  init: explainExec,
  clone: explainClone,
  'map-ids': explainMap,
  mkdir: explainFiles,
  'write-file': explainFiles,
  'replace-file': explainFiles,
  symlink: explainFiles,
  lock: explainFiles,
  mount: explainMount,
  'mount-at': explainMount,
  'open-tree': explainSource,
  'idmap-tree': explainIdmap,
  'bind-at': explainTarget,
  chdir: explainWorkdir,
  rlimit: explainLimit,
};

function explainExec({ path, error }: FailureRecord): TsrunError | undefined {
  const subject = { subject: path };
  switch (error) {
    case ERRNO.ENOENT:
      return new TsrunError('ERR_TSRUN_COMMAND_NOT_FOUND', `${shown(path)}: executable file not found in the container`, {
        ...subject,
        hint: path.includes('/') ? 'check the path, and that its interpreter is in the image' : 'check the name, or give the whole path',
      });
    case ERRNO.ENOTDIR:
      return new TsrunError('ERR_TSRUN_COMMAND_NOT_FOUND', `${shown(path)}: a part of the path is not a directory`, {
        ...subject,
        hint: 'check the path',
      });
    case ERRNO.EACCES:
      return new TsrunError('ERR_TSRUN_COMMAND_NOT_RUNNABLE', `${shown(path)}: permission denied: it is a directory or not executable`, {
        ...subject,
        hint: 'run an executable file, or make this one executable in the image',
      });
    case ERRNO.ENOEXEC:
      return new TsrunError(
        'ERR_TSRUN_COMMAND_NOT_RUNNABLE',
        `${shown(path)}: exec format error: not a program for this machine (${process.arch})`,
        {
          ...subject,
          hint: 'a script needs a #! line; an image of another architecture needs --platform',
        },
      );
    case ERRNO.E2BIG:
      return new TsrunError('ERR_TSRUN_COMMAND_NOT_RUNNABLE', 'the arguments and the environment are longer than the kernel allows', {
        ...subject,
        hint: 'pass less, or through a file',
      });
    default:
      return new TsrunError('ERR_TSRUN_COMMAND_NOT_RUNNABLE', `${shown(path)} cannot be executed: ${reason(error)}`, {
        ...subject,
        hint: 'check the file in the image',
      });
  }
}

/** Each refusal of a user namespace has its own cure; the host says which it is. */
function explainClone({ error }: FailureRecord): TsrunError | undefined {
  if (error === ERRNO.ENOSPC || error === EUSERS) {
    return refused(
      'the limit of user namespaces is reached, or set to 0 (user.max_user_namespaces)',
      'as root: sysctl -w user.max_user_namespaces=28633',
    );
  }
  if (error !== ERRNO.EPERM && error !== ERRNO.EACCES) return undefined;
  if (read('/proc/sys/kernel/unprivileged_userns_clone').trim() === '0')
    return refused(
      'this kernel lets only root make user namespaces (kernel.unprivileged_userns_clone is 0)',
      'as root: sysctl -w kernel.unprivileged_userns_clone=1',
    );
  if (read('/proc/sys/kernel/apparmor_restrict_unprivileged_userns').trim() === '1') return refusedByAppArmor();
  if (/^Seccomp:\s*2/m.test(read('/proc/self/status')))
    return refused(
      'the container around tsrun forbids it by seccomp',
      'start the outer container with --security-opt seccomp=unconfined, or with a profile that allows clone, unshare, mount and pivot_root',
    );
  return refused('the kernel refused it', 'a chroot, or a security module, may forbid it: try `unshare --user true`');
}

function refused(why: string, hint: string): TsrunError {
  return new TsrunError('ERR_TSRUN_USERNS_REFUSED', `cannot make a user namespace: ${why}`, { hint });
}

function refusedByAppArmor(): TsrunError {
  return refused(
    'AppArmor restricts them on this host (kernel.apparmor_restrict_unprivileged_userns)',
    'give the helper an AppArmor profile with `userns,`, or as root: sysctl -w kernel.apparmor_restrict_unprivileged_userns=0',
  );
}

function explainMap({ path, error }: FailureRecord): TsrunError {
  if (read('/proc/sys/kernel/apparmor_restrict_unprivileged_userns').trim() === '1') return refusedByAppArmor();
  const program = /newuidmap|newgidmap/.exec(path)?.[0];
  if (program === undefined)
    return new TsrunError('ERR_TSRUN_ID_MAP', `the kernel refused the id map (${path}): ${reason(error)}`, {
      subject: path,
      hint: 'check --userns, and whether tsrun itself runs in a user namespace with fewer ids',
    });
  if (path.startsWith('/'))
    return new TsrunError('ERR_TSRUN_ID_MAP', `${program} could not be run: ${reason(error)}`, {
      subject: path,
      hint: `install the package uidmap, and check that ${path} is setuid root or has the capability cap_setuid`,
    });
  return new TsrunError('ERR_TSRUN_ID_MAP', `${program} refused the id map: ${path.replace(/^new[ug]idmap:\s*/, '')}`, {
    subject: program,
    hint: 'check this user’s lines in /etc/subuid and /etc/subgid, and that newuidmap and newgidmap are setuid root on a file system without nosuid',
  });
}

function explainFiles({ operation, path, error }: FailureRecord): TsrunError | undefined {
  switch (error) {
    case ERRNO.EEXIST:
      if (operation === 'symlink')
        return new TsrunError('ERR_TSRUN_NAME_IN_USE', `the name ${shown(basename(path))} is used by another container`, {
          subject: basename(path),
          hint: `choose another name, or remove it first: tsrun rm ${basename(path)}`,
        });
      return new TsrunError('ERR_TSRUN_FILE_EXISTS', `${path} exists already`, { subject: path, hint: 'remove it, or name another file' });
    case ERRNO.ENOSPC:
    case ERRNO.EDQUOT:
      return new TsrunError('ERR_TSRUN_DISK_FULL', `no space left to make ${path}`, {
        subject: path,
        hint: 'free some space, or put the store elsewhere with --root',
      });
    case ERRNO.EROFS:
    case ERRNO.EACCES:
    case ERRNO.ENOENT:
      return new TsrunError('ERR_TSRUN_STORE_UNREADABLE', `cannot make ${path}: ${reason(error)}`, {
        subject: path,
        hint: 'make the directory writable, or put the store elsewhere with --root and --run-root',
      });
    default:
      return undefined;
  }
}

function explainMount({ operation, path, error }: FailureRecord): TsrunError | undefined {
  if (operation === 'mount' && path === 'root')
    return new TsrunError('ERR_TSRUN_OVERLAY', `the kernel cannot mount the overlay of the image’s layers here: ${reason(error)}`, {
      hint: 'it needs Linux 5.11 and a store on a local file system with extended attributes (not NFS, not another overlay): put it elsewhere with --root',
    });
  if (path === '/proc' && error === ERRNO.EPERM)
    return new TsrunError(
      'ERR_TSRUN_LAUNCH',
      'the kernel refused a /proc for the container: something is mounted over parts of the /proc around tsrun',
      {
        subject: path,
        hint: 'in an outer container start that with --security-opt systempaths=unconfined (docker) or --security-opt unmask=ALL (podman)',
      },
    );
  if (path === '/sys' && error === ERRNO.EPERM)
    return new TsrunError(
      'ERR_TSRUN_LAUNCH',
      'the kernel refused a /sys for the container: something is mounted over parts of the /sys around tsrun',
      {
        subject: path,
        hint: 'in an outer container start that with --security-opt systempaths=unconfined (docker) or --security-opt unmask=ALL (podman)',
      },
    );
  return explainTarget({ process: '', stage: '', operation, path, error });
}

function explainSource({ path, error }: FailureRecord): TsrunError | undefined {
  if (/\/layers\/[^/]+\/(diff|chain)-/.test(path))
    return new TsrunError('ERR_TSRUN_IMAGE_NOT_FOUND', 'the image was removed while the container was being started', {
      subject: path,
      hint: 'run it again',
    });
  if (error === ERRNO.ENOENT)
    return new TsrunError('ERR_TSRUN_MOUNT_SOURCE', `the mount source ${path} does not exist`, {
      subject: path,
      hint: 'make it first, or correct -v',
    });
  return new TsrunError('ERR_TSRUN_MOUNT_SOURCE', `the mount source ${path} cannot be opened: ${reason(error)}`, {
    subject: path,
    hint: 'check that you may read it',
  });
}

function explainIdmap({ path, error }: FailureRecord): TsrunError {
  return new TsrunError('ERR_TSRUN_UNSUPPORTED', `the file system of a volume (${path}) has no idmapped mounts: ${reason(error)}`, {
    hint: 'as root tsrun shows root’s files as the container root’s: that needs Linux 5.12 and a file system with idmapped mounts (ext4, xfs, btrfs; tmpfs from 6.3)',
  });
}

function explainTarget({ path, error }: FailureRecord): TsrunError | undefined {
  if (error === ERRNO.ENOTDIR || error === ERRNO.EISDIR || error === ERRNO.ELOOP || error === ERRNO.EXDEV)
    return new TsrunError('ERR_TSRUN_CONFIG_INVALID', `cannot mount on ${path} in the image: ${reason(error)}`, {
      subject: path,
      hint: 'mount elsewhere: the image has something else at that path',
    });
  return undefined;
}

function explainWorkdir({ path, error }: FailureRecord): TsrunError {
  const why = error === ERRNO.EXDEV ? 'it lies outside of the container' : reason(error);
  return new TsrunError('ERR_TSRUN_CONFIG_INVALID', `the working directory ${shown(path)} cannot be entered: ${why}`, {
    subject: path,
    hint: 'name another one with -w',
  });
}

function explainLimit({ error }: FailureRecord): TsrunError | undefined {
  if (error !== ERRNO.EPERM) return undefined;
  return new TsrunError('ERR_TSRUN_UNSUPPORTED', 'a resource limit is above what this user may set', {
    hint: 'ask for less, or raise the hard limit of the caller',
  });
}

function unforeseen({ process: which, stage, operation, path, error }: FailureRecord): TsrunError {
  if (operation === 'await' || operation === 'await-exec')
    return new TsrunError('ERR_TSRUN_LAUNCH', `the container’s process ended while it was being set up (stage ${stage})`, {
      hint: 'it was killed, or the machine is out of memory: see dmesg',
    });
  return new TsrunError(
    'ERR_TSRUN_LAUNCH',
    `starting the container failed at ${operation}${path === '' ? '' : ` of ${path}`} (${which}, ${stage}): ${reason(error)}`,
    {
      ...(path === '' ? {} : { subject: path }),
      hint: 'see what tsrun meant to do with --dry-run',
    },
  );
}

const WORDS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or directory',
  EACCES: 'permission denied',
  EPERM: 'operation not permitted',
  ENOTDIR: 'not a directory',
  EISDIR: 'is a directory',
  EINVAL: 'invalid argument',
  ELOOP: 'too many symbolic links',
  ENOSPC: 'no space left on device',
  EROFS: 'read-only file system',
  ENOSYS: 'not implemented by this kernel',
  ENODEV: 'no such device',
  EXDEV: 'outside of where it should be',
  EMFILE: 'too many open files',
};

function reason(error: number): string {
  const name = Object.entries(ERRNO).find(([, number]) => number === error)?.[0] ?? `errno ${error}`;
  return WORDS[name] ?? name;
}

function shown(path: string): string {
  return JSON.stringify(path);
}

function read(path: string): string {
  try {
    return existsSync(path) ? readFileSync(path, 'utf8') : '';
  } catch {
    return '';
  }
}
