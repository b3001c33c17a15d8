/** How much a container takes: what it wrote, and the image below it. */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { errnoOf } from '../errors.js';
import { treeSize } from '../layer/size.js';
import type { HostPath, StorePaths } from '../paths.js';
import { measureInCage } from '../rootfs/cage.js';
import { layerBytes } from '../rootfs/prune.js';
import type { RuntimeSpec } from '../spec/runtime.js';
import { identityAt } from './remove.js';
import type { Container } from './state.js';

/** In config.json: whose the layers are on disk. Before there was another form than the map's own, `io.tsrun.owners` said it. */
export const LAYER_OWNERS = 'io.tsrun.layer-owners';

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
  if (!hasUpper(overlay)) return undefined;
  const owners = annotations[LAYER_OWNERS] ?? annotations['io.tsrun.owners'] ?? '';
  const layers = (annotations['io.tsrun.layers'] ?? '').split(',').filter(Boolean);
  const image = layers.reduce((sum, key) => sum + layerBytes(join(paths.layersOf(owners), key)), 0);
  return { written: await writtenSize(directory, overlay, signal), image };
}

/** A caller who has no place in the container's map may not look; only an overlay is given away so. */
function hasUpper(overlay: HostPath): boolean {
  try {
    return statSync(join(overlay, 'upper'), { throwIfNoEntry: false }) !== undefined;
  } catch (error) {
    if (errnoOf(error) === 'EACCES') return true;
    throw error;
  }
}

/** What the container's ids keep to themselves is looked at inside their map. */
async function writtenSize(directory: HostPath, overlay: HostPath, signal: AbortSignal | undefined): Promise<number> {
  try {
    return treeSize(join(overlay, 'upper'));
  } catch (error) {
    if (errnoOf(error) !== 'EACCES') throw error;
    const [size = 0] = await measureInCage(identityAt(directory), overlay, ['upper'], 'size', signal);
    return size;
  }
}
