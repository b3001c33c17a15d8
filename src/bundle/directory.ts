/** The directory of a bundle: it belongs to the caller, so nothing that lies in it is ever touched. */
import { readdirSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { errnoOf, TsrunError } from '../errors.js';
import type { HostPath } from '../paths.js';
import { makeDirectories } from '../sys/directories.js';
import { FILES } from './mounts.js';

export interface BundleDirectory {
  path: HostPath;
  rootfs: HostPath;
  /** It was not there before. */
  made: boolean;
}

/** Makes the directory, or takes one that is empty. @throws ERR_TSRUN_FILE_EXISTS, ERR_TSRUN_BUNDLE */
export function claimDirectory(path: HostPath): BundleDirectory {
  try {
    const made = makeDirectories(path, 0o777);
    if (readdirSync(path).length === 0) return { path, rootfs: join(path, 'rootfs') as HostPath, made };
  } catch (error) {
    if (errnoOf(error) !== 'ENOTDIR') throw bundleFailure(error, path);
    throw taken(`${path} is not a directory`, path);
  }
  throw taken(`the directory ${path} is not empty`, path);
}

function taken(message: string, path: HostPath): TsrunError {
  return new TsrunError('ERR_TSRUN_FILE_EXISTS', message, {
    subject: path,
    hint: 'name a directory that does not exist yet, or an empty one',
  });
}

/** Takes away what lies beside the rootfs, and the directory if it was made; the rootfs is gone already. */
export function releaseDirectory({ path, made }: BundleDirectory): void {
  for (const name of [...FILES, 'config.json']) rmSync(join(path, name), { force: true });
  if (made) rmdirSync(path);
}

/** A failure to write there, told of the bundle or the directory: the store has nothing to do with it. */
export function bundleFailure(cause: unknown, path: HostPath, what: 'bundle' | 'directory' = 'bundle'): unknown {
  const errno = errnoOf(cause);
  const full = errno === 'ENOSPC' || errno === 'EDQUOT' || (cause instanceof TsrunError && cause.code === 'ERR_TSRUN_DISK_FULL');
  if (!full && errno === undefined) return cause;
  return new TsrunError(
    full ? 'ERR_TSRUN_DISK_FULL' : 'ERR_TSRUN_BUNDLE',
    `cannot write the ${what} ${path}: ${(cause as Error).message}`,
    {
      subject: path,
      hint: full ? 'free some space there, or name a directory on another disk' : 'name a directory that you may write to',
      cause,
    },
  );
}
