/** The store's locks: files of `<data>/v1/locks`, each named after what it guards. */
import { join } from 'node:path';
import type { StorePaths } from '../paths.js';
import { type Lock, type LockMode, lock } from '../sys/flock.js';
import { storeFailure } from './failure.js';

/**
 * `blob-<hex>` one fetch of that blob; `index` references and index.json; `gc` exclusive while blobs are removed.
 * Errors: ERR_TSRUN_INTERRUPTED, ERR_TSRUN_STORE_UNREADABLE, ERR_TSRUN_DISK_FULL.
 */
export async function lockStore(paths: StorePaths, name: string, mode: LockMode, signal?: AbortSignal): Promise<Lock> {
  const path = join(paths.locks, name);
  try {
    return await lock(path, mode, signal);
  } catch (cause) {
    throw storeFailure(cause, 'cannot lock the store', path);
  }
}
