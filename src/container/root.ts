/** Where a container's files are on the host. */
import { join } from 'node:path';
import type { HostPath } from '../paths.js';
import type { RootSource } from '../plan/root.js';
import { writtenDirectory } from '../plan/stack.js';

/** The directories that its root file system shows merged, the topmost first. */
export function rootDirectories(root: RootSource, containerDir: HostPath): HostPath[] {
  const written = writtenDirectory(containerDir);
  if (root.type === 'directory') return [root.path as HostPath];
  if (root.type === 'copy') return [join(written, 'root') as HostPath];
  return [join(written, 'upper') as HostPath, ...(root.layers as HostPath[])];
}
