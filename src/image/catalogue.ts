/** Everything that has a name in the store, read once: what listing, looking up by id and removing start from. */
import { listRefs, refPath } from '../content/refs.js';
import type { ContentStore } from '../content/store.js';
import type { Descriptor } from '../spec/image.js';
import { INDEX_DEPTH, MANIFEST_LIMIT } from '../spec/limits.js';
import { INDEX_TYPES, MANIFEST_TYPES } from '../spec/media-types.js';
import { type Image, readImageOf } from './image.js';
import { parseIndex, roleOf } from './parse.js';

export interface CatalogueEntry {
  name: string;
  target: Descriptor;
  /** Of an index, those platforms that were pulled. */
  images: Image[];
}

/** A reference, or a document below it, that cannot be read. It hides no others. */
export interface DamagedImage {
  /** unknown when the reference itself is damaged */
  name?: string;
  path: string;
  reason: string;
  /** As of a DamagedRef. */
  unreadable?: Error;
}

export interface Catalogue {
  /** in the order of their names; a damaged one has fewer images than it should */
  entries: CatalogueEntry[];
  damaged: DamagedImage[];
}

export async function readCatalogue(store: ContentStore): Promise<Catalogue> {
  const { refs, damaged } = await listRefs(store.paths);
  const catalogue: Catalogue = { entries: [], damaged: [...damaged] };
  for (const { name, descriptor } of refs) {
    const { entry, damaged: reason } = await readEntry(store, name, descriptor);
    catalogue.entries.push(entry);
    if (reason !== undefined) catalogue.damaged.push({ name, path: refPath(store.paths, name), reason });
  }
  return catalogue;
}

/** What one reference leads to, as far as it can be read. @returns `damaged`: why there is no more */
export async function readEntry(
  store: ContentStore,
  name: string,
  target: Descriptor,
): Promise<{ entry: CatalogueEntry; damaged?: string }> {
  const entry: CatalogueEntry = { name, target, images: [] };
  try {
    for (const manifest of await presentManifests(store, target)) entry.images.push(await readImageOf(store, name, target, manifest));
    return { entry };
  } catch (error) {
    return { entry, damaged: (error as Error).message };
  }
}

/** The manifests below a descriptor that are in the store, each once. */
async function presentManifests(store: ContentStore, target: Descriptor): Promise<Descriptor[]> {
  const manifests = new Map<string, Descriptor>();
  let level = new Map([[target.digest as string, target]]);
  for (let depth = 0; depth <= INDEX_DEPTH && level.size > 0; depth += 1) {
    const below = new Map<string, Descriptor>();
    for (const descriptor of level.values()) {
      if (roleOf(descriptor) === 'manifest') manifests.set(descriptor.digest, descriptor);
      else for (const child of await presentChildren(store, descriptor)) below.set(child.digest, child);
    }
    level = below;
  }
  return [...manifests.values()];
}

async function presentChildren(store: ContentStore, descriptor: Descriptor): Promise<Descriptor[]> {
  const { manifests } = parseIndex(await store.readBytes(descriptor, MANIFEST_LIMIT), descriptor);
  const images = manifests.filter(({ mediaType }) => INDEX_TYPES.includes(mediaType) || MANIFEST_TYPES.includes(mediaType));
  const present = await Promise.all(images.map(async (child) => ((await store.has(child.digest)) ? [child] : [])));
  return present.flat();
}
