/** Images of the store into one archive, in an order that does not depend on how they were named. */
import { reachable } from '../content/gc.js';
import { Lease } from '../content/lease.js';
import { TsrunError } from '../errors.js';
import { canonicalName } from '../reference/format.js';
import type { Digest } from '../spec/digest.js';
import type { Descriptor, Platform } from '../spec/image.js';
import { INDEX_TYPES, MANIFEST_TYPES } from '../spec/media-types.js';
import { deliver, type ImageDestination, type SentImage, sendImage } from './destination.js';
import type { ImageSource, StoreSession } from './fetch.js';
import { type Held, heldBelow } from './held.js';
import { readImage } from './image.js';
import { tagOf } from './layout-index.js';
import { findForSending } from './outgoing.js';
import { parseIndex } from './parse.js';
import { formatPlatform, isAttestation, platformMissing } from './platform.js';
import { storedSource } from './stored-source.js';

export interface SaveOptions {
  /** Of an index this one alone; `all`: it must be here with all that it names; undefined: what of it is here. Its digest is kept. */
  platform?: Platform | 'all' | undefined;
  signal?: AbortSignal | undefined;
}

interface Chosen {
  /** as the caller wrote it, for messages */
  text: string;
  id: Digest;
  target: Descriptor;
  /** The tag that was asked for: by id, by digest or by path an image has none. */
  names: string[];
}

/**
 * @returns what the archive names, in its order
 * @throws ERR_TSRUN_IMAGE_NOT_FOUND, ERR_TSRUN_IMAGE_AMBIGUOUS, ERR_TSRUN_PLATFORM_MISSING, ERR_TSRUN_BLOB_*, and the destination's
 */
export async function saveImages(
  session: StoreSession,
  texts: readonly string[],
  open: () => Promise<ImageDestination>,
  { platform, signal }: SaveOptions = {},
): Promise<(SentImage & { id: Digest })[]> {
  const { paths, store } = session;
  using kept = new Lease(paths);
  const chosen: Chosen[] = [];
  for (const text of texts) {
    const one = await find(session, text);
    await kept.protect([...(await reachable(store, one.target))], signal);
    chosen.push(one);
  }
  const source = { ...storedSource(store), holds: ({ digest }: Descriptor) => store.has(digest) };
  const destination = await open();
  const saved = await deliver(destination, async () => {
    const sent: (SentImage & { id: Digest })[] = [];
    for (const one of onceEach(chosen)) {
      const only =
        platform === undefined || platform === 'all'
          ? platform
          : (await readImage(store, one.text, one.target, platform)).manifestDescriptor;
      sent.push({ ...(await sendHeld(source, one, destination, only, signal)), id: one.id });
    }
    return sent;
  });
  return [...saved];
}

async function find(session: StoreSession, text: string): Promise<Chosen> {
  const { ref, target, id } = await findForSending(session, text);
  const tag = ref === undefined ? undefined : tagOf(canonicalName(ref));
  return { text, id, target, names: tag === undefined ? [] : [tag] };
}

/** Sorted by what they are called, then by digest; what was asked for under several names is one image with all of them. */
function onceEach(chosen: readonly Chosen[]): Chosen[] {
  const byTarget = new Map<string, Chosen>();
  for (const one of chosen) {
    const names = [...new Set([...(byTarget.get(one.target.digest)?.names ?? []), ...one.names])].sort();
    byTarget.set(one.target.digest, { ...one, names });
  }
  const key = ({ names, target }: Chosen) => `${names[0] ?? ''} ${target.digest}`;
  return [...byTarget.values()].sort((a, b) => (key(a) < key(b) ? -1 : 1));
}

/** @param only one manifest of the index */
async function sendHeld(
  source: ImageSource,
  { text: name, target, names }: Chosen,
  destination: ImageDestination,
  only: Descriptor | 'all' | undefined,
  signal: AbortSignal | undefined,
): Promise<SentImage> {
  const sending = { name, names, platform: 'all', signal } as const;
  if (MANIFEST_TYPES.includes(target.mediaType)) return sendImage(source, target, destination, sending);
  const held = await heldBelow(source, target);
  if (only === 'all') await assertWhole(source, held, name);
  const leaves = held.manifests.filter(({ digest }) => only === undefined || only === 'all' || digest === only.digest);
  if (leaves.length === 0) throw platformMissing(name, undefined, []);
  const manifests: SentImage['manifests'] = [];
  const below = { ...destination, document: (descriptor: Descriptor, bytes: Uint8Array) => destination.document(descriptor, bytes, false) };
  for (const leaf of leaves) manifests.push(...(await sendImage(source, leaf, below, sending)).manifests);
  for (const index of held.indexes.toReversed())
    await destination.document(index, await source.document(index), index.digest === target.digest);
  return { target, bytes: await source.document(target), manifests, names };
}

/** Statements about images are never pulled, and not missed. */
async function assertWhole(source: ImageSource, { indexes, manifests }: Held, name: string): Promise<void> {
  const here = new Set([...indexes, ...manifests].map(({ digest }) => digest));
  for (const index of indexes) {
    const missing = parseIndex(await source.document(index), index).manifests.find(
      (child) => !here.has(child.digest) && !isAttestation(child) && [...INDEX_TYPES, ...MANIFEST_TYPES].includes(child.mediaType),
    );
    if (missing === undefined) continue;
    const which = missing.platform === undefined ? missing.digest : formatPlatform(missing.platform);
    throw new TsrunError('ERR_TSRUN_PLATFORM_MISSING', `the store does not have ${name} for ${which}`, {
      subject: name,
      hint: 'pull it with --platform first, or leave --all-platforms out to save what is here',
    });
  }
}
