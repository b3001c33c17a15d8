/**
 * Unpacked layers, each one changeset in overlay form. A self-contained layer is kept by its diffID and unpacked beside others; any other
 * one is applied on its parents' view, after them, and kept by its chainID.
 */
import { join } from 'node:path';
import { diskFull, storeFailure } from '../content/failure.js';
import { TsrunError } from '../errors.js';
import type { LayerReport } from '../layer/job.js';
import type { HostPath, StorePaths } from '../paths.js';
import { anySignal } from '../sys/abort.js';
import type { Identity } from './identity.js';
import { ensureDirectory, type Owned, openLayers, readLayer, type UnpackedLayer } from './publish.js';
import { type EnsureOptions, type LayerSource, unpackLayer } from './unpack.js';
import { unpackedSize } from './unpacked-size.js';

/** At once: as many as there are cores would starve the rest; two keep both busy on a small machine. */
const AT_ONCE = 2;

/**
 * Overlay's lowerdir for these layers, which come from the base upwards: the topmost first, each once. An image may hold a layer twice,
 * which overlay refuses (ELOOP); of two alike the lower one shows nothing that the upper one does not.
 */
export function stackOf(layers: readonly UnpackedLayer[]): HostPath[] {
  return [...new Set(layers.map(({ diff }) => diff).reverse())];
}

/** What ensureLayers would give without any work: undefined when one is not unpacked yet. Takes no lock and makes nothing. */
export async function findLayers(
  paths: StorePaths,
  identity: Identity,
  layers: readonly LayerSource[],
): Promise<UnpackedLayer[] | undefined> {
  const found = await Promise.all(layers.map((layer) => findLayer(paths, identity, layer)));
  return found.every((layer) => layer !== undefined) ? found : undefined;
}

async function findLayer(paths: StorePaths, { ids }: Identity, { diffId, chainId }: LayerSource): Promise<UnpackedLayer | undefined> {
  return (await readLayer(paths.diffLayer(ids.owners, diffId))) ?? (await readLayer(paths.chainLayer(ids.owners, chainId)));
}

/**
 * Makes sure that all layers are unpacked under this identity's owners.
 * @param layers from the base upwards; the same order comes back
 */
export async function ensureLayers(
  paths: StorePaths,
  identity: Identity,
  layers: readonly LayerSource[],
  options: EnsureOptions = {},
): Promise<UnpackedLayer[]> {
  await openLayers({ paths, identity });
  const stop = new AbortController();
  const signal = anySignal(options.signal, stop.signal);
  const slots = new Slots(AT_ONCE);
  const results: Promise<UnpackedLayer>[] = [];
  for (const [index, layer] of layers.entries()) {
    const below = results.slice(0, index);
    results.push(new LayerUnpack({ paths, identity, signal }, layer, options, slots).ensure(() => Promise.all(below)));
  }
  // The first to fail stops the others: what they say then is not what happened.
  let failure: { error: unknown } | undefined;
  await Promise.all(
    results.map((result) =>
      result.catch((error: unknown) => {
        failure ??= { error };
        stop.abort();
      }),
    ),
  );
  if (failure) throw failure.error;
  return Promise.all(results);
}

class LayerUnpack {
  constructor(
    readonly owned: Owned,
    readonly layer: LayerSource,
    readonly options: EnsureOptions,
    readonly slots: Slots,
  ) {}

  async ensure(parents: () => Promise<UnpackedLayer[]>): Promise<UnpackedLayer> {
    const { paths, identity } = this.owned;
    const { owners } = identity.ids;
    const alone = paths.diffLayer(owners, this.layer.diffId);
    const merged = paths.chainLayer(owners, this.layer.chainId);
    const present = await findLayer(paths, identity, this.layer);
    if (present) return this.#tell(present, true);
    const made = (await this.#make(alone, undefined)) ?? (await this.#make(merged, stackOf(await parents())));
    if (made) return made;
    throw new TypeError('a layer on its parents’ view asked for its parents');
  }

  #tell(layer: UnpackedLayer, alreadyPresent: boolean): UnpackedLayer {
    this.options.onProgress?.({ type: 'unpacked', digest: this.layer.descriptor.digest, alreadyPresent });
    return layer;
  }

  /** Undefined when the layer needs what is below it. @param parents the topmost first */
  async #make(to: HostPath, parents: readonly HostPath[] | undefined): Promise<UnpackedLayer | undefined> {
    const { layer, alreadyPresent } = await ensureDirectory(this.owned, to, (directory) =>
      this.slots.run(() => this.#unpack(directory, parents)),
    );
    return layer && this.#tell(layer, alreadyPresent);
  }

  async #unpack(directory: HostPath, parents: readonly HostPath[] | undefined): Promise<LayerReport | undefined> {
    const { paths, identity, signal } = this.owned;
    const place = parents !== undefined && parents.length > 0 ? { directory, parents } : { directory: join(directory, 'diff') as HostPath };
    const mode = parents === undefined ? 'alone' : 'merged';
    try {
      const how = { ...place, locked: directory, mode, syncTo: true } as const;
      const result = await unpackLayer(paths, identity, this.layer, how, { ...this.options, signal });
      return 'done' in result ? result.done : undefined;
    } catch (error) {
      throw unpackFailure(error, paths, [this.layer], directory);
    }
  }
}

/** The program knows which file did not fit; a user wants to know how much room it takes, and where. */
export function unpackFailure(error: unknown, paths: StorePaths, layers: readonly LayerSource[], directory: HostPath): unknown {
  const doing = layers.length === 1 ? `cannot unpack layer ${layers[0]?.descriptor.digest}` : `cannot unpack ${layers.length} layers`;
  if (!(error instanceof TsrunError) || error.code !== 'ERR_TSRUN_DISK_FULL') return storeFailure(error, doing, directory);
  const needed = layers.reduce((sum, { descriptor: { digest, size } }) => sum + unpackedSize(paths.blob(digest), size), 0);
  return diskFull(error, doing, directory, needed);
}

/** At most so many at once; the others wait for their turn. */
class Slots {
  readonly #waiting: (() => void)[] = [];
  #free: number;

  constructor(count: number) {
    this.#free = count;
  }

  async run<Value>(work: () => Promise<Value>): Promise<Value> {
    if (this.#free === 0) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#free -= 1;
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free += 1;
    }
  }
}
