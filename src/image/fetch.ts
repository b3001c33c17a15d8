/** An image on its way into the store, from a registry or an archive: index → manifest → config → layers. */
import type { PullEvent } from '../api/options.js';
import type { Lease } from '../content/lease.js';
import type { ContentStore, FetchOptions } from '../content/store.js';
import { TsrunError } from '../errors.js';
import type { StorePaths } from '../paths.js';
import type { RegistrySettings } from '../registry/config/settings.js';
import type { Descriptor, Platform } from '../spec/image.js';
import { atOnce } from './at-once.js';
import { assembleImage, assertPlatform, type Image, type ReadDocument, resolveManifest } from './image.js';

/** Where the bytes come from. Neither needs to verify: the store does. */
export interface ImageSource {
  /** An index or manifest. */
  document(descriptor: Descriptor): Promise<Uint8Array>;
  /** A config or layer. */
  blob(descriptor: Descriptor, from?: number): AsyncIterable<Uint8Array>;
  /** It can begin a blob in the middle, at `from`. */
  readonly resumes?: boolean;
  /** What came was not what the digest says. True when the next blob() takes it from somewhere else. */
  distrust?(descriptor: Descriptor): boolean;
  /** Whether it has an index or manifest. Of files: some archives have an index with a part of what it names. */
  holds?(descriptor: Descriptor): Promise<boolean>;
}

export interface StoreSession {
  paths: StorePaths;
  store: ContentStore;
  /** What this machine's files say of registries, read when it is first asked for; without it docker's rules alone. */
  registries?: (() => Promise<RegistrySettings>) | undefined;
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
  const documents = async function* (descriptor: Descriptor) {
    yield await source.document(descriptor);
  };
  const fetchDocument = reader(store, lease, signal, { document: source.document, blob: documents });
  const resolved = await resolveManifest(name, target, platform, fetchDocument);
  const layers = uniqueLayers(resolved.manifest.layers);
  const image = await assembleImage(name, target, resolved, reader(store, lease, signal, source));
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

function reader(store: ContentStore, lease: Lease, signal: AbortSignal | undefined, source: ImageSource): ReadDocument {
  return async (descriptor, limit) => {
    await lease.protect([descriptor.digest], signal);
    // Checked here too, before a byte is fetched: the limit holds for what comes from outside.
    if (descriptor.size <= limit) await fetchBlob(store, descriptor, source, { signal });
    return store.readBytes(descriptor, limit);
  };
}

function fetchBlob(store: ContentStore, descriptor: Descriptor, source: ImageSource, options: FetchOptions) {
  return untilRight(source, descriptor, () =>
    store.fetchOnce(descriptor, (from) => source.blob(descriptor, from), { ...options, resumes: source.resumes }),
  );
}

/** Once from each place that has it, until the bytes are what they should be. */
export async function untilRight<T>(source: ImageSource, descriptor: Descriptor, take: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await take();
    } catch (error) {
      const isWrong = error instanceof TsrunError && ['ERR_TSRUN_BLOB_DIGEST', 'ERR_TSRUN_BLOB_SIZE'].includes(error.code);
      if (!isWrong || source.distrust?.(descriptor) !== true) throw error;
    }
  }
}

/** An image may hold the same layer twice. */
function uniqueLayers(layers: readonly Descriptor[]): Descriptor[] {
  return [...new Map(layers.map((layer) => [layer.digest, layer])).values()];
}

async function fetchLayers(store: ContentStore, layers: Descriptor[], source: ImageSource, options: FetchImageOptions): Promise<void> {
  await atOnce(LAYERS_AT_ONCE, layers, options.signal, (layer, signal) => fetchLayer(store, layer, source, { ...options, signal }));
}

async function fetchLayer(store: ContentStore, layer: Descriptor, source: ImageSource, options: FetchImageOptions): Promise<void> {
  const { digest, size } = layer;
  const { signal, onProgress } = options;
  const onBytes = (bytes: number) => onProgress?.({ type: 'download', digest, bytes, size });
  const { alreadyPresent } = await fetchBlob(store, layer, source, { signal, onBytes });
  onProgress?.({ type: 'downloaded', digest, alreadyPresent });
}
