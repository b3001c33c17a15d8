/** Verbs on images: pull, list, inspect, remove. */
import { existsSync } from 'node:fs';
import { LAYER_OWNERS } from '../container/size.js';
import { listContainers } from '../container/state.js';
import { mebibytes } from '../content/failure.js';
import { Lease } from '../content/lease.js';
import { type Image, imageId } from '../image/image.js';
import { listImages } from '../image/list.js';
import { formatPlatform } from '../image/platform.js';
import * as remove from '../image/remove.js';
import type { HostPath, StorePaths } from '../paths.js';
import { archiveTransport } from '../reference/archive.js';
import { ensureRootfs, findRootfs, type Rootfs } from '../rootfs/ensure.js';
import { findIdentity, formIdentity, type Identity } from '../rootfs/identity.js';
import { layerKeys, unpackedKeys } from '../rootfs/prune.js';
import { findStorage, type Storage } from '../rootfs/storage.js';
import { unpackedSize } from '../rootfs/unpacked-size.js';
import type { Digest } from '../spec/digest.js';
import { checkArguments } from './check-arguments.js';
import { annotationsOf, collectLayers, layersAnnotation, tidyLayers } from './layers.js';
import type { CommonOptions, PullOptions } from './options.js';
import { recordImage } from './record.js';
import { remoteImage, resolveImage } from './resolve-image.js';
import { noteOnce, openSession, openStore, type Session } from './session.js';
import { storedImage } from './stored-image.js';

export interface ImageSummary {
  /** digest of the image config, as docker shows it */
  id: string;
  /** canonical references */
  names: string[];
  /** of the manifest or index that the name points to */
  digest: string;
  /** RFC 3339 */
  created?: string;
  /** bytes of its blobs in the store */
  size: number;
  /** `os/arch[/variant]` */
  platform: string;
  /** Absent without any. */
  labels?: Record<string, string>;
}

/** Brings an image into the store (`allPlatforms`: with all that its index names) and unpacks its layers for this user, so that the first run finds all of it ready. */
export async function pull(image: string, options: PullOptions & { allPlatforms?: boolean } = {}): Promise<ImageSummary> {
  return pullImage(image, checkArguments({ image }, options));
}

async function pullImage(image: string, options: PullOptions & { allPlatforms?: boolean }): Promise<ImageSummary> {
  const session = await openStore(options);
  const found = await resolveImage(session, image, 'always', options);
  await unpackForRuns(session, found, options);
  await tidyLayers(session, options);
  return summaryOf(found);
}

/** As this user's runs will want it. */
export async function unpackForRuns(session: Session, image: Image, options: PullOptions): Promise<void> {
  const identity = await findIdentity(session.paths, {}, options.signal);
  await unpackImage(session, identity, await storageOf(session, identity, options), image, options);
}

/** For a run: what is unpacked already is taken as it is, and nothing is written. */
export async function imageRootfs(session: Session, identity: Identity, image: Image, options: PullOptions): Promise<Rootfs> {
  const storage = identity.confined ? ({ type: 'copy' } as const) : await storageOf(session, identity, options);
  const found = await findRootfs(session.paths, identity, storage, image.layers);
  if (found) return found;
  tellOtherForm(session, identity, image, options);
  return unpackImage(session, identity, storage, image, options);
}

/** Layers that lie there already as other ids' files are unpacked once more: it takes time and room. */
function tellOtherForm({ paths }: Session, identity: Identity, { name, layers }: Image, { onNote }: PullOptions): void {
  const own = [identity, formIdentity(identity)].map(({ ids }) => ids.owners);
  const keys = unpackedKeys(paths);
  const have = layers.filter(
    ({ descriptor, diffId, chainId }) =>
      existsSync(paths.blob(descriptor.digest)) &&
      !own.some((owners) => existsSync(paths.diffLayer(owners, diffId)) || existsSync(paths.chainLayer(owners, chainId))) &&
      [...layerKeys(paths, diffId), ...layerKeys(paths, chainId)].some((key) => keys.has(key)),
  );
  if (have.length === 0) return;
  const bytes = have.reduce((sum, { descriptor: { digest, size } }) => sum + unpackedSize(paths.blob(digest), size), 0);
  onNote?.(`${name} is unpacked once more, as the files of this run’s ids: about ${mebibytes(bytes)}, shared by all runs with these ids`);
}

/** Unpacks what is not unpacked yet; a lease keeps blobs and layers from a removal meanwhile. */
async function unpackImage(session: Session, identity: Identity, storage: Storage, image: Image, options: PullOptions): Promise<Rootfs> {
  using _kept = await keepBlobs(session, image, options.signal);
  return ensureRootfs(session.paths, identity, storage, image.layers, {
    signal: options.signal,
    onProgress: options.onProgress,
    onNote: (note) => noteOnce(session.paths, note, options.onNote),
  });
}

async function storageOf({ paths }: Session, identity: Identity, { signal, onDebug, onNote }: PullOptions): Promise<Storage> {
  const { storage, note } = await findStorage({ paths, identity: formIdentity(identity), signal }, process.env);
  if (note !== undefined) noteOnce(paths, note, onNote);
  onDebug?.(`storage: ${storage.type}`);
  return storage;
}

