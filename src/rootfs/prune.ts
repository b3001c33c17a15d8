/** Removal of unpacked layers that no image and no container needs, in every form that this user has of them. */
import { readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { errnoOf } from '../errors.js';
import type { HostPath, StorePaths } from '../paths.js';
import type { ChainId, DiffId } from '../spec/digest.js';
import type { Identity } from './identity.js';
import { withdraw } from './publish.js';

/** The name of a layer's directory, whoever owns its files: `diff-<hex>`, `chain-<hex>`, `flat-<hex>`. */
export function layerKey(diff: HostPath): string {
  return basename(dirname(diff));
}

/** All names that a layer may have on disk. */
export function layerKeys(paths: StorePaths, { diffId, chainId }: { diffId?: DiffId; chainId?: ChainId }): string[] {
  const of = [diffId && paths.diffLayer('', diffId), chainId && paths.chainLayer('', chainId), chainId && paths.flatLayer('', chainId)];
  return of.flatMap((path) => (path ? [basename(path)] : []));
}

/**
 * @param identity the caller's default: its map holds the ids of every form that the caller could have made
 * @param keys what may go; what runs is kept all the same
 */
export async function pruneLayers(paths: StorePaths, identity: Identity, keys: ReadonlySet<string>): Promise<void> {
  for (const owners of namesIn(paths.layers)) {
    for (const key of namesIn(paths.layersOf(owners))) {
      if (keys.has(key)) await withdraw({ paths, identity }, join(paths.layersOf(owners), key) as HostPath);
    }
  }
}

function namesIn(directory: HostPath): string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw error;
  }
}
