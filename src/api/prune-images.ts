/** `image prune`, and what system prune and gc do to images: any number of names at once, then what nothing needs any more. */
import { listContainers } from '../container/state.js';
import { collectGarbage, reachable } from '../content/gc.js';
import { assertReadable, removeRefs } from '../content/refs.js';
import { type CatalogueEntry, readCatalogue } from '../image/catalogue.js';
import type { StoreSession } from '../image/fetch.js';
import { type ImageSummary, summarize } from '../image/list.js';
import { isDigestName } from '../image/tag.js';
import type { Digest } from '../spec/digest.js';
import { checkArguments } from './check-arguments.js';
import { IMAGE_ID } from './images.js';
import { annotationsOf, collectLayers } from './layers.js';
import type { CommonOptions } from './options.js';
import { pruneFilter } from './prune-filter.js';
import { recordImage } from './record.js';
import { openStore } from './session.js';

export interface PrunedImages {
  /** canonical references */
  untagged: string[];
  /** Ids of images, digests of blobs. */
  deleted: string[];
  /** Bytes: of blobs and of unpacked layers. */
  reclaimed: number;
}

export interface PruneImagesOptions extends CommonOptions {
  /** Also those that have a name, unless a container was made from them. Default: those that have a digest only, `<none>`. */
  all?: boolean;
  /** As for pruneContainers(). */
  filter?: string[];
}

/** Removes images that no container was made from. @throws ERR_TSRUN_USAGE */
export async function pruneImages(options: PruneImagesOptions = {}): Promise<PrunedImages> {
  const { signal } = checkArguments({}, options);
  const isWanted = pruneFilter(options.filter);
  const session = await openStore(options);
  const pruned = await removeUnused(session, (image) => (options.all || image.names.every(isDigestName)) && isWanted(image));
  return { ...pruned, reclaimed: pruned.reclaimed + (await collectLayers(session, signal)) };
}

/** Those of the wanted ones that no container was made from. Their layers are left to the next collection. */
export async function removeUnused(session: StoreSession, isWanted: (image: ImageSummary) => boolean): Promise<PrunedImages> {
  const { entries, damaged } = await readCatalogue(session.store);
  assertReadable(damaged);
  const used = new Set(usedImages(session));
  const gone = new Set(summarize(entries).flatMap((image) => (!used.has(image.id) && isWanted(image) ? [image.id as string] : [])));
  return removeEntries(
    session,
    entries.filter(({ images }) => images.length > 0 && images.every(({ configDescriptor: { digest } }) => gone.has(digest))),
  );
}

/** Ids of the images that containers were made from, once for each container. */
export function usedImages({ paths }: StoreSession): string[] {
  return listContainers(paths).flatMap((container) => annotationsOf(container)[IMAGE_ID] ?? []);
}

/** `used`: it goes only if nobody has used it since. */
export type Unwanted = CatalogueEntry & { used?: number };

/** Takes these names away, unless they mean something else by now, and what nothing needs then. Layers are left to the next collection. */
export async function removeEntries(session: StoreSession, unwanted: readonly Unwanted[]): Promise<PrunedImages> {
  const { paths, store } = session;
  if (unwanted.length === 0) return { untagged: [], deleted: [], reclaimed: 0 };
  const candidates = new Set<Digest>();
  for (const { target } of unwanted) for (const digest of await reachable(store, target)) candidates.add(digest);
  const seen = unwanted.map(({ name, target, used }) => ({ name, descriptor: target, ...(used === undefined ? {} : { used }) }));
  const untagged = await removeRefs(paths, seen);
  const gone = unwanted.filter(({ name }) => untagged.includes(name));
  const blobs = await collectGarbage(store, candidates);
  const removed = new Set<string>(blobs.map(({ digest }) => digest));
  const ids = new Set(gone.flatMap(({ images }) => images.map(({ configDescriptor: { digest } }) => digest as string)));
  for (const name of untagged) recordImage(paths, 'untag', name, name);
  for (const id of ids) if (removed.has(id)) recordImage(paths, 'delete', id, id);
  return { untagged, deleted: [...removed], reclaimed: blobs.reduce((total, { size }) => total + size, 0) };
}
