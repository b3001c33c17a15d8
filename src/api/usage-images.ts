/** What images take: blobs, those that several share counted once. */
import { allBlobs, reachable } from '../content/gc.js';
import type { CatalogueEntry } from '../image/catalogue.js';
import type { StoreSession } from '../image/fetch.js';
import type { Image } from '../image/image.js';
import { summarize } from '../image/list.js';
import { formatPlatform } from '../image/platform.js';
import { fileUsage } from '../rootfs/usage.js';
import type { Digest } from '../spec/digest.js';
import type { Usage } from './disk-usage.js';
import type { ImageSummary } from './images.js';

export interface ImageUsage extends ImageSummary {
  /** Bytes on the disk that other images need too, and those that none does. */
  shared: number;
  unique: number;
  /** How many were made from it. */
  containers: number;
}

export interface BlobUsage {
  images: Usage<ImageUsage>;
  /** The entries that `image prune -a` would leave. */
  kept: CatalogueEntry[];
}

/** @param used ids of images that containers were made from, once for each */
export async function blobUsage(
  { paths, store }: StoreSession,
  entries: readonly CatalogueEntry[],
  used: readonly string[],
  leased: ReadonlySet<Digest>,
): Promise<BlobUsage> {
  const kept = entries.filter(
    ({ images }) => images.length === 0 || images.some(({ configDescriptor }) => used.includes(configDescriptor.digest)),
  );
  const needed = new Set(leased);
  for (const { target } of kept) for (const digest of await reachable(store, target)) needed.add(digest);
  const sizes = new Map((await allBlobs(paths)).map((digest) => [digest, fileUsage(paths.blob(digest))]));
  const items = itemsOf(entries, sizes, used);
  const sumOf = (digests: Iterable<Digest>) => [...digests].reduce((sum, digest) => sum + (sizes.get(digest) ?? 0), 0);
  return {
    images: {
      total: items.length,
      active: items.filter(({ containers }) => containers > 0).length,
      size: sumOf(sizes.keys()),
      reclaimable: sumOf([...sizes.keys()].filter((digest) => !needed.has(digest))),
      items,
    },
    kept,
  };
}

function itemsOf(entries: readonly CatalogueEntry[], sizes: ReadonlyMap<Digest, number>, used: readonly string[]): ImageUsage[] {
  const blobs = new Map<string, Set<Digest>>();
  for (const image of entries.flatMap(({ images }) => images)) {
    const own = blobs.get(image.configDescriptor.digest) ?? new Set();
    for (const digest of blobsOf(image)) own.add(digest);
    blobs.set(image.configDescriptor.digest, own);
  }
  const users = new Map<Digest, number>();
  for (const own of blobs.values()) for (const digest of own) users.set(digest, (users.get(digest) ?? 0) + 1);
  return summarize([...entries]).map(({ digests, platform, ...image }) => {
    const own = [...(blobs.get(image.id) ?? [])];
    const sum = (isCounted: (digest: Digest) => boolean) =>
      own.filter(isCounted).reduce((total, digest) => total + (sizes.get(digest) ?? 0), 0);
    return {
      ...image,
      digest: digests[0] ?? '',
      platform: formatPlatform(platform),
      shared: sum((digest) => users.get(digest) !== 1),
      unique: sum((digest) => users.get(digest) === 1),
      containers: used.filter((id) => id === image.id).length,
    };
  });
}

function blobsOf({ target, manifestDescriptor, configDescriptor, layers }: Image): Digest[] {
  return [target, manifestDescriptor, configDescriptor, ...layers.map(({ descriptor }) => descriptor)].map(({ digest }) => digest);
}
