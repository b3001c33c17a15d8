/** index.json of a layout that is written: what it names, and how. */
import { canonicalName } from '../reference/format.js';
import { parseReference } from '../reference/parse.js';
import type { Descriptor } from '../spec/image.js';
import { OCI_INDEX } from '../spec/media-types.js';
import type { SentImage } from './destination.js';
import { CONTAINERD_NAME, REF_NAME } from './oci-layout.js';

export const LAYOUT_FILE = 'oci-layout';
export const LAYOUT_TEXT = '{"imageLayoutVersion":"1.0.0"}';

/** An entry for each name, or one without a name. @param ref the one word that the image has in this layout, in place of its names */
export function entriesOf(images: readonly SentImage[], ref: string | undefined): Descriptor[] {
  return images.flatMap(({ target: { mediaType, digest, size }, names }) => {
    const bare = { mediaType, digest, size };
    if (ref !== undefined) return [{ ...bare, annotations: { [REF_NAME]: ref } }];
    const tags = names.flatMap((name) => tagOf(name) ?? []);
    return tags.length === 0 ? [bare] : tags.map((tag) => ({ ...bare, annotations: { [CONTAINERD_NAME]: tag, [REF_NAME]: tag } }));
  });
}

/** The canonical name, of names that are tags: digests and paths name nothing elsewhere. */
export function tagOf(name: string): string | undefined {
  const ref = parseReference(name);
  return ref.transport === 'docker' && ref.digest === undefined ? canonicalName(ref) : undefined;
}

export function indexText(entries: readonly Descriptor[]): string {
  return JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX, manifests: entries });
}

/** What had a name keeps its place without it, as other tools leave it; what has no name is there once. */
export function withEntries(index: { manifests: Descriptor[] }, entries: readonly Descriptor[]): { manifests: Descriptor[] } {
  const taken = new Set(entries.map(nameOf));
  const sent = new Set(entries.map(({ digest }) => digest));
  const kept = index.manifests
    .map((entry) => (nameOf(entry) !== undefined && taken.has(nameOf(entry)) ? withoutNames(entry) : entry))
    .filter((entry) => nameOf(entry) !== undefined || !sent.has(entry.digest));
  const isNew = ({ digest, annotations }: Descriptor) => annotations !== undefined || !kept.some((entry) => entry.digest === digest);
  return { ...index, manifests: [...kept, ...entries.filter(isNew)] };
}

function nameOf({ annotations }: Descriptor): string | undefined {
  return annotations?.[REF_NAME] ?? annotations?.[CONTAINERD_NAME];
}

function withoutNames({ annotations = {}, ...entry }: Descriptor): Descriptor {
  const { [REF_NAME]: _ref, [CONTAINERD_NAME]: _name, ...others } = annotations;
  return Object.keys(others).length === 0 ? entry : { ...entry, annotations: others };
}
