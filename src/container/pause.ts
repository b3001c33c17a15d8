/** The file that says that all processes of a container are stopped. Its runner, which writes status.json, need not know. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { HostPath } from '../paths.js';

export function pauseFile(directory: HostPath): string {
  return join(directory, 'paused');
}

export function isPaused(directory: HostPath): boolean {
  return existsSync(pauseFile(directory));
}
