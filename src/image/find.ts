/** What a user means by IMAGE, looked for in the store alone: a reference, a digest, an id or the beginning of one. */
import { getRef } from '../content/refs.js';
import { TsrunError } from '../errors.js';
import { canonicalName } from '../reference/format.js';
import { parseReference, type Reference, type RegistryReference } from '../reference/parse.js';
import { isShortName, storeNames } from '../registry/config/short-names.js';
import type { Descriptor, Platform } from '../spec/image.js';
import { type CatalogueEntry, readCatalogue } from './catalogue.js';
import type { StoreSession } from './fetch.js';
import { type Image, imageId, readImage } from './image.js';
import { archiveName } from './name.js';
import { platformMatches } from './platform.js';

/** Fewer than four digits are a name: `tsrun run a` must not run whatever image begins so. */
const ID = /^(?:sha256:)?([0-9a-f]{4,64})$/;

/**
 * Undefined when the store has no such image, or not for this platform.
 * Errors: ERR_TSRUN_IMAGE_AMBIGUOUS for an id's beginning, ERR_TSRUN_REFERENCE_INVALID, and what readImage says of a damaged one.
 */
export async function findImage(session: StoreSession, text: string, platform?: Platform): Promise<Image | undefined> {
  for (const ref of await referencesOf(session, text)) {
    const named = await findNamed(session, ref, platform);
    if (named !== undefined) return named;
  }
  if (!ID.test(text)) return undefined;
  const { entries } = await readCatalogue(session.store);
  const matches = matchingId(entries, text);
  return platform === undefined ? matches[0] : matches.find(({ config }) => platformMatches(config, platform));
}

/** 64 hexadecimal digits are always an id (docker refuses them as a name), with `sha256:` even fewer. */
export function referenceOf(text: string): Reference | undefined {
  return text.startsWith('sha256:') || /^[0-9a-f]{64}$/.test(text) ? undefined : parseReference(text);
}

/** What the text may stand for in the store, in order: a name without a registry may be in several. */
export async function referencesOf({ registries }: Pick<StoreSession, 'registries'>, text: string): Promise<Reference[]> {
  const ref = referenceOf(text);
  if (ref === undefined) return [];
  return registries === undefined || ref.transport !== 'docker' || !isShortName(text) ? [ref] : storeNames(await registries(), text);
}

/** The name under which the store keeps a reference. */
export function storedName(ref: Reference): string {
  return ref.transport === 'docker' ? canonicalName(ref) : archiveName(ref);
}

async function findNamed({ paths, store }: StoreSession, ref: Reference, platform: Platform | undefined): Promise<Image | undefined> {
  const name = storedName(ref);
  const target = await getRef(paths, name);
  if (target !== undefined) return unlessMissing(readImage(store, name, target, platform));
  if (ref.transport !== 'docker' || ref.digest === undefined) return undefined;
  const { entries } = await readCatalogue(store);
  const entry = withDigest(entries, ref)[0];
  return entry === undefined ? undefined : unlessMissing(readImage(store, entry.name, descriptorIn(entry, ref), platform));
}

/** An index whose other platforms were pulled: not an error, only not here. */
async function unlessMissing(image: Promise<Image>): Promise<Image | undefined> {
  try {
    return await image;
  } catch (error) {
    const isMissing = error instanceof TsrunError && ['ERR_TSRUN_BLOB_MISSING', 'ERR_TSRUN_PLATFORM_MISSING'].includes(error.code);
    if (isMissing) return undefined;
    throw error;
  }
}

/** `name@digest` is also there when it was pulled by a tag of the same repository: index or manifest. */
export function withDigest(entries: CatalogueEntry[], ref: RegistryReference): CatalogueEntry[] {
  const { tag: _tag, digest: _digest, ...repository } = ref;
  const prefix = canonicalName(repository);
  return entries.filter(
    (entry) =>
      (entry.name.startsWith(`${prefix}:`) || entry.name.startsWith(`${prefix}@`)) && descriptorIn(entry, ref).digest === ref.digest,
  );
}

function descriptorIn({ target, images }: CatalogueEntry, { digest }: RegistryReference): Descriptor {
  return images.find(({ manifestDescriptor }) => manifestDescriptor.digest === digest)?.manifestDescriptor ?? target;
}

/** All names of the one image whose id begins so; `sha256:` and all digits may also be the digest of its manifest or index. */
export function matchingId(entries: CatalogueEntry[], text: string): Image[] {
  const digits = ID.exec(text)?.[1];
  if (digits === undefined) return [];
  const images = entries.flatMap((entry) => entry.images);
  const byId = images.filter((image) => imageId(image).startsWith(`sha256:${digits}`));
  const ids = [...new Set(byId.map(imageId))];
  if (ids.length > 1) {
    const shown = ids.map((id) => id.slice('sha256:'.length, 'sha256:'.length + 12 + Math.max(0, digits.length - 11)));
    throw new TsrunError('ERR_TSRUN_IMAGE_AMBIGUOUS', `${text} could be one of ${ids.length} images: ${shown.slice(0, 10).join(', ')}`, {
      subject: text,
      hint: 'give more digits of the id, or a name',
    });
  }
  if (byId.length > 0 || digits.length < 64) return byId;
  return images.filter(({ target, manifestDescriptor }) =>
    [target.digest, manifestDescriptor.digest].some((each) => each === `sha256:${digits}`),
  );
}
