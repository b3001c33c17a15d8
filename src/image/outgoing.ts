/** What of an image of the store goes out: all that its name leads to, or the platform that is here. */
import { reachable } from '../content/gc.js';
import type { Lease } from '../content/lease.js';
import { getRef } from '../content/refs.js';
import type { ContentStore } from '../content/store.js';
import { TsrunError } from '../errors.js';
import type { RegistryReference } from '../reference/parse.js';
import type { Digest } from '../spec/digest.js';
import type { Descriptor, Platform } from '../spec/image.js';
import { MANIFEST_LIMIT } from '../spec/limits.js';
import { INDEX_TYPES } from '../spec/media-types.js';
import { readEntry } from './catalogue.js';
import type { StoreSession } from './fetch.js';
import { referencesOf, storedName } from './find.js';
import { parseIndex } from './parse.js';
import { formatPlatform, hostPlatform, platformMatches } from './platform.js';
import { lookUp } from './tag.js';

export interface Outgoing {
  /** as the store has it, or as it was asked for */
  name: string;
  /** Where it is from, or is to go; undefined for an id and for what is called by a path. */
  ref?: RegistryReference;
  target: Descriptor;
  platform: Platform | 'all';
  /** what is not sent, and why */
  note?: string;
}

/**
 * Finds it, keeps it by the lease, and says what of it can be sent.
 * @param asked `all`: it must be here with all that it names; undefined: all of it if that is here, else this machine's platform or the only one
 * @throws ERR_TSRUN_IMAGE_NOT_FOUND, ERR_TSRUN_IMAGE_AMBIGUOUS, ERR_TSRUN_PLATFORM_MISSING
 */
export async function findOutgoing(
  session: StoreSession,
  lease: Lease,
  text: string,
  asked: Platform | 'all' | undefined,
): Promise<Outgoing> {
  const { store } = session;
  const { id: _id, ...found } = await findForSending(session, text);
  const { name, target } = found;
  await lease.protect([...(await reachable(store, target))]);
  const lacking = await lackingBelow(store, target);
  if (asked === 'all' && lacking.length > 0) throw incomplete(name, lacking);
  if (lacking.length === 0 && (asked === undefined || asked === 'all')) return { ...found, platform: 'all' };
  const platforms = (await readEntry(store, name, target)).entry.images.map(({ config }) => config);
  const platform = chosen(name, platforms, asked === 'all' ? undefined : asked);
  if (asked !== undefined || lacking.length === 0) return { ...found, platform };
  const note = `of ${name} the store has no more than ${platforms.map(formatPlatform).join(', ')}: ${formatPlatform(platform)} is sent alone, with a digest of its own`;
  return { ...found, platform, note };
}

/** @throws ERR_TSRUN_IMAGE_NOT_FOUND, ERR_TSRUN_IMAGE_AMBIGUOUS */
export async function findForSending(
  session: StoreSession,
  text: string,
): Promise<Pick<Outgoing, 'name' | 'ref' | 'target'> & { id: Digest }> {
  for (const ref of await referencesOf(session, text)) {
    const name = storedName(ref);
    const isHere = (await getRef(session.paths, name)) !== undefined || (ref.transport === 'docker' && ref.digest !== undefined);
    if (isHere) return { name, ...(ref.transport === 'docker' ? { ref } : {}), ...(await lookUp(session, name)) };
  }
  return { name: text, ...(await lookUp(session, text)) };
}

/** What of it is not here, in words: platforms of an index, or the digest. */
async function lackingBelow(store: ContentStore, target: Descriptor): Promise<string[]> {
  if (await isWhole(store, target)) return [];
  if (!INDEX_TYPES.includes(target.mediaType) || !(await store.has(target.digest))) return [target.digest];
  const { manifests } = parseIndex(await store.readBytes(target, MANIFEST_LIMIT), target);
  const lacking: string[] = [];
  for (const child of manifests)
    if (!(await isWhole(store, child))) lacking.push(child.platform === undefined ? child.digest : formatPlatform(child.platform));
  return lacking;
}

async function isWhole(store: ContentStore, target: Descriptor): Promise<boolean> {
  for (const digest of await reachable(store, target)) if (!(await store.has(digest))) return false;
  return true;
}

function incomplete(name: string, lacking: readonly string[]): TsrunError {
  const shown = lacking.slice(0, 10).join(', ') + (lacking.length > 10 ? ', …' : '');
  return new TsrunError(
    'ERR_TSRUN_PLATFORM_MISSING',
    `the store does not have all of ${name}: there is nothing, or not all, for ${shown}`,
    {
      subject: name,
      hint: 'leave --all-platforms out to send what is here, or copy the image from its registry: tsrun copy --all-platforms docker://NAME …',
    },
  );
}

function chosen(name: string, platforms: readonly Platform[], asked: Platform | undefined): Platform {
  const match = platforms.find((each) => platformMatches(each, asked ?? hostPlatform()));
  if (match !== undefined) return asked ?? plain(match);
  const [only, ...others] = platforms;
  if (asked === undefined && only !== undefined && others.length === 0) return plain(only);
  const here = platforms.map(formatPlatform).join(', ');
  throw new TsrunError(
    'ERR_TSRUN_PLATFORM_MISSING',
    `the store does not have ${name} for ${formatPlatform(asked ?? hostPlatform())}${here === '' ? '' : `, only for ${here}`}`,
    { subject: name, hint: `pull it first: tsrun pull --platform ${formatPlatform(asked ?? hostPlatform())} ${name}` },
  );
}

function plain({ os, architecture, variant }: Platform): Platform {
  return { os, architecture, ...(variant === undefined ? {} : { variant }) };
}
