/** Which repositories of a registry have a blob, as far as the store can tell by the names of its images: what a mount is asked from. */
import type { ContentStore } from '../content/store.js';
import { parseReference, type RegistryReference } from '../reference/parse.js';
import type { Digest } from '../spec/digest.js';
import { type CatalogueEntry, readCatalogue } from './catalogue.js';

/**
 * @param to where a blob is to go
 * @param placeOf where an image really is: the rules of the registries may say another place than its name
 * @returns repositories that begin as `to` does first: its neighbours are the likeliest to be readable
 */
export async function neighboursIn(
  store: ContentStore,
  to: RegistryReference,
  placeOf: (ref: RegistryReference) => RegistryReference | undefined,
): Promise<(digest: Digest) => readonly string[]> {
  const known = new Map<Digest, Set<string>>();
  for (const entry of (await readCatalogue(store)).entries) {
    const ref = parseReference(entry.name);
    const place = ref.transport === 'docker' ? placeOf(ref) : undefined;
    if (place === undefined || place.registry !== to.registry || place.repository === to.repository) continue;
    for (const digest of blobsOf(entry)) known.set(digest, (known.get(digest) ?? new Set()).add(place.repository));
  }
  const closeness = (repository: string) => commonStart(repository.split('/'), to.repository.split('/'));
  return (digest) => [...(known.get(digest) ?? [])].sort((a, b) => closeness(b) - closeness(a) || (a < b ? -1 : 1));
}

function blobsOf({ images }: CatalogueEntry): Digest[] {
  return images.flatMap(({ configDescriptor, layers }) => [configDescriptor.digest, ...layers.map(({ descriptor }) => descriptor.digest)]);
}

function commonStart(a: readonly string[], b: readonly string[]): number {
  const differs = a.findIndex((part, index) => part !== b[index]);
  return differs === -1 ? a.length : differs;
}
