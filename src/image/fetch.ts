/** An image on its way into the store, from a registry or an archive: index → manifest → config → layers. */
import type { PullEvent } from '../api/options.js';
import type { Lease } from '../content/lease.js';
import type { ContentStore } from '../content/store.js';
import type { StorePaths } from '../paths.js';
import type { Descriptor, Platform } from '../spec/image.js';
import { anySignal } from '../sys/abort.js';
import { assembleImage, assertPlatform, type Image, type ReadDocument, resolveManifest } from './image.js';

/** Where the bytes come from. Neither needs to verify: the store does. */
export interface ImageSource {
  /** An index or manifest. */
  document(descriptor: Descriptor): Promise<Uint8Array>;
  /** A config or layer. */
  blob(descriptor: Descriptor): AsyncIterable<Uint8Array>;
}

export interface StoreSession {
  paths: StorePaths;
  store: ContentStore;
}

export interface FetchImageOptions {
  /** Default: this machine's. */
  platform?: Platform | undefined;
  signal?: AbortSignal | undefined;
  onProgress?: ((event: PullEvent) => void) | undefined;
}

const LAYERS_AT_ONCE = 3;

/**
 * Fetches what is missing. The caller holds `lease` until a reference names the image.
 * When one layer fails, the others stop; what is finished stays in the store for the next attempt.
 */
export async function fetchImage(
  { store }: StoreSession,
  lease: Lease,
  name: string,
  target: Descriptor,
  source: ImageSource,
  options: FetchImageOptions,
): Promise<Image> {
  const { platform, signal } = options;
  const fetchDocument = reader(store, lease, signal, async function* (descriptor) {
    yield await source.document(descriptor);
  });
  const resolved = await resolveManifest(name, target, platform, fetchDocument);
  const layers = uniqueLayers(resolved.manifest.layers);
  const fetchBlob = reader(store, lease, signal, (descriptor) => source.blob(descriptor));
  const image = await assembleImage(name, target, resolved, fetchBlob);
  assertPlatform(image, platform);
  options.onProgress?.({
    type: 'manifest',
    digest: resolved.descriptor.digest,
    layers: layers.map(({ digest, size }) => ({ digest, size })),
  });
  await lease.protect(
    layers.map(({ digest }) => digest),
    signal,
  );
  await fetchLayers(store, layers, source, options);
  return image;
}

function reader(
  store: ContentStore,
  lease: Lease,
  signal: AbortSignal | undefined,
  source: (descriptor: Descriptor) => AsyncIterable<Uint8Array>,
): ReadDocument {
  return async (descriptor, limit) => {
    await lease.protect([descriptor.digest], signal);
    // Checked here too, before a byte is fetched: the limit holds for what comes from outside.
    if (descriptor.size <= limit) await store.fetchOnce(descriptor, () => source(descriptor), { signal });
    return store.readBytes(descriptor, limit);
  };
}

/** An image may hold the same layer twice. */
function uniqueLayers(layers: readonly Descriptor[]): Descriptor[] {
  return [...new Map(layers.map((layer) => [layer.digest, layer])).values()];
}

async function fetchLayers(store: ContentStore, layers: Descriptor[], source: ImageSource, options: FetchImageOptions): Promise<void> {
  const siblings = new AbortController();
  const signal = anySignal(options.signal, siblings.signal);
  const waiting = layers.values();
  let failure: { error: unknown } | undefined;
  const work = async () => {
    for (const layer of waiting) await fetchLayer(store, layer, source, { ...options, signal });
  };
  const workers = Array.from({ length: LAYERS_AT_ONCE }, () =>
    work().catch((error: unknown) => {
      failure ??= { error };
      siblings.abort();
    }),
  );
  await Promise.all(workers);
  if (failure !== undefined) throw failure.error;
}

async function fetchLayer(store: ContentStore, layer: Descriptor, source: ImageSource, options: FetchImageOptions): Promise<void> {
  const { digest, size } = layer;
  const { signal, onProgress } = options;
  const onBytes = (bytes: number) => onProgress?.({ type: 'download', digest, bytes, size });
  const { alreadyPresent } = await store.fetchOnce(layer, () => source.blob(layer), { signal, onBytes });
  onProgress?.({ type: 'downloaded', digest, alreadyPresent });
}
