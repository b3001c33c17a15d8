/** Removal of unpacked layers, in every form that this user has of them. */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { errnoOf } from '../errors.js';
import type { HostPath, StorePaths } from '../paths.js';
import type { ChainId, DiffId, Digest } from '../spec/digest.js';
import { clearHalfMade, HALF_MADE, type Owned, removeLayerDirectory, type Withdrawn, withdraw } from './publish.js';

/** The name of a layer's directory, whoever owns its files: `diff-<hex>`, `chain-<hex>`, `flat-<hex>`. */
export function layerKey(diff: HostPath): string {
  return basename(dirname(diff));
}

const KEY = /^(?:diff|chain|flat)-[0-9a-f]{64}$/;

/** All names that a layer of this diffID, or the layers of this chainID, may have on disk. */
export function layerKeys(paths: StorePaths, id: DiffId | ChainId | Digest): string[] {
  const [diffId, chainId] = [id as string as DiffId, id as string as ChainId];
  return [paths.diffLayer('', diffId), paths.chainLayer('', chainId), paths.flatLayer('', chainId)].map((path) => basename(path));
}

/** The names of all that is unpacked, whoever owns its files. */
export function unpackedKeys(paths: StorePaths): Set<string> {
  return new Set(layersIn(paths).map((layer) => basename(layer)));
}

/** Takes the names away from all layers but these, and but what is in use: nobody finds them any more. Their contents are still there. */
export function withdrawLayers(paths: StorePaths, needed: ReadonlySet<string>): WithdrawnLayers {
  const layers = layersIn(paths).filter((layer) => !needed.has(basename(layer)));
  return new WithdrawnLayers(layers.flatMap((layer) => withdraw(paths, layer) ?? []));
}

/** Nobody else removes them meanwhile, or makes them anew. */
export class WithdrawnLayers {
  constructor(readonly layers: readonly Withdrawn[]) {}

  [Symbol.dispose](): void {
    for (const { release } of this.layers) release();
  }
}

/**
 * Removes their contents, and what processes that were killed left half-made of others. One that cannot be removed keeps no other; its
 * error comes in the end, and the next collection tries again.
 * @param owned the caller's default identity: its map holds the ids of every form that the caller could have made
 */
export async function removeWithdrawn(owned: Owned, { layers }: WithdrawnLayers): Promise<void> {
  const failures: unknown[] = [];
  const attempt = (work: Promise<void>) => work.catch((error: unknown) => failures.push(error));
  for (const { directory, release } of layers) await attempt(removeLayerDirectory(owned.identity, directory).finally(release));
  for (const owners of layerOwners(owned.paths)) await attempt(clearHalfMade(owned, owners));
  if (failures.length > 0) throw failures[0];
}

/** All that have their name, in every form. */
export function layersIn(paths: StorePaths): HostPath[] {
  const all = layerOwners(paths).map((owners) => paths.layersOf(owners));
  return all.flatMap((directory) =>
    namesIn(directory)
      .filter((name) => KEY.test(name))
      .map((name) => join(directory, name) as HostPath),
  );
}

/** What is not whole: being made, or left by a process that was killed. */
export function halfMadeIn(paths: StorePaths): HostPath[] {
  return layerOwners(paths).flatMap((owners) =>
    namesIn(paths.layersOf(owners))
      .filter((name) => name.startsWith(HALF_MADE))
      .map((name) => join(paths.layersOf(owners), name) as HostPath),
  );
}

/** The forms that layers are there in. */
export function layerOwners({ layers }: StorePaths): string[] {
  return namesIn(layers);
}

function namesIn(directory: HostPath): string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw error;
  }
}

/** Of its files, as they were counted when it was unpacked; 0 when that is not known. */
export function layerBytes(directory: string): number {
  try {
    const { bytes } = JSON.parse(readFileSync(join(directory, 'layer.json'), 'utf8')) as { bytes?: unknown };
    return typeof bytes === 'number' ? bytes : 0;
  } catch {
    return 0;
  }
}
