/** An image of the store, as a source: for what sends it elsewhere. */
import type { ContentStore } from '../content/store.js';
import type { ImageSource } from './fetch.js';

/** Its methods throw ERR_TSRUN_BLOB_MISSING for what was not pulled. The caller holds a lease. */
export function storedSource(store: ContentStore): ImageSource {
  return {
    document: (descriptor) => store.readBytes(descriptor),
    blob: (descriptor) => store.stream(descriptor),
  };
}