/** Until it is disposed of, the image's blobs stay in the store, and so do its layers, unpacked before or from now on. */
export async function keepBlobs({ paths }: Session, { layers }: Image, signal: AbortSignal | undefined): Promise<Disposable> {
  const lease = new Lease(paths);
  try {
    await lease.protect(
      layers.flatMap(({ descriptor, diffId, chainId }) => [descriptor.digest, ...([diffId, chainId] as string[] as Digest[])]),
      signal,
    );
    return lease;
  } catch (error) {
    lease[Symbol.dispose]();
    throw error;
  }
}

/** The newest first. What is damaged is told by a note and hides nothing else. */
export async function images(options: CommonOptions = {}): Promise<ImageSummary[]> {
  checkArguments({}, options);
  const { images: found, damaged } = await listImages(openSession(options));
  for (const { name, path, reason } of damaged) options.onNote?.(`${name ?? path} is damaged: ${reason}`);
  return found.map(({ id, names, digests, created, size, platform, labels }) => ({
    id,
    names,
    digest: digests[0] ?? '',
    ...(created === undefined ? {} : { created }),
    size,
    platform: formatPlatform(platform),
    ...(labels === undefined ? {} : { labels }),
  }));
}

/** In docker's spelling, as far as an image that nothing has run yet has it. */
export interface ImageInspection {
  Id: string;
  RepoTags: string[];
  RepoDigests: string[];
  Created?: string;
  Author?: string;
  Architecture: string;
  Variant?: string;
  Os: string;
  Size: number;
  Config: object;
  RootFS: { Type: 'layers'; Layers: string[] };
}

export interface InspectImageOptions extends PullOptions {
  /** As its registry has it now; nothing of it is kept. */
  remote?: boolean;
}

/** @throws ERR_TSRUN_IMAGE_NOT_FOUND; with `remote` as pull does */
export async function inspectImage(image: string, options: InspectImageOptions = {}): Promise<ImageInspection> {
  const { remote = false, ...asked } = checkArguments({ image }, options);
  const session = openSession(asked);
  if (remote) {
    const found = await remoteImage(session, image, asked);
    return inspectionOf(found, [found.name]);
  }
  const found = await storedImage(session, image, asked);
  const { images: all } = await listImages(session);
  return inspectionOf(found, all.find(({ id }) => id === imageId(found))?.names ?? [found.name]);
}

function inspectionOf(found: Image, names: readonly string[]): ImageInspection {
  const { config } = found;
  return {
    Id: imageId(found),
    RepoTags: names.filter((name) => !name.includes('@')),
    RepoDigests: [
      ...new Set(
        names.filter((name) => archiveTransport(name) === undefined).map((name) => `${repositoryOf(name)}@${found.target.digest}`),
      ),
    ],
    ...(config.created === undefined ? {} : { Created: config.created }),
    ...(config.author === undefined ? {} : { Author: config.author }),
    Architecture: config.architecture,
    ...(config.variant === undefined ? {} : { Variant: config.variant }),
    Os: config.os,
    Size: summaryOf(found).size,
    Config: config.config ?? {},
    RootFS: { Type: 'layers', Layers: config.rootfs.diff_ids },
  };
}

function repositoryOf(name: string): string {
  return name.replace(/@.*$/, '').replace(/:[^:/]*$/, '');
}

function summaryOf(image: Image): ImageSummary {
  const { config, layers, manifestDescriptor, configDescriptor } = image;
  const blobs = new Map(
    [manifestDescriptor, configDescriptor, ...layers.map(({ descriptor }) => descriptor)].map(({ digest, size }) => [digest, size]),
  );
  return {
    id: imageId(image),
    names: [image.name],
    digest: image.target.digest,
    ...(config.created === undefined ? {} : { created: config.created }),
    size: [...blobs.values()].reduce((sum, size) => sum + size, 0),
    platform: formatPlatform(config),
  };
}

/** Takes a name away; with the last name go the blobs and layers that nothing else needs. @throws ERR_TSRUN_IMAGE_NOT_FOUND, ERR_TSRUN_IMAGE_IN_USE */
export async function removeImage(
  image: string,
  options: CommonOptions & { force?: boolean } = {},
): Promise<{ untagged: string[]; deleted: string[] }> {
  const { signal } = checkArguments({ image }, options);
  const session = await openStore(options);
  const removed = await remove.removeImage(session, image, { inUse: ({ id }) => userOf(session.paths, id), force: options.force });
  for (const name of removed.untagged) recordImage(session.paths, 'untag', name, name);
  for (const id of removed.images) recordImage(session.paths, 'delete', id, id);
  await collectLayers(session, signal);
  return { untagged: removed.untagged, deleted: [...new Set([...removed.images, ...removed.blobs.map(({ digest }) => digest)])] };
}

export const IMAGE_ID = 'io.tsrun.image.id';

/** What a container's config.json says of the image it came from, so that the image is not taken from under it. */
export function imageAnnotations(image: Image, layers: readonly HostPath[], owners: string): Record<string, string> {
  return { [IMAGE_ID]: imageId(image), ...layersAnnotation(layers), [LAYER_OWNERS]: owners };
}

function userOf(paths: StorePaths, id: string): string | undefined {
  return listContainers(paths).find((container) => annotationsOf(container)[IMAGE_ID] === id)?.name;
}
