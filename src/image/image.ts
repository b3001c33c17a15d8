/** One image of the store: a name, and all that its documents say, checked against each other. */
import { createHash } from 'node:crypto';
import type { ContentStore } from '../content/store.js';
import { TsrunError } from '../errors.js';
import type { ChainId, DiffId, Digest } from '../spec/digest.js';
import type { Descriptor, ImageConfig, ImageManifest, Platform } from '../spec/image.js';
import { INDEX_DEPTH, MANIFEST_LIMIT } from '../spec/limits.js';
import { CONFIG_LIMIT, parseConfig, parseIndex, parseManifest, roleOf } from './parse.js';
import { choosePlatform, formatPlatform, platformMatches, platformMissing } from './platform.js';

export interface Image {
  /** canonical reference: `docker.io/library/alpine:latest`, `oci:/dir:ref` */
  name: string;
  /** what the reference names: an index or a manifest */
  target: Descriptor;
  manifestDescriptor: Descriptor;
  manifest: ImageManifest;
  /** Its digest is the image's id. */
  configDescriptor: Descriptor;
  config: ImageConfig;
  /** from the base upwards */
  layers: ImageLayer[];
}

export interface ImageLayer {
  descriptor: Descriptor;
  diffId: DiffId;
  chainId: ChainId;
}

/** The id that docker shows. */
export function imageId(image: Image): Digest {
  return image.configDescriptor.digest;
}

/** Reads the bytes of a descriptor, verified; from the store, or by fetching them into it. */
export type ReadDocument = (descriptor: Descriptor, limit: number) => Promise<Buffer>;

export interface ResolvedManifest {
  descriptor: Descriptor;
  manifest: ImageManifest;
}

/** target → (index →)* manifest. Errors: those of `read`, ERR_TSRUN_MANIFEST_INVALID, ERR_TSRUN_MEDIA_TYPE, ERR_TSRUN_PLATFORM_MISSING. */
export async function resolveManifest(
  name: string,
  target: Descriptor,
  wanted: Platform | undefined,
  read: ReadDocument,
): Promise<ResolvedManifest> {
  let descriptor = target;
  for (let depth = 0; roleOf(descriptor) === 'index'; depth += 1) {
    if (depth === INDEX_DEPTH) {
      throw new TsrunError('ERR_TSRUN_MANIFEST_INVALID', `${name}: an index in an index in an index is not an image`, {
        subject: descriptor.digest,
        hint: 'name one of its images by digest',
      });
    }
    const bytes = await read(descriptor, MANIFEST_LIMIT);
    descriptor = choosePlatform(parseIndex(bytes, descriptor), wanted, name);
  }
  return { descriptor, manifest: parseManifest(await read(descriptor, MANIFEST_LIMIT), descriptor) };
}

/** Reads the config, checks it against the manifest, and puts the image together. Errors: those of `read`, ERR_TSRUN_CONFIG_INVALID. */
export async function assembleImage(
  name: string,
  target: Descriptor,
  { descriptor, manifest }: ResolvedManifest,
  read: ReadDocument,
): Promise<Image> {
  const config = parseConfig(await read(manifest.config, CONFIG_LIMIT), manifest.config, manifest.layers.length);
  const chain = chainIds(config.rootfs.diff_ids);
  const layers = manifest.layers.map((layer, index): ImageLayer => {
    const diffId = config.rootfs.diff_ids[index] as DiffId;
    return { descriptor: layer, diffId, chainId: chain[index] as ChainId };
  });
  return { name, target, manifestDescriptor: descriptor, manifest, configDescriptor: manifest.config, config, layers };
}

/**
 * An index may say one platform and the config another: the config decides. What was asked for must match;
 * where nothing was, an image for another machine is let through (an emulator may run it), one for another system is not.
 * @throws TsrunError ERR_TSRUN_PLATFORM_MISSING
 */
export function assertPlatform({ name, config }: Image, wanted: Platform | undefined): void {
  const matches = wanted === undefined ? config.os === 'linux' : platformMatches(config, wanted);
  if (!matches) throw platformMissing(name, wanted, [formatPlatform(config)]);
}

/**
 * An image whose documents are all in the store; layers are not looked at.
 * Errors: as resolveManifest, assembleImage, assertPlatform and ContentStore.readBytes.
 */
export async function readImage(store: ContentStore, name: string, target: Descriptor, wanted?: Platform): Promise<Image> {
  const read: ReadDocument = (descriptor, limit) => store.readBytes(descriptor, limit);
  const image = await assembleImage(name, target, await resolveManifest(name, target, wanted, read), read);
  assertPlatform(image, wanted);
  return image;
}

/** The image of one manifest, for whatever platform. */
export async function readImageOf(store: ContentStore, name: string, target: Descriptor, manifest: Descriptor): Promise<Image> {
  const read: ReadDocument = (descriptor, limit) => store.readBytes(descriptor, limit);
  return assembleImage(name, target, await resolveManifest(name, manifest, undefined, read), read);
}

/** image-spec config.md, "Layer ChainID": each names a layer together with all below it. */
function chainIds(diffIds: readonly DiffId[]): ChainId[] {
  let below: ChainId | undefined;
  return diffIds.map((diffId) => {
    below = (below === undefined
      ? diffId
      : `sha256:${createHash('sha256').update(`${below} ${diffId}`).digest('hex')}`) as string as ChainId;
    return below;
  });
}
