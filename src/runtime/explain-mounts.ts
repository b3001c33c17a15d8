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
        hint: 'in an outer container start that with --security-opt systempaths=unconfined (docker) or --security-opt unmask=ALL (podman)',
      },
    );
  }
  return explainTarget(record);
}

export function explainTarget({ operation, path, error }: FailureRecord): TsrunError | undefined {
  const fail = (what: string, hint: string) =>
    new TsrunError('ERR_TSRUN_CONFIG_INVALID', `cannot mount on ${path} in the image: ${what}`, { subject: path, hint });
  switch (error) {
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
  const layer = explainLayer(record);
  if (layer !== undefined) return layer;
  if (error === ERRNO.EPERM || error === ERRNO.ENOSYS) return explainRefusal(facts);
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
