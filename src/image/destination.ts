/**
 * The way an image goes out: from any source to any destination, what is below before what names it. `push`, `copy` and `save` are this
 * with different ends.
 */
import type { SendEvent } from '../api/options.js';
import { untilAborted } from '../content/receive.js';
import { TsrunError } from '../errors.js';
import type { Descriptor, ImageManifest, Platform } from '../spec/image.js';
import { INDEX_DEPTH, MANIFEST_LIMIT } from '../spec/limits.js';
import { atOnce } from './at-once.js';
import { type ImageSource, untilRight } from './fetch.js';
import { resolveManifest } from './image.js';
import { CONFIG_LIMIT, parseConfig, parseIndex, parseSomeManifest, roleOf } from './parse.js';
import { formatPlatform, platformMatches, platformMissing } from './platform.js';
import { verifiedBlob, verifiedDocument, verifiedWhole } from './verified.js';

/** Where an image goes. Whoever writes one need not verify: what does not match its digest ends in an error of the bytes, not in bytes. */
export interface ImageDestination {
  /** How many blobs it takes side by side: 1 for what is written in one stream. */
  readonly blobsAtOnce: number;
  /** Whether a config or layer is there already, or comes to be there without its bytes. */
  has(descriptor: Descriptor): Promise<boolean>;
  /** Whether a blob whose bytes were wrong may come again, from somewhere else: not into what is written in one stream. */
  readonly takesAgain?: boolean;
  /**
   * A config or layer that was not there; each digest once. May be iterated again, and then begins anew. When the iteration throws, that error
   * is to be thrown, and nothing may have the blob's name.
   */
  blob(descriptor: Descriptor, bytes: AsyncIterable<Uint8Array>): Promise<void>;
  /** A manifest or index, after all that it names; each digest once. @param isTop what finish() will give a name to */
  document(descriptor: Descriptor, bytes: Uint8Array, isTop: boolean): Promise<void>;
  /** All is there: the names are given, the file gets its own. To be called once. */
  finish(images: readonly SentImage[]): Promise<void>;
  /** Nothing more comes: what is half made goes. After a failure, of finish() too. */
  abort(): Promise<void>;
}

export interface SentImage {
  /** what the destination is told to name: an index or a manifest */
  target: Descriptor;
  bytes: Uint8Array;
  /** all that was sent, in the order of the index; the target itself where it is no index */
  manifests: { descriptor: Descriptor; manifest: ImageManifest }[];
  /** what the caller wants it to be called there, as he wrote it */
  names: readonly string[];
}

export interface SendOptions {
  /** of the source, for messages */
  name: string;
  names?: readonly string[];
  /** `all`: an index goes with all that it names, and keeps its digest. Otherwise one of its manifests goes alone; undefined: this machine's. */
  platform?: Platform | 'all' | undefined;
  signal?: AbortSignal | undefined;
  onProgress?: ((event: SendEvent) => void) | undefined;
}

interface Sending {
  source: ImageSource;
  destination: ImageDestination;
  options: SendOptions;
  /** digests that are there by now */
  sent: Set<string>;
  manifests: SentImage['manifests'];
  top: Descriptor;
}

/**
 * Sends all of an image but its name, which finish() gives. The caller keeps the source's blobs from being removed meanwhile.
 * Errors: the source's, the destination's, ERR_TSRUN_BLOB_DIGEST, ERR_TSRUN_BLOB_SIZE, ERR_TSRUN_MANIFEST_INVALID, ERR_TSRUN_CONFIG_INVALID,
 * ERR_TSRUN_MEDIA_TYPE, ERR_TSRUN_PLATFORM_MISSING, ERR_TSRUN_INTERRUPTED.
 */
export async function sendImage(
  source: ImageSource,
  target: Descriptor,
  destination: ImageDestination,
  options: SendOptions,
): Promise<SentImage> {
  const top = await chosen(source, target, options);
  const sending: Sending = { source, destination, options, sent: new Set(), manifests: [], top };
  const bytes = await sendDocument(sending, top, 0);
  return { target: top, bytes, manifests: sending.manifests, names: options.names ?? [] };
}

