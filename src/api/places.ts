/** From what the user calls a place to an image that is read there, or to where one is sent: registries, files, the store. */
import { Lease } from '../content/lease.js';
import { TsrunError } from '../errors.js';
import { openArchivedImage } from '../image/archive.js';
import { openArchiveDestination } from '../image/archive-destination.js';
import type { ImageDestination } from '../image/destination.js';
import type { ImageSource } from '../image/fetch.js';
import { archiveName } from '../image/name.js';
import { neighboursIn } from '../image/neighbours.js';
import { findOutgoing, type Outgoing } from '../image/outgoing.js';
import { roleOf } from '../image/parse.js';
import { askedPlatform } from '../image/platform.js';
import { registryDestination, registrySource } from '../image/registry-image.js';
import { storeDestination } from '../image/store-destination.js';
import { storedSource } from '../image/stored-source.js';
import { parseTag } from '../image/tag.js';
import { canonicalName } from '../reference/format.js';
import type { ArchiveReference, RegistryReference } from '../reference/parse.js';
import type { Place } from '../reference/place.js';
import type { Descriptor, Platform } from '../spec/image.js';
import type { RegistryOptions, SendOptions } from './options.js';
import { checkRegistryOptions, openPull, openPush } from './registry-session.js';
import type { Session } from './session.js';

export interface OpenedSource {
  /** for messages */
  name: string;
  /** an image's name in a registry, where it has one */
  ref?: RegistryReference;
  target: Descriptor;
  source: ImageSource;
  platform: Platform | 'all' | undefined;
  /** what is not sent, and why */
  note?: string;
  close(): Promise<void>;
}

export interface OpenedDestination {
  /** canonical */
  name: string;
  destination: ImageDestination;
  /** what the destination is to call the image, where its own place does not say it */
  names: readonly string[];
  close(): Promise<void>;
}

type SideOptions = SendOptions & RegistryOptions;

/** Which platforms are asked for. @throws ERR_TSRUN_USAGE */
function askedPlatforms(options: SendOptions): Platform | 'all' | undefined {
  const asked = askedPlatform(options);
  if (asked !== undefined && options.allPlatforms === true) {
    throw new TsrunError('ERR_TSRUN_USAGE', '--all-platforms and --platform contradict each other', { hint: 'leave one of them out' });
  }
  return options.allPlatforms === true ? 'all' : asked;
}

/** @param options with the logins of this side */
export async function openSource(session: Session, place: Place, options: SideOptions): Promise<OpenedSource> {
  if (place.transport === 'store') return openStored(session, place.name, options);
  return place.transport === 'docker' ? openRemote(session, place, options) : openArchived(session, place, options);
}

async function openStored({ paths, store, registries }: Session, text: string, options: SideOptions): Promise<OpenedSource> {
  const lease = new Lease(paths);
  const close = async () => lease[Symbol.dispose]();
  return orClosed(close, async () => {
    const found: Outgoing = await findOutgoing({ paths, store, registries }, lease, text, askedPlatforms(options));
    return { ...found, source: storedSource(store), close };
  });
}

async function openRemote(session: Session, ref: RegistryReference, options: SideOptions): Promise<OpenedSource> {
  const platform = askedPlatforms(options);
  checkRegistryOptions(options);
  const name = canonicalName(ref);
  options.onProgress?.({ type: 'resolve', reference: name });
  const client = await openPull(session, ref, options);
  const close = () => client.close();
  return orClosed(close, async () => {
    const top = await client.manifest(ref, ref.digest ?? ref.tag ?? 'latest');
    roleOf(top.descriptor);
    return { name, ref, target: top.descriptor, source: registrySource(client, ref, top), platform, close };
  });
}

async function openArchived({ paths }: Session, place: ArchiveReference, options: SideOptions): Promise<OpenedSource> {
  const platform = askedPlatforms(options);
  const opened = await openArchivedImage(paths, place, { platform: platform === 'all' ? undefined : platform, signal: options.signal });
  const { target, source } = opened;
  return { name: archiveName(place), target, source, platform, close: async () => opened[Symbol.asyncDispose]() };
}

/** @param from what is to be sent there: a registry may have its blobs next door */
export async function openDestination(
  session: Session,
  place: Place,
  from: OpenedSource,
  options: SideOptions,
): Promise<OpenedDestination> {
  if (place.transport === 'store') {
    const name = canonicalName(parseTag(place.name));
    const lease = new Lease(session.paths);
    const close = async () => lease[Symbol.dispose]();
    return { name, names: [name], destination: storeDestination(session, lease, options.signal), close };
  }
  if (place.transport === 'docker') return openRegistryDestination(session, place, from, options);
  return {
    name: archiveName(place),
    names: [],
    destination: await openArchiveDestination(place, options.signal),
    close: async () => undefined,
  };
}

async function openRegistryDestination(
  session: Session,
  place: RegistryReference,
  from: OpenedSource,
  options: SideOptions,
): Promise<OpenedDestination> {
  checkRegistryOptions(options);
  const { client, ref, placeOf } = await openPush(session, place, options);
  const close = () => client.close();
  return orClosed(close, async () => {
    const known = await neighboursIn(session.store, ref, placeOf);
    const source = from.ref === undefined ? undefined : placeOf(from.ref);
    const first = source?.registry === ref.registry && source.repository !== ref.repository ? [source.repository] : [];
    const destination = registryDestination(client, ref, (digest) => [...new Set([...first, ...known(digest)])]);
    return { name: canonicalName(place), names: [], destination, close };
  });
}

async function orClosed<T>(close: () => Promise<void>, open: () => Promise<T>): Promise<T> {
  try {
    return await open();
  } catch (error) {
    await close();
    throw error;
  }
}
