/**
 * Unpacked layers: `<data>/layers/<owners>/<key>/` holds `diff`, one changeset in overlay form, and layer.json; present only when whole.
 * A self-contained layer is kept by its diffID and unpacked beside others; any other one is applied on its parents' view, after them,
 * and kept by its chainID.
 */
import { chmodSync, chownSync } from 'node:fs';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { storeFailure } from '../content/failure.js';
import { syncDirectory } from '../content/ingest.js';
import { lockStore } from '../content/lock.js';
import { errnoOf } from '../errors.js';
import type { LayerReport, RootMetadata } from '../layer/job.js';
import type { HostPath, StorePaths } from '../paths.js';
import { hostIdOf, mapsHostId } from '../plan/identity.js';
import { emptyInCage, type UnpackResult } from './cage.js';
import type { Identity } from './identity.js';
import { type EnsureOptions, type LayerSource, unpackLayer } from './unpack.js';

export interface UnpackedLayer {
  /** The layer's directory for overlay's lowerdir. */
  diff: HostPath;
  /** What the layer itself says of `/`. */
  root?: RootMetadata;
}

/** At once: as many as there are cores would starve the rest; two keep both busy on a small machine. */
const AT_ONCE = 2;

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
  await mkdir(paths.layersOf(identity.ids.owners), { recursive: true, mode: 0o700 });
  await mkdir(paths.locks, { recursive: true, mode: 0o700 });
  const stop = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, stop.signal]) : stop.signal;
  const slots = new Slots(AT_ONCE);
  const results: Promise<UnpackedLayer>[] = [];
  for (const [index, layer] of layers.entries()) {
    const below = results.slice(0, index);
    results.push(new LayerUnpack(paths, identity, layer, { ...options, signal }, slots).ensure(() => Promise.all(below)));
  }
  const settled = await Promise.allSettled(
    results.map((result) =>
      result.catch((error: unknown) => {
        stop.abort();
        throw error;
      }),
    ),
  );
  const failure = settled.find((one) => one.status === 'rejected');
  if (failure) throw failure.reason;
  return Promise.all(results);
}

class LayerUnpack {
  constructor(
    readonly paths: StorePaths,
    readonly identity: Identity,
    readonly layer: LayerSource,
    readonly options: EnsureOptions,
    readonly slots: Slots,
  ) {}

  async ensure(parents: () => Promise<UnpackedLayer[]>): Promise<UnpackedLayer> {
    const { owners } = this.identity.ids;
    const alone = this.paths.diffLayer(owners, this.layer.diffId);
    const merged = this.paths.chainLayer(owners, this.layer.chainId);
    const present = (await readLayer(alone)) ?? (await readLayer(merged));
    if (present) return this.#tell(present, true);
    return (await this.#alone(alone)) ?? this.#tell(await this.#merged(merged, await parents()), false);
  }

  #tell(layer: UnpackedLayer, alreadyPresent: boolean): UnpackedLayer {
    this.options.onProgress?.({ type: 'unpacked', digest: this.layer.descriptor.digest, alreadyPresent });
    return layer;
  }

  /** Undefined when the layer needs what is below it. */
  async #alone(to: HostPath): Promise<UnpackedLayer | undefined> {
    using _held = await lockStore(this.paths, `layer-${basename(dirname(to))}-${basename(to)}`, 'exclusive', this.options.signal);
    const present = await readLayer(to);
    if (present) return this.#tell(present, true);
    const made = await this.slots.run(() => this.#unpack(to, undefined));
    return made && this.#tell(made, false);
  }

  async #merged(to: HostPath, parents: UnpackedLayer[]): Promise<UnpackedLayer> {
    using _held = await lockStore(this.paths, `layer-${basename(dirname(to))}-${basename(to)}`, 'exclusive', this.options.signal);
    const made = (await readLayer(to)) ?? (await this.slots.run(() => this.#unpack(to, parents.map(({ diff }) => diff).reverse())));
    if (made) return made;
    throw new TypeError('a layer on its parents’ view asked for its parents');
  }

  /** Under the layer's lock: what lies at the temporary name is of a process that died. */
  async #unpack(to: HostPath, parents: HostPath[] | undefined): Promise<UnpackedLayer | undefined> {
    const directory = join(dirname(to), `new-${basename(to)}`) as HostPath;
    await removeLayerDirectory(this.identity, directory);
    try {
      await this.#prepare(directory);
      const result = await this.#cage(directory, parents);
      if ('notSelfContained' in result) {
        await removeLayerDirectory(this.identity, directory);
        return undefined;
      }
      return await publish(directory, to, result.done);
    } catch (error) {
      await removeLayerDirectory(this.identity, directory).catch(() => {});
      throw storeFailure(error, 'cannot unpack a layer', directory, this.layer.descriptor.size);
    }
  }

  async #prepare(directory: HostPath): Promise<void> {
    const { uid, gid } = this.identity.ids;
    // The caller opens it by his own uid, the container's root crosses it on its parents' view: what keeps others out is the store's 0700.
    await mkdir(directory);
    chmodSync(directory, 0o711); // whatever the caller's umask is
    for (const name of ['diff', 'work']) {
      await mkdir(join(directory, name));
      chmodSync(join(directory, name), 0o755);
      // root has no id inside: what it makes must be handed over
      if (!mapsHostId(uid, process.getuid?.() ?? 0)) chownSync(join(directory, name), hostIdOf(uid, 0) ?? 0, hostIdOf(gid, 0) ?? 0);
    }
  }

  #cage(directory: HostPath, parents: HostPath[] | undefined): Promise<UnpackResult> {
    const place = parents !== undefined && parents.length > 0 ? { directory, parents } : { directory: join(directory, 'diff') as HostPath };
    const mode = parents === undefined ? 'alone' : 'merged';
    return unpackLayer(this.paths, this.identity, this.layer, { ...place, mode, syncTo: true }, this.options);
  }
}

/** layer.json first, then the name: a layer under its key is whole. The program has written the tree to the disk already. */
async function publish(directory: HostPath, to: HostPath, report: LayerReport): Promise<UnpackedLayer> {
  await rm(join(directory, 'work'), { recursive: true, force: true });
  const file = await open(join(directory, 'layer.json'), 'wx', 0o600);
  try {
    await file.writeFile(JSON.stringify(report));
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(directory, to);
  await syncDirectory(dirname(to));
  return unpacked(to, report);
}

function unpacked(directory: HostPath, { root }: LayerReport): UnpackedLayer {
  return { diff: join(directory, 'diff') as HostPath, ...(root ? { root } : {}) };
}

async function readLayer(directory: HostPath): Promise<UnpackedLayer | undefined> {
  try {
    return unpacked(directory, JSON.parse(await readFile(join(directory, 'layer.json'), 'utf8')) as LayerReport);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw storeFailure(error, 'cannot read an unpacked layer', directory);
  }
}

/** Removes a layer's directory, whole or half-made; its files belong to the map's ids. */
export async function removeLayerDirectory(identity: Identity, directory: HostPath): Promise<void> {
  const trees: HostPath[] = [];
  for (const name of ['diff', 'work']) {
    const exists = await open(join(directory, name), 'r').then(
      (file) => file.close().then(() => true),
      (error) => errnoOf(error) !== 'ENOENT',
    );
    if (exists) trees.push(join(directory, name) as HostPath);
  }
  await emptyInCage(identity, trees);
  await rm(directory, { recursive: true, force: true });
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
