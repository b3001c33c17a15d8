/**
 * Giving names to images and taking them away. Neither loses an image: one whose last name goes keeps its digest as a name, in the same
 * repository, as docker's `<none>`. Only what removes images (rmi, prune, gc) removes it.
 */
import { reachable } from '../content/gc.js';
import { Lease } from '../content/lease.js';
import { getRef, type Keep, putRef, removeRefs } from '../content/refs.js';
import { TsrunError } from '../errors.js';
import { archiveTransport } from '../reference/archive.js';
import { canonicalName } from '../reference/format.js';
import { parseReference, type RegistryReference } from '../reference/parse.js';
import type { Digest } from '../spec/digest.js';
import type { Descriptor } from '../spec/image.js';
import { type CatalogueEntry, readCatalogue } from './catalogue.js';
import type { StoreSession } from './fetch.js';
import { matchingId, referencesOf, storedName, withDigest } from './find.js';
import { imageId } from './image.js';

/** Where the image of an archive keeps its digest: a path is no repository. */
const NOWHERE = 'localhost/untagged';

const DIGEST_ONLY = /^[^@]*\/[^:@]*@sha256:[0-9a-f]{64}$/;

/** `repository@digest` and nothing else: what `images` shows as `<none>`. */
export function isDigestName(name: string): boolean {
  return DIGEST_ONLY.test(name) && archiveTransport(name) === undefined;
}

/** What a tag may be. @throws ERR_TSRUN_REFERENCE_INVALID */
export function parseTag(text: string): RegistryReference & { tag: string } {
  const ref = parseReference(text);
  if (ref.transport === 'docker' && ref.digest === undefined && ref.tag !== undefined) return { ...ref, tag: ref.tag };
  const reason = ref.transport === 'docker' ? 'a tag has no digest' : 'a path is no tag';
  throw new TsrunError('ERR_TSRUN_REFERENCE_INVALID', `${JSON.stringify(text)} cannot be a tag: ${reason}`, {
    subject: text,
    hint: 'write NAME[:TAG]',
  });
}

/** @returns the id of the image, and the canonical names that it has from now on @throws ERR_TSRUN_IMAGE_NOT_FOUND, ERR_TSRUN_REFERENCE_INVALID */
export async function tagImage(
  session: StoreSession,
  source: string,
  targets: readonly string[],
): Promise<{ id: Digest; names: string[] }> {
  const { paths, store } = session;
  const names = targets.map((text) => canonicalName(parseTag(text)));
  using kept = new Lease(paths);
  const { target, id } = await lookUp(session, source);
  await kept.protect([...(await reachable(store, target))]);
  if (!(await store.has(target.digest))) throw notFound(source); // removed before it was protected
  for (const name of names) await moveName(session, name, target);
  return { id, names };
}

/** What had the name so far keeps its digest as one, unless it has another name: both are decided and done under one lock. A damaged reference is replaced. */
export async function moveName({ paths, store }: StoreSession, name: string, target: Descriptor): Promise<void> {
  const keep: Keep = async (before, _, left) => {
    const isNamed = left.some(({ descriptor }) => descriptor.digest === before.digest);
    return isNamed || !(await store.has(before.digest)) ? undefined : digestName(name, before.digest);
  };
  await putRef(paths, name, target, { keep });
}

/** Of an image that has no other name. */
export function untaggedName(digest: Digest): string {
  return `${NOWHERE}@${digest}`;
}

export function digestName(name: string, digest: Digest): string {
  const ref = parseReference(name);
  if (ref.transport !== 'docker') return untaggedName(digest);
  const { tag: _tag, ...repository } = ref;
  return canonicalName({ ...repository, digest });
}

/**
 * @param names to take away; none: all of them, but those that are digests
 * @throws ERR_TSRUN_IMAGE_NOT_FOUND, also for a name that is not the image's (nothing is taken away then)
 */
export async function untagImage(
  session: StoreSession,
  image: string,
  names: readonly string[],
): Promise<{ id: Digest; untagged: string[] }> {
  const { id } = await lookUp(session, image);
  const { entries } = await readCatalogue(session.store);
  const own = entries.filter((entry) => entry.images.some((each) => imageId(each) === id));
  const ownNames = new Set(own.map(({ name }) => name));
  const asked = await Promise.all(
    names.map(async (text) => (await referencesOf(session, text)).map(storedName).find((name) => ownNames.has(name))),
  );
  const stranger = asked.indexOf(undefined);
  if (stranger >= 0)
    throw new TsrunError('ERR_TSRUN_IMAGE_NOT_FOUND', `${names[stranger]} is no name of the image ${image}`, {
      subject: names[stranger] ?? '',
      hint: 'list the names with: tsrun images',
    });
  const gone = own.filter(({ name }) => (asked.length === 0 ? !isDigestName(name) : asked.includes(name)));
  const seen = gone.map(({ name, target }) => ({ name, descriptor: target }));
  const untagged = await removeRefs(session.paths, seen, (target, lost, left) =>
    left.some(({ descriptor }) => descriptor.digest === target.digest) ? undefined : lastName(lost, target.digest),
  );
  return { id, untagged };
}

/** The digest in the repository of a name rather than of a path: it says more of where the image is from. */
function lastName(names: readonly string[], digest: Digest): string {
  const named = names.findLast((name) => parseReference(name).transport === 'docker');
  return names.find(isDigestName) ?? digestName(named ?? '', digest);
}

/** A name means all that it leads to, other platforms as well; an id the one image, and all below its name where that is all there is. */
export async function lookUp(session: StoreSession, text: string): Promise<{ target: Descriptor; id: Digest }> {
  const { entries } = await readCatalogue(session.store);
  for (const ref of await referencesOf(session, text)) {
    const name = storedName(ref);
    const named = await getRef(session.paths, name);
    const entry = named && entries.find((each) => each.name === name);
    if (entry) return { target: entry.target, id: idOf(entry) };
    const byDigest = ref.transport === 'docker' && ref.digest !== undefined ? withDigest(entries, ref)[0] : undefined;
    if (byDigest) return { target: byDigest.target, id: idOf(byDigest) };
  }
  const [image] = matchingId(entries, text);
  if (image === undefined) throw notFound(text);
  const isAll = entries.some((each) => each.target.digest === image.target.digest && each.images.length === 1);
  return { target: isAll ? image.target : image.manifestDescriptor, id: imageId(image) };
}

function idOf({ target, images: [first] }: CatalogueEntry): Digest {
  return first === undefined ? target.digest : imageId(first);
}

function notFound(text: string): TsrunError {
  return new TsrunError('ERR_TSRUN_IMAGE_NOT_FOUND', `no image ${text} in the store`, {
    subject: text,
    hint: 'list the images with: tsrun images',
  });
}
