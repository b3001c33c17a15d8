/** How much a container takes: what it wrote, and the image below it. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { errnoOf } from '../errors.js';
import { treeSize } from '../layer/size.js';
import type { HostPath, StorePaths } from '../paths.js';
import { measureInCage } from '../rootfs/cage.js';
import { layerBytes } from '../rootfs/prune.js';
import type { RuntimeSpec } from '../spec/runtime.js';
import { identityAt } from './remove.js';
import type { Container } from './state.js';

export interface ContainerSize {
  /** Bytes of the files that it made or changed. */
  written: number;
  /** Bytes of the unpacked layers; 0 when they are not there any more. */
  image: number;
}

/** Undefined where it cannot be told apart what the container wrote: its root is a directory, or a copy of the image. */
export async function containerSize(
  paths: StorePaths,
  { directory }: Container,
  { annotations = {} }: Pick<RuntimeSpec, 'annotations'>,
  signal?: AbortSignal,
): Promise<ContainerSize | undefined> {
  const overlay = join(directory, 'overlay') as HostPath;
  if (!existsSync(join(overlay, 'upper'))) return undefined;
  const owners = annotations['io.tsrun.owners'] ?? '';
  const layers = (annotations['io.tsrun.layers'] ?? '').split(',').filter(Boolean);
  const image = layers.reduce((sum, key) => sum + layerBytes(join(paths.layersOf(owners), key)), 0);
  return { written: await writtenSize(directory, overlay, signal), image };
}

/** What the container's ids keep to themselves is looked at inside their map. */
async function writtenSize(directory: HostPath, overlay: HostPath, signal: AbortSignal | undefined): Promise<number> {
  try {
    return treeSize(join(overlay, 'upper'));
  } catch (error) {
    if (errnoOf(error) !== 'EACCES') throw error;
    return measureInCage(identityAt(directory), overlay, 'upper', signal);
  }
}
