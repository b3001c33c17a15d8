/** How much directories of the store take on the disk, whoever owns what is in them. */
import { lstatSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { errnoOf } from '../errors.js';
import { treeSize } from '../layer/size.js';
import type { HostPath } from '../paths.js';
import { measureInCage } from './cage.js';
import type { Identity } from './identity.js';

/** Bytes that a file takes; 0 when it is not there. */
export function fileUsage(path: string): number {
  return (lstatSync(path, { throwIfNoEntry: false })?.blocks ?? 0) * 512;
}

/**
 * Bytes for each directory, holes not counted and hard links once. What is closed to the caller is looked at inside the map of those who own
 * it, all of one parent at once.
 * @param identityOf asked only then
 */
export async function directoryUsage(
  directories: readonly HostPath[],
  identityOf: (directory: HostPath) => Identity | Promise<Identity>,
  signal?: AbortSignal,
): Promise<Map<HostPath, number>> {
  const usage = new Map<HostPath, number>();
  const closed = new Map<string, HostPath[]>();
  for (const directory of directories) {
    signal?.throwIfAborted();
    const bytes = openUsage(directory);
    if (bytes === undefined) closed.set(dirname(directory), [...(closed.get(dirname(directory)) ?? []), directory]);
    else usage.set(directory, bytes);
  }
  for (const [parent, children] of closed) {
    const identity = await identityOf(children[0] as HostPath);
    const names = children.map((child) => basename(child));
    const measured = await measureInCage(identity, parent as HostPath, names, 'blocks', signal);
    for (const [index, child] of children.entries()) usage.set(child, measured[index] ?? 0);
  }
  return usage;
}

/** Undefined when the caller may not look. */
function openUsage(directory: HostPath): number | undefined {
  try {
    return treeSize(directory, 'blocks');
  } catch (error) {
    if (['EACCES', 'EPERM'].includes(errnoOf(error) ?? '')) return undefined;
    throw error;
  }
}
