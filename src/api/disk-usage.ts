/** `system df`: what the store takes on the disk, and what of it would really be free again. Takes no lock. */
import { glanceAtLeases } from '../content/lease.js';
import { readCatalogue } from '../image/catalogue.js';
import { checkArguments } from './check-arguments.js';
import type { CommonOptions } from './options.js';
import { usedImages } from './prune-images.js';
import { openSession } from './session.js';
import { blobUsage, type ImageUsage } from './usage-images.js';
import {
  type ContainerUsage,
  containerUsage,
  type LayerUsage,
  type LeftoverUsage,
  layerUsage,
  leftoverUsage,
  type VolumeUsage,
  volumeUsage,
} from './usage-places.js';

/** Bytes on the disk: a hole takes none, a file with several names counts once, and so does a blob that several images share. */
export interface Usage<Item> {
  total: number;
  /** Those in use. */
  active: number;
  size: number;
  /** What would be free again: of images and layers by `image prune -a`, of containers and volumes (`-a`) by their own prune, of the rest by `system prune`. */
  reclaimable: number;
  items: Item[];
}

export interface DiskUsage {
  /** Their blobs, and those that no image needs. */
  images: Usage<ImageUsage>;
  containers: Usage<ContainerUsage>;
  volumes: Usage<VolumeUsage>;
  /** Unpacked layers. */
  layers: Usage<LayerUsage>;
  /** Half-made files and layers, what is being removed, and the store's own records. */
  other: Usage<LeftoverUsage>;
}

/** Looks at every file of the store. */
export async function diskUsage(options: CommonOptions = {}): Promise<DiskUsage> {
  const { signal } = checkArguments({}, options);
  const session = openSession(options);
  const { entries } = await readCatalogue(session.store);
  const leased = await glanceAtLeases(session.paths);
  const { images, kept } = await blobUsage(session, entries, usedImages(session), leased);
  return {
    images,
    containers: await containerUsage(session, signal),
    volumes: await volumeUsage(session, signal),
    layers: await layerUsage(session, kept, leased, signal),
    other: await leftoverUsage(session, signal),
  };
}
