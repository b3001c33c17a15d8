/** The images of the store, each once, with all its names. */
import type { Digest } from '../spec/digest.js';
import type { Platform } from '../spec/image.js';
import { type CatalogueEntry, type DamagedImage, readCatalogue } from './catalogue.js';
import type { StoreSession } from './fetch.js';
import { type Image, imageId } from './image.js';

export interface ImageSummary {
  /** digest of the image config */
  id: Digest;
  /** canonical references */
  names: string[];
  /** what the names point to: index or manifest */
  digests: Digest[];
  /** bytes of its blobs in the store: manifest, config and compressed layers, each once */
  size: number;
  /** RFC 3339, as the image says; reproducible builds say 1970 */
  created?: string;
  platform: Platform;
  /** Absent without any. */
  labels?: Record<string, string>;
}

/** Newest first, as docker lists them. Damaged ones are named beside the others. */
export async function listImages({ store }: StoreSession): Promise<{ images: ImageSummary[]; damaged: DamagedImage[] }> {
  const { entries, damaged } = await readCatalogue(store);
  return { images: summarize(entries), damaged };
}

export function summarize(entries: CatalogueEntry[]): ImageSummary[] {
  const byId = new Map<Digest, Image[]>();
  for (const image of entries.flatMap((entry) => entry.images)) byId.set(imageId(image), [...(byId.get(imageId(image)) ?? []), image]);
  const images = [...byId.values()].flatMap(([first, ...others]) => (first === undefined ? [] : [summaryOf(first, others)]));
  return images.sort((a, b) => createdAt(b) - createdAt(a));
}

function summaryOf(image: Image, others: Image[]): ImageSummary {
  const all = [image, ...others];
  const { created, architecture, os, variant, config } = image.config;
  const labels = config?.Labels ?? {};
  return {
    id: imageId(image),
    names: unique(all.map(({ name }) => name)),
    digests: unique(all.map(({ target }) => target.digest)),
    size: sizeOf(image),
    ...(created === undefined ? {} : { created }),
    platform: { os, architecture, ...(variant === undefined ? {} : { variant }) },
    ...(Object.keys(labels).length === 0 ? {} : { labels }),
  };
}

function sizeOf({ manifestDescriptor, configDescriptor, layers }: Image): number {
  const blobs = [manifestDescriptor, configDescriptor, ...layers.map(({ descriptor }) => descriptor)];
  return [...new Map(blobs.map(({ digest, size }) => [digest, size])).values()].reduce((sum, size) => sum + size, 0);
}

function createdAt({ created }: ImageSummary): number {
  const time = Date.parse(created ?? '');
  return Number.isNaN(time) ? 0 : time;
}

function unique<T>(values: T[]): T[] {
  return [...new Set(values)];
}
