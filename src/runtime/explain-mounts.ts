/** Why something cannot be mounted, or a source of a mount not opened. */
import { TsrunError } from '../errors.js';
import { explainRefusal } from './explain-namespaces.js';
import type { HostFacts } from './host-facts.js';
import { ERRNO, type FailureRecord, reason } from './record.js';

/** mount_too_revealing() of the kernel: what is hidden around us must not be shown by a fresh one. */
const HIDDEN_FROM = /^\/(proc|sys)$/;

export function explainMount(record: FailureRecord): TsrunError | undefined {
  const { operation, path, error } = record;
  if (operation === 'mount' && path === 'root') {
    return new TsrunError('ERR_TSRUN_OVERLAY', `the kernel cannot mount the overlay of the image’s layers here: ${reason(error)}`, {
      hint: 'it needs Linux 5.11 and a store on a local file system with extended attributes (not NFS, not another overlay): put it elsewhere with --root',
    });
  }
  if (HIDDEN_FROM.test(path) && error === ERRNO.EPERM) {
    return new TsrunError(
      'ERR_TSRUN_LAUNCH',
      `the kernel refused a ${path} for the container: something is mounted over parts of the ${path} around tsrun`,
      {
        subject: path,
        hint: 'start the outer container with --nested, with --security-opt systempaths=unconfined (docker) or --security-opt unmask=ALL (podman)',
      },
    );
  }
  if (operation === 'mount-at' && error === ERRNO.EINVAL)
    return new TsrunError('ERR_TSRUN_UNSUPPORTED', `the kernel refuses the options of the file system at ${path}`, {
      subject: path,
      hint: 'its uid and gid must be ids of the container',
    });
  return explainTarget(record);
}

export function explainTarget({ operation, path, error }: FailureRecord): TsrunError | undefined {
  const fail = (what: string, hint: string) =>
    new TsrunError('ERR_TSRUN_CONFIG_INVALID', `cannot mount on ${path} in the image: ${what}`, { subject: path, hint });
  switch (error) {
    case ERRNO.EBUSY:
      return fail('it is a link to the root, and would cover the whole container', 'mount elsewhere');
    case ERRNO.ENOTDIR:
      return fail('it, or what it lies in, is a file', 'mount a directory on a directory, and a file on a file');
    case ERRNO.EISDIR:
      return fail('it is a directory', 'mount a directory on a directory, and a file on a file');
    case ERRNO.EINVAL: // move_mount(2), of a file over a directory
      return operation === 'bind-at' ? fail('it is a directory, the source is a file', 'mount a file on a file') : undefined;
    case ERRNO.EROFS:
      return fail('it is not there, and cannot be made on a read-only file system', 'mount where there is something, or elsewhere');
    case ERRNO.ENAMETOOLONG:
      return fail(reason(error), 'use a shorter one');
    case ERRNO.ELOOP:
    case ERRNO.EXDEV:
      return fail(reason(error), 'mount elsewhere: the image has something else at that path');
    default:
      return undefined;
  }
}

/** A layer that is gone, or that somebody removes at this moment. */
export function explainLayer({ path, error }: FailureRecord): TsrunError | undefined {
  if (!/\/layers\/[^/]+\/(diff|chain|flat)-/.test(path) || (error !== ERRNO.ENOENT && error !== ERRNO.EAGAIN)) return undefined;
  return new TsrunError('ERR_TSRUN_IMAGE_NOT_FOUND', 'the image was removed while the container was being started', {
    subject: path,
    hint: 'run it again',
  });
}

export function explainSource(record: FailureRecord, facts: HostFacts): TsrunError | undefined {
  const { path, error } = record;
  const ours = explainLayer(record) ?? explainVolume(record);
  if (ours !== undefined) return ours;
  if (error === ERRNO.EPERM || error === ERRNO.ENOSYS) return explainRefusal(facts);
  if (error === ERRNO.EINVAL)
    return new TsrunError('ERR_TSRUN_UNSUPPORTED', `${path} has mounts below it, and a user namespace cannot show it without them`, {
      subject: path,
      hint: 'leave out bind, or bind-recursive=disabled',
    });
  if (error === ERRNO.ENOENT) return missingSource(path);
  return new TsrunError('ERR_TSRUN_MOUNT_SOURCE', `the mount source ${path} cannot be opened: ${reason(error)}`, {
    subject: path,
    hint: error === ERRNO.ENAMETOOLONG ? 'check the path' : 'check that you may read it',
  });
}

export function missingSource(path: string): TsrunError {
  return new TsrunError('ERR_TSRUN_MOUNT_SOURCE', `the mount source ${path} does not exist`, {
    subject: path,
    hint: 'make it first, or correct -v',
  });
}

export function explainIdmap({ path, error }: FailureRecord): TsrunError {
  const why = error === ERRNO.EINVAL ? '' : `: ${reason(error)}`;
  return new TsrunError('ERR_TSRUN_UNSUPPORTED', `the file system at ${path} has no idmapped mounts${why}`, {
    subject: path,
    hint: 'as root tsrun shows root’s files as the container root’s: that needs Linux 5.12 and a file system with idmapped mounts (ext4, xfs, btrfs; tmpfs from 6.3); -v …:bind leaves out what is mounted below',
  });
}

/** A volume that is gone, or that somebody removes at this moment. */
export function explainVolume({ path, error }: FailureRecord): TsrunError | undefined {
  const name = /\/v\d+\/volumes\/([^/]+)(\/|$)/.exec(path)?.[1];
  if (name === undefined || (error !== ERRNO.ENOENT && error !== ERRNO.EAGAIN)) return undefined;
  return new TsrunError('ERR_TSRUN_VOLUME_NOT_FOUND', `the volume ${name} was removed`, {
    subject: name,
    hint: 'make the container anew: its volumes are made with it',
  });
}

export function explainSubtree({ path, error }: FailureRecord): TsrunError {
  const missing = error === ERRNO.ENOENT || error === ERRNO.ENOTDIR;
  return new TsrunError('ERR_TSRUN_MOUNT_SOURCE', `the volume has no ${path}${missing ? '' : ` that can be mounted: ${reason(error)}`}`, {
    subject: path,
    hint: 'make it first, in a container that mounts the whole volume',
  });
}

export function explainCopyUp(record: FailureRecord): TsrunError | undefined {
  const { path, error } = record;
  const target = explainTarget(record);
  if (target !== undefined) return target;
  const full = error === ERRNO.ENOSPC || error === ERRNO.EDQUOT;
  return new TsrunError(
    full ? 'ERR_TSRUN_DISK_FULL' : 'ERR_TSRUN_LAUNCH',
    `a volume cannot be filled with what the image has: ${path}: ${reason(error)}`,
    {
      subject: path,
      hint: full ? 'free some space, or put the store elsewhere with --root' : 'nocopy leaves the volume empty',
    },
  );
}

/** Ids without a place in the map are nobody's inside: their files cannot be given away. */
export function explainChown({ path, error }: FailureRecord): TsrunError {
  return new TsrunError(
    'ERR_TSRUN_UNSUPPORTED',
    `U cannot give the files of a volume to the container’s user${path === '' ? '' : `: ${path}`}: ${reason(error)}`,
    {
      subject: path,
      hint:
        error === ERRNO.EPERM ? 'their owner or group is not one of the container’s ids: chown them first, or leave U out' : 'leave U out',
    },
  );
}