/** Sends one or more images and gives them their names; after a failure the destination is as if nothing had been sent. */
export async function deliver<T extends SentImage>(
  destination: ImageDestination,
  send: () => Promise<readonly T[]>,
): Promise<readonly T[]> {
  try {
    const images = await send();
    await destination.finish(images);
    return images;
  } catch (error) {
    await destination.abort();
    throw error;
  }
}

async function chosen(source: ImageSource, target: Descriptor, { name, platform }: SendOptions): Promise<Descriptor> {
  if (platform === 'all') return target;
  const read = (descriptor: Descriptor, limit: number) => verifiedDocument(source.document(descriptor), descriptor, limit);
  const { descriptor, manifest } = await resolveManifest(name, target, platform, read);
  if (platform === undefined) return descriptor;
  // The config decides, not what an index says of it
  const bytes = await verifiedWhole(source, manifest.config, CONFIG_LIMIT);
  const config = parseConfig(bytes, manifest.config, manifest.layers.length);
  if (!platformMatches(config, platform)) throw platformMissing(name, platform, [formatPlatform(config)]);
  return descriptor;
}

async function sendDocument(sending: Sending, descriptor: Descriptor, depth: number): Promise<Uint8Array> {
  const { source, destination, sent, top, options } = sending;
  const isIndex = roleOf(descriptor) === 'index';
  if (isIndex && depth === INDEX_DEPTH) {
    throw new TsrunError('ERR_TSRUN_MANIFEST_INVALID', `${options.name}: an index in an index in an index is not an image`, {
      subject: descriptor.digest,
      hint: 'name one of its images by digest',
    });
  }
  const bytes = await verifiedDocument(source.document(descriptor), descriptor, MANIFEST_LIMIT);
  if (isIndex) {
    for (const child of parseIndex(bytes, descriptor).manifests) if (!sent.has(child.digest)) await sendDocument(sending, child, depth + 1);
  } else await sendBelow(sending, descriptor, bytes);
  sent.add(descriptor.digest);
  await destination.document(descriptor, bytes, descriptor.digest === top.digest);
  return bytes;
}

async function sendBelow(sending: Sending, descriptor: Descriptor, bytes: Uint8Array): Promise<void> {
  const { destination, sent, options } = sending;
  const manifest = parseSomeManifest(bytes, descriptor);
  sending.manifests.push({ descriptor, manifest });
  const blobs = [...new Map([manifest.config, ...manifest.layers].map((blob) => [blob.digest, blob])).values()];
  const layers = blobs.filter(({ digest }) => digest !== manifest.config.digest);
  options.onProgress?.({
    type: 'manifest',
    digest: descriptor.digest,
    layers: layers.map(({ digest, size }) => ({ digest, size })),
  });
  const missing = blobs.filter(({ digest }) => !sent.has(digest));
  await atOnce(destination.blobsAtOnce, missing, options.signal, async (blob, signal) => {
    const isLayer = blob.digest !== manifest.config.digest;
    await sendBlob(sending, blob, signal, isLayer ? options.onProgress : undefined);
  });
  for (const { digest } of missing) sent.add(digest);
}

async function sendBlob(
  { source, destination }: Sending,
  descriptor: Descriptor,
  signal: AbortSignal,
  onProgress: SendOptions['onProgress'],
): Promise<void> {
  const { digest, size } = descriptor;
  const alreadyPresent = await destination.has(descriptor);
  if (!alreadyPresent) {
    const onBytes = (bytes: number) => onProgress?.({ type: 'upload', digest, bytes, size });
    const bytes = counted(verifiedBlob(source, descriptor), descriptor, signal, onBytes);
    const send = () => destination.blob(descriptor, bytes);
    await (destination.takesAgain ? untilRight(source, descriptor, send) : send());
  }
  onProgress?.({ type: 'uploaded', digest, alreadyPresent });
}

function counted(
  bytes: AsyncIterable<Uint8Array>,
  { digest }: Descriptor,
  signal: AbortSignal,
  onBytes: (total: number) => void,
): AsyncIterable<Uint8Array> {
  return {
    async *[Symbol.asyncIterator]() {
      let total = 0;
      for await (const chunk of untilAborted(bytes, { signal, what: `blob ${digest}` })) {
        total += chunk.length;
        onBytes(total);
        yield chunk;
      }
    },
  };
}
