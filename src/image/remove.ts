/** Removing an image: its names go first, then the blobs that nothing else needs. */

import { existsSync } from 'node:fs';
import { collectGarbage, reachable } from '../content/gc.js';
import { assertReadable, refPath, removeRefs } from '../content/refs.js';
import { TsrunError } from '../errors.js';
import { familiarName } from '../reference/format.js';
import { parseReference, type Reference } from '../reference/parse.js';
import type { Digest } from '../spec/digest.js';
import { type CatalogueEntry, readCatalogue } from './catalogue.js';
import type { StoreSession } from './fetch.js';
import { matchingId, referencesOf, storedName, withDigest } from './find.js';
import { imageId } from './image.js';
import { type ImageSummary, summarize } from './list.js';

export interface RemoveImageOptions {
  /** The name or id of a container that uses the image; undefined when none does. Asked only for images that would be gone. */
  inUse?: ((image: ImageSummary) => string | undefined | Promise<string | undefined>) | undefined;
  /** Remove it all the same, and by id also when it has several names. */
  force?: boolean | undefined;
}

export interface RemovedImage {
  /** canonical references */
  untagged: string[];
  /** ids of images that have no name left */
  images: Digest[];
  blobs: { digest: Digest; size: number }[];
}

/**
 * By reference: takes away this one name. By id, its beginning or a bare digest: takes away every name of the image,
 * which are several only by force.
 * Errors: ERR_TSRUN_IMAGE_NOT_FOUND, ERR_TSRUN_IMAGE_AMBIGUOUS, ERR_TSRUN_IMAGE_IN_USE (nothing is removed then), ERR_TSRUN_STORE_UNREADABLE.
 */
export async function removeImage(session: StoreSession, text: string, options: RemoveImageOptions = {}): Promise<RemovedImage> {
  const { paths, store } = session;
  const { entries, damaged } = await readCatalogue(store);
  assertReadable(damaged);
  const names = namesOf(
    text,
    await referencesOf(session, text),
    entries,
    (name) => existsSync(refPath(paths, name)),
    options.force ?? false,
  );
  const removed = entries.filter(({ name }) => names.includes(name));
  const kept = entries.filter(({ name }) => !names.includes(name));
  const gone = summarize(removed).filter(({ id }) => !summarize(kept).some((image) => image.id === id));
  if (options.force !== true) for (const image of gone) await assertUnused(text, image, options.inUse);
  const candidates = new Set<Digest>();
  for (const { target } of removed) for (const digest of await reachable(store, target)) candidates.add(digest);
  const targets = new Map(removed.map(({ name, target }) => [name, target]));
  const untagged = await removeRefs(
    paths,
    names.map((name) => ({ name, descriptor: targets.get(name) })),
  );
  return {
    untagged,
    images: gone.filter((image) => image.names.every((name) => untagged.includes(name))).map(({ id }) => id),
    blobs: await collectGarbage(store, candidates),
  };
}

function namesOf(
  text: string,
  refs: readonly Reference[],
  entries: CatalogueEntry[],
  exists: (name: string) => boolean,
  force: boolean,
): string[] {
  for (const ref of refs) {
    const name = storedName(ref);
    // Asked of the disk, not of the entries: a damaged reference can be removed too.
    if (exists(name)) return [name];
    const byDigest = ref.transport === 'docker' && ref.digest !== undefined ? withDigest(entries, ref).map((entry) => entry.name) : [];
    if (byDigest.length > 0) return byDigest;
  }
  const ids = new Set(matchingId(entries, text).map(imageId));
  const byId = entries.filter(({ images }) => images.some((image) => ids.has(imageId(image)))).map((entry) => entry.name);
  if (byId.length > 0) return force ? byId : assertOneTag(text, byId);
  throw new TsrunError('ERR_TSRUN_IMAGE_NOT_FOUND', `no image ${text} in the store`, {
    subject: text,
    hint: 'list the images with: tsrun images',
  });
}

/** docker's rule: an id stands for its names when one is a tag at most, and the others are digests in the same repository. */
function assertOneTag(text: string, names: string[]): string[] {
  const tags = names.filter((name) => !name.includes('@'));
  const repositories = new Set(names.map((name) => name.replace(/@.*/, '').replace(/:[^/:]*$/, '')));
  if (names.length === 1 || (tags.length <= 1 && repositories.size === 1)) return names;
  const shown = names.map((name) => familiarName(parseReference(name))).join(', ');
  throw new TsrunError('ERR_TSRUN_IMAGE_IN_USE', `the image ${text} has ${names.length} names: ${shown}`, {
    subject: text,
    hint: 'remove those that you mean, or all of them with: tsrun rmi -f',
  });
}

async function assertUnused(text: string, image: ImageSummary, inUse: RemoveImageOptions['inUse']): Promise<void> {
  const container = await inUse?.(image);
  if (container === undefined) return;
  const name = image.names[0] === undefined ? text : familiarName(parseReference(image.names[0]));
  throw new TsrunError('ERR_TSRUN_IMAGE_IN_USE', `the image ${name} is used by the container ${container}`, {
    subject: text,
    hint: `remove the container first: tsrun rm ${container}`,
  });
}
