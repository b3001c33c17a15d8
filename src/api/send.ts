/** `push` and `copy`: an image from one place to another, byte for byte. */
import { TsrunError } from '../errors.js';
import { deliver, sendImage } from '../image/destination.js';
import { parseReference, type RegistryReference } from '../reference/parse.js';
import { type Place, parsePlace } from '../reference/place.js';
import { checkArguments } from './check-arguments.js';
import type { CopyImageOptions, PushOptions, RegistryOptions, SendOptions } from './options.js';
import { type OpenedDestination, type OpenedSource, openDestination, openSource } from './places.js';
import { recordImage } from './record.js';
import { openStore, type Session } from './session.js';

export interface SentImage {
  /** where it is now: a canonical reference */
  name: string;
  /** of the manifest or index there */
  digest: string;
}

/**
 * Sends an image of the store to a registry, as it was pulled: the digest stays. An image for several platforms goes with all of them when the
 * store has them all; else the one that is here, this machine's first, goes alone, and a note says so.
 * @param destination a reference, without transport in a registry; default: where the image's own name says
 * @throws ERR_TSRUN_IMAGE_NOT_FOUND, ERR_TSRUN_PLATFORM_MISSING, ERR_TSRUN_REGISTRY_*
 */
export async function push(image: string, destination?: string, options: PushOptions = {}): Promise<SentImage> {
  const own = checkArguments({ image, ...(destination === undefined ? {} : { destination }) }, options);
  const session = await openStore(own);
  const place = destination === undefined ? undefined : parseReference(destination);
  return send(session, { transport: 'store', name: image }, own, (from) => place ?? ownPlace(image, from), own);
}

function ownPlace(image: string, { ref }: OpenedSource): RegistryReference {
  if (ref !== undefined) return ref;
  throw new TsrunError('ERR_TSRUN_USAGE', `${image} does not say where it is to go`, {
    subject: image,
    hint: `name a place behind it: tsrun push ${image} HOST/NAME:TAG`,
  });
}

/**
 * Copies an image between registries (`docker://…`), files (`oci:…` and the others) and the store (a bare name), byte for byte.
 * Of an image for several platforms: `platform`, or with `allPlatforms` the whole; by default this machine's, and from the store as push does.
 * @throws what push throws, and what reading the source does
 */
export async function copyImage(source: string, destination: string, options: CopyImageOptions = {}): Promise<SentImage> {
  const own = checkArguments({ source, destination }, options);
  const [from, to] = [parsePlace(source), parsePlace(destination)];
  const session = await openStore(own);
  return send(session, from, sideOf(own, 'src'), () => to, sideOf(own, 'dest'));
}

/** What one side is asked with. */
function sideOf(options: CopyImageOptions, side: 'src' | 'dest'): SendOptions & RegistryOptions {
  const { srcAuthfile, destAuthfile, srcCreds, destCreds, srcTlsVerify, destTlsVerify, srcCertDir, destCertDir, ...shared } = options;
  const own = {
    src: { authfile: srcAuthfile, creds: srcCreds, tlsVerify: srcTlsVerify, certDir: srcCertDir },
    dest: { authfile: destAuthfile, creds: destCreds, tlsVerify: destTlsVerify, certDir: destCertDir },
  }[side];
  return { ...shared, ...Object.fromEntries(Object.entries(own).filter(([, value]) => value !== undefined)) };
}

type SideOptions = SendOptions & RegistryOptions;

async function send(
  session: Session,
  sourcePlace: Place,
  sourceOptions: SideOptions,
  placeFor: (from: OpenedSource) => Place,
  options: SideOptions,
): Promise<SentImage> {
  const from = await openSource(session, sourcePlace, sourceOptions);
  try {
    const place = placeFor(from);
    const to = await openDestination(session, place, from, options);
    try {
      const sent = await sendOpened(from, to, options);
      record(session, sourcePlace, place, sent);
      return sent;
    } finally {
      await to.close();
    }
  } finally {
    await from.close();
  }
}

async function sendOpened(from: OpenedSource, to: OpenedDestination, options: SideOptions): Promise<SentImage> {
  const { signal, onProgress, onNote } = options;
  const { source, target, platform } = from;
  if (from.note !== undefined) onNote?.(from.note);
  onProgress?.({ type: 'resolve', reference: to.name });
  const sending = { name: from.name, names: to.names, platform, signal, onProgress };
  const [image] = await deliver(to.destination, async () => [await sendImage(source, target, to.destination, sending)]);
  const digest = (image ?? { target }).target.digest;
  onProgress?.({ type: 'done', reference: to.name, digest });
  return { name: to.name, digest };
}

/** docker's words for what happened to the store, or from it. */
function record({ paths }: Session, source: Place, place: Place, { name }: SentImage): void {
  if (place.transport === 'store') recordImage(paths, source.transport === 'store' ? 'tag' : 'pull', name, name);
  else if (place.transport === 'docker' && source.transport === 'store') recordImage(paths, 'push', name, name);
}
