/** Whether an image has all that it needs. */
import { stat } from 'node:fs/promises';
import { getRef, type Ref } from '../content/refs.js';
import type { ContentStore } from '../content/store.js';
import { systemReason } from '../errors.js';
import { parseReference } from '../reference/parse.js';
import { layerKeys, unpackedKeys } from '../rootfs/prune.js';
import type { Descriptor } from '../spec/image.js';
import { readEntry } from './catalogue.js';
import type { ImageLayer } from './image.js';

/**
 * What is wrong with what a reference leads to. What was removed or replaced while it was looked at is looked at once more: a pull puts
 * its reference last, a removal takes it first.
 */
export async function checkImage(store: ContentStore, { name, descriptor }: Ref): Promise<string[]> {
  const problems = await problemsOf(store, name, descriptor);
  if (problems.length === 0) return [];
  const now = await getRef(store.paths, name).catch(() => undefined);
  return now === undefined ? [] : problemsOf(store, name, now);
}

async function problemsOf(store: ContentStore, name: string, target: Descriptor): Promise<string[]> {
  const { entry, damaged } = await readEntry(store, name, target);
  if (damaged !== undefined) return [damaged];
  if (entry.images.length === 0) return ['none of the images of its index is there'];
  const layers = new Map(
    entry.images.flatMap((image) => image.layers.map((layer) => [`${layer.descriptor.digest} ${layer.diffId}`, layer])),
  );
  const problems: string[] = [];
  // One after the other: each may have gigabytes.
  for (const layer of layers.values()) {
    const problem = await problemOfLayer(store, layer);
    if (problem !== undefined) problems.push(problem);
  }
  return problems;
}

/** Its bytes are looked at with all blobs: here it is whether they are there, and contain what the config says. Who unpacked it has seen that. */
async function problemOfLayer({ paths }: ContentStore, { descriptor, diffId, chainId }: ImageLayer): Promise<string | undefined> {
  const { digest, size, mediaType } = descriptor;
  const found = await stat(paths.blob(digest)).catch(() => undefined);
  if (found === undefined) return `its layer ${digest} is not there`;
  if (found.size !== size) return `its layer ${digest} has ${found.size} bytes, and ${size} are declared`;
  const unpacked = unpackedKeys(paths);
  if ([...layerKeys(paths, diffId), ...layerKeys(paths, chainId)].some((key) => unpacked.has(key))) return undefined;
  try {
    const { diffIdOf } = await import('../layer/diff-id.js');
    const contents = await diffIdOf(paths.blob(digest), size, mediaType);
    return contents === diffId ? undefined : `the contents of its layer ${digest} are ${contents}, and ${diffId} is promised`;
  } catch (error) {
    return `its layer ${digest} cannot be read: ${systemReason(error)}`;
  }
}

/** Whether an image can be fetched once more by its name: from the registry that had it, or the file that it came from. A tag is no promise of a registry's. */
export async function canBeHadAgain({ name, pulled }: Ref): Promise<boolean> {
  try {
    const ref = parseReference(name);
    return ref.transport === 'docker' ? pulled === true : (await stat(ref.path)) !== undefined;
  } catch {
    return false;
  }
}
