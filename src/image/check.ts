/** Whether an image has all that it needs. */
import { stat } from 'node:fs/promises';
import { getRef, type Ref } from '../content/refs.js';
import type { ContentStore } from '../content/store.js';
import { parseReference } from '../reference/parse.js';
import type { Descriptor } from '../spec/image.js';
import { readEntry } from './catalogue.js';

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
  const layers = new Map(entry.images.flatMap((image) => image.layers.map(({ descriptor }) => [descriptor.digest, descriptor])));
  const problems = await Promise.all([...layers.values()].map((layer) => problemOfLayer(store, layer)));
  return problems.filter((problem) => problem !== undefined);
}

/** Its bytes are looked at with all blobs: here it is only whether they are there. */
async function problemOfLayer({ paths }: ContentStore, { digest, size }: Descriptor): Promise<string | undefined> {
  const found = await stat(paths.blob(digest)).catch(() => undefined);
  if (found === undefined) return `its layer ${digest} is not there`;
  return found.size === size ? undefined : `its layer ${digest} has ${found.size} bytes, and ${size} are declared`;
}

/** Whether an image of this name can be fetched once more: from a registry, or from the file that it came from. */
export async function canBeHadAgain(name: string): Promise<boolean> {
  try {
    const ref = parseReference(name);
    return ref.transport === 'docker' ? ref.registry !== 'localhost' : (await stat(ref.path)) !== undefined;
  } catch {
    return false;
  }
}
