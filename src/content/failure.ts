/** What goes wrong in the store, told so that a user can act on it. */
import { statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { errnoOf, TsrunError } from '../errors.js';
import type { Digest } from '../spec/digest.js';
import type { Descriptor } from '../spec/image.js';

/** What names a blob: the rest of a descriptor does not matter to the store. */
export type BlobDescriptor = Pick<Descriptor, 'digest' | 'size'>;

/**
 * What to throw for `cause`: a full disk names the bytes needed, the path and `--root`; any other system error makes the store unreadable.
 * An error that is not the system's is returned as it is.
 * @param doing what failed, as in "cannot store blob sha256:…"
 * @param needed bytes that were to be written
 */
export function storeFailure(cause: unknown, doing: string, path: string, needed?: number): unknown {
  const errno = errnoOf(cause);
  if (errno === undefined) return cause;
  if (errno === 'ENOSPC' || errno === 'EDQUOT') return diskFull(cause, doing, path, needed);
  return new TsrunError('ERR_TSRUN_STORE_UNREADABLE', `${doing}: ${path}: ${reasonOf(errno)}`, {
    subject: path,
    hint: hintFor(errno),
    cause,
  });
}

/** @param needed bytes that were to be written */
export function diskFull(cause: unknown, doing: string, path: string, needed: number | undefined): TsrunError {
  const room = roomAt(path);
  return new TsrunError('ERR_TSRUN_DISK_FULL', `${doing}: ${whatIsFull(errnoOf(cause), path, needed, room)}`, {
    subject: path,
    hint: 'free some space there, or put the store on another disk with --root DIR',
    cause,
  });
}

/** A file system may run out of files before it runs out of bytes. */
function whatIsFull(errno: string | undefined, path: string, needed: number | undefined, room: Room | undefined): string {
  if (errno === 'EDQUOT') return `this user’s disk quota is used up in ${path}`;
  if (room?.files !== undefined && room.files < FEW_FILES)
    return `no more files can be made in ${path}: its file system has no inodes left`;
  const facts = [
    ...(needed === undefined ? [] : [`${needed} bytes (${mebibytes(needed)}) are needed`]),
    ...(room === undefined ? [] : [`${room.bytes} (${mebibytes(room.bytes)}) are free`]),
  ];
  return [`no space left in ${path}`, ...facts].join(', ');
}

/** What was half made is removed before it is told: a few are free again. */
const FEW_FILES = 16;

interface Room {
  /** As an unprivileged writer sees it: blocks reserved for root do not count. */
  bytes: number;
  /** undefined where files have no limit of their own (btrfs) */
  files?: number;
}

function roomAt(path: string): Room | undefined {
  for (let at = path; ; at = dirname(at)) {
    try {
      const { bavail, bsize, files, ffree } = statfsSync(at);
      return { bytes: bavail * bsize, ...(files > 0 ? { files: ffree } : {}) };
    } catch {
      if (at === dirname(at)) return undefined;
    }
  }
}

export function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'operation not permitted',
  EROFS: 'the file system is read-only',
  ENOENT: 'it does not exist',
  ENOTDIR: 'a part of the path is not a directory',
  EISDIR: 'it is a directory',
  ELOOP: 'it is a symbolic link',
  EIO: 'the disk failed to read or write',
  EMFILE: 'too many open files',
  ENFILE: 'too many open files',
  EFBIG: 'the file is larger than this process may write',
  ENAMETOOLONG: 'the path is too long',
};

function reasonOf(errno: string): string {
  return REASONS[errno] === undefined ? errno : `${REASONS[errno]} (${errno})`;
}

function hintFor(errno: string): string {
  if (errno === 'EMFILE' || errno === 'ENFILE') return 'raise the limit of open files with ulimit -n';
  if (errno === 'EFBIG') return 'raise the limit of file sizes with ulimit -f';
  if (errno === 'ENAMETOOLONG') return 'name a directory with a shorter path with --root DIR';
  if (errno === 'EROFS') return 'mount it read-write, or name another directory with --root DIR';
  if (errno === 'EIO') return 'check the disk, or put the store on another one with --root DIR';
  return 'check the owner and mode of the store, or name a directory you own with --root DIR';
}

/** @param found ends the sentence "declared as N bytes but is …" */
export function blobSize({ digest, size }: BlobDescriptor, found: string): TsrunError {
  return new TsrunError('ERR_TSRUN_BLOB_SIZE', `blob ${digest} is declared as ${size} bytes but is ${found}`, {
    subject: digest,
    hint: 'the sender is damaged or lies: try again, or use another registry or archive',
  });
}

export function blobArrivedAs(expected: Digest, received: Digest): TsrunError {
  return new TsrunError('ERR_TSRUN_BLOB_DIGEST', `blob ${expected} arrived with digest ${received}`, {
    subject: expected,
    hint: 'it was damaged or changed on the way: try again, or use another registry or archive',
  });
}

export function blobMissing(digest: Digest): TsrunError {
  return new TsrunError('ERR_TSRUN_BLOB_MISSING', `blob ${digest} is not in the store`, { subject: digest, hint: 'pull the image again' });
}

export function blobDamaged(digest: Digest, path: string): TsrunError {
  return new TsrunError('ERR_TSRUN_BLOB_DIGEST', `blob ${digest} is damaged on disk`, {
    subject: path,
    hint: `remove ${path} and pull the image again`,
  });
}
