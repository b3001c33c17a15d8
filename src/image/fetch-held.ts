/** All of an image that a source of files has, into the store: an index with those of its manifests that are there. */
import type { Lease } from '../content/lease.js';
import type { Descriptor } from '../spec/image.js';
import type { FetchImageOptions, ImageSource, StoreSession } from './fetch.js';
import { fetchImage } from './fetch.js';
import { heldBelow } from './held.js';
import type { Image } from './image.js';
import { roleOf } from './parse.js';
import { platformMissing } from './platform.js';

/**
 * @returns the images, in the order of the index: one at least
 * @param options with a platform: that of the index alone
 * Errors: fetchImage's.
 */
export async function fetchHeld(
  session: StoreSession,
  lease: Lease,
  name: string,
  target: Descriptor,
  source: ImageSource,
  options: FetchImageOptions,
): Promise<Image[]> {
  if (roleOf(target) === 'manifest' || options.platform !== undefined)
    return [await fetchImage(session, lease, name, target, source, options)];
  const { indexes, manifests } = await heldBelow(source, target);
  await lease.protect(
    indexes.map(({ digest }) => digest),
    options.signal,
  );
  for (const index of indexes) await session.store.fetchOnce(index, () => once(source.document(index)), { signal: options.signal });
  const images: Image[] = [];
  for (const manifest of manifests) {
    // What an index says of an architecture may be wrong, and costs nothing here; another system is said in so many words.
    const isForeign = manifest.platform !== undefined && manifest.platform.os !== 'linux';
    images.push(
      await fetchImage(session, lease, name, manifest, source, { ...options, platform: isForeign ? manifest.platform : undefined }),
    );
  }
  if (images.length === 0) throw platformMissing(name, undefined, []);
  return images;
}

async function* once(bytes: Promise<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield await bytes;
}
