/** What -v names is opened when the container starts. That there is nothing is known now, and said before anything is made. */
import { statSync } from 'node:fs';
import { errnoOf } from '../errors.js';
import { slot } from '../plan/slot.js';
import { missingSource } from '../runtime/explain-mounts.js';
import type { Mount } from '../spec/runtime.js';

/** @throws ERR_TSRUN_MOUNT_SOURCE */
export function checkSources(mounts: readonly Mount[]): void {
  for (const { type, source = '' } of mounts) {
    if (type !== 'bind') continue;
    const path = source.startsWith(slot('cwd')) ? process.cwd() + source.slice(slot('cwd').length) : source;
    if (!path.includes('\0') && isMissing(path)) throw missingSource(path); // what still has a slot is made by the run itself
  }
}

function isMissing(path: string): boolean {
  try {
    statSync(path);
    return false;
  } catch (error) {
    return errnoOf(error) === 'ENOENT'; // of all else the kernel judges when it is opened
  }
}
