/** Unpacked layers that nothing needs any more: which they are, and their removal. */
import { listContainers, readConfig } from '../container/state.js';
import { leasedDigests } from '../content/lease.js';
import { lockStore } from '../content/lock.js';
import { assertReadable } from '../content/refs.js';
import { errnoOf } from '../errors.js';
import { readCatalogue } from '../image/catalogue.js';
import type { StoreSession } from '../image/fetch.js';
import type { HostPath } from '../paths.js';
import { findIdentity } from '../rootfs/identity.js';
import { layerBytes, layerKey, layerKeys, removeWithdrawn, unpackedKeys, withdrawLayers } from '../rootfs/prune.js';
import type { CommonOptions } from './options.js';

/**
 * Removes every layer that no image, no container and no unpacking under way needs, whoever left it behind. Needs are read, and names are
 * taken away, while nobody can begin to unpack (content/lease.ts draws the order); what runs holds its layers locked and keeps them.
 * @param how quickly: nothing is looked for where no layer is
 * @returns bytes of the layers
 */
export async function collectLayers(
  { paths, store }: StoreSession,
  signal?: AbortSignal,
  how: 'quickly' | 'thoroughly' = 'quickly',
): Promise<number> {
  if (unpackedKeys(paths).size === 0 && how === 'quickly') return 0;
  const identity = await findIdentity(paths, {}, signal);
  using withdrawn = await (async () => {
    using _held = await lockStore(paths, 'gc', 'exclusive', signal);
    const leased = await leasedDigests(paths);
    const needed = await neededKeys({ paths, store });
    for (const digest of leased) for (const key of layerKeys(paths, digest)) needed.add(key);
    return withdrawLayers(paths, needed);
  })();
  const bytes = withdrawn.layers.reduce((sum, { directory }) => sum + layerBytes(directory), 0);
  await removeWithdrawn({ paths, identity }, withdrawn);
  return bytes;
}

/** The same, where it is not what was asked for: what cannot be removed now is left to the next collection. */
export async function tidyLayers(session: StoreSession, { signal, onDebug }: CommonOptions): Promise<void> {
  await collectLayers(session, signal).catch((error: unknown) => {
    if (signal?.aborted) throw error;
    onDebug?.(`unneeded layers stay: ${(error as Error).message}`);
  });
}

/** Images are read before containers: a container that has just been made got its layers from an image that was there before. */
async function neededKeys({ paths, store }: StoreSession): Promise<Set<string>> {
  const { entries, damaged } = await readCatalogue(store);
  assertReadable(damaged);
  const layers = entries.flatMap(({ images }) => images.flatMap((image) => image.layers));
  return new Set([
    ...layers.flatMap(({ diffId, chainId }) => [...layerKeys(paths, diffId), ...layerKeys(paths, chainId)]),
    ...listContainers(paths).flatMap((container) => layersOf(container)),
  ]);
}

const LAYERS = 'io.tsrun.layers';

/** In a container's config.json: the names of the layers below it. */
export function layersAnnotation(layers: readonly HostPath[]): Record<string, string> {
  return { [LAYERS]: layers.map(layerKey).join(',') };
}

/** Names of the layers below a container. @throws ERR_TSRUN_STORE_UNREADABLE */
export function layersOf(container: Parameters<typeof readConfig>[0]): string[] {
  return annotationsOf(container)[LAYERS]?.split(',') ?? [];
}

/**
 * A container whose config is damaged holds nothing that could be named. What one says that cannot be read is not known: who removes what
 * no container needs removes nothing then. @throws ERR_TSRUN_STORE_UNREADABLE
 */
export function annotationsOf(container: Parameters<typeof readConfig>[0]): Record<string, string> {
  try {
    return readConfig(container).annotations ?? {};
  } catch (error) {
    const errno = errnoOf((error as Error).cause);
    if (errno !== undefined && errno !== 'ENOENT') throw error;
    return {};
  }
}
