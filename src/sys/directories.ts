/** mkdir -p. */
import { existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { errnoOf } from '../errors.js';

/**
 * Makes a directory with those above it, all of this mode. Not Node's recursive mkdir: that tries for ever where nothing can be made (below
 * /proc), and turns a full disk into a missing file. @returns whether the last one was not there before
 */
export function makeDirectories(path: string, mode: number): boolean {
  const missing: string[] = [];
  for (let at = path; !existsSync(at); at = dirname(at)) missing.unshift(at);
  let made = false;
  for (const directory of missing) made = makeOne(directory, mode);
  return made;
}

function makeOne(path: string, mode: number): boolean {
  try {
    mkdirSync(path, { mode });
    return true;
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return false; // another process was first, or it is a link that leads nowhere
    throw error;
  }
}
