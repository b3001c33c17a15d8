/** The store as a destination. */
import type { Lease } from '../content/lease.js';
import type { Descriptor } from '../spec/image.js';
import type { ImageDestination } from './destination.js';
import type { StoreSession } from './fetch.js';
import { moveName } from './tag.js';

const BLOBS_AT_ONCE = 3;

/**
 * What fails leaves whole blobs without a name, for the next try or gc. Each image gets its names; what had one of them keeps its digest.
 * @param lease the caller's, held until finish() is done
 */
export function storeDestination(session: StoreSession, lease: Lease, signal: AbortSignal | undefined): ImageDestination {
  const { store } = session;
  const take = async (descriptor: Descriptor, bytes: AsyncIterable<Uint8Array>) => {
    await store.fetchOnce(descriptor, () => bytes, { signal });
  };
  return {
    blobsAtOnce: BLOBS_AT_ONCE,
    takesAgain: true,
    async has({ digest }) {
      await lease.protect([digest], signal);
      return store.has(digest);
    },
    blob: take,
    async document(descriptor, bytes) {
      await lease.protect([descriptor.digest], signal);
      await take(descriptor, once(bytes));
    },
    async finish(images) {
      for (const { target, names } of images) {
        for (const name of names) await moveName(session, name, target);
      }
    },
    abort: async () => undefined,
  };
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
