/** `oci:DIR[:ref]`, `oci-archive:FILE[:ref]`, `docker-archive:FILE[:ref]` and `dir:DIR`, taken into the store under that very name. */
import { resolve } from 'node:path';
import { collectGarbage, reachable } from '../content/gc.js';
import { Lease } from '../content/lease.js';
import { getRef, putRef } from '../content/refs.js';
import type { StorePaths } from '../paths.js';
import type { ArchiveReference } from '../reference/parse.js';
import type { ArchiveFiles } from './archive-files.js';
import { openDirectoryImage } from './directory-image.js';
import { openDockerArchive } from './docker-archive.js';
import { type FetchImageOptions, fetchImage, type StoreSession } from './fetch.js';
import type { Image } from './image.js';
import { archiveName, isStandardStream } from './name.js';
import { type ArchivedImage, openLayout } from './oci-layout.js';
import { openArchive, openDirectory } from './open-archive.js';
import { STANDARD } from './standard-streams.js';
import { digestName } from './tag.js';

export interface ImportOptions extends FetchImageOptions {
  /** The name was another image's, which is gone now: its blobs are removed, its unpacked layers are not. */
  onReplaced?: (() => void) | undefined;
}

export interface OpenedImage extends ArchivedImage, AsyncDisposable {}

/**
 * One image of files, as a source; to be closed by the caller. The store must have been made: what is compressed is spooled there.
 * Errors: ERR_TSRUN_ARCHIVE_INVALID, ERR_TSRUN_IMAGE_NOT_FOUND, ERR_TSRUN_IMAGE_AMBIGUOUS, ERR_TSRUN_PLATFORM_MISSING, and openArchive's.
 */
export async function openArchivedImage(
  paths: StorePaths,
  ref: ArchiveReference,
  { platform, signal }: FetchImageOptions = {},
): Promise<OpenedImage> {
  const { transport } = ref;
  const open = async (files: ArchiveFiles): Promise<ArchivedImage> => {
    if (transport === 'dir') return openDirectoryImage(files);
    return transport === 'docker-archive' ? openDockerArchive(files, ref.ref) : openLayout(files, ref, platform);
  };
  if (transport === 'oci' || transport === 'dir')
    return { ...(await open(await openDirectory(resolve(ref.path)))), [Symbol.asyncDispose]: async () => undefined };
  const archive = await openArchive(paths, ref.path === STANDARD ? STANDARD : resolve(ref.path), signal);
  try {
    return { ...(await open(archive.files)), [Symbol.asyncDispose]: () => archive[Symbol.asyncDispose]() };
  } catch (error) {
    await archive[Symbol.asyncDispose]();
    throw error;
  }
}

/**
 * Imports an image, reading only what the store does not have. What an archive calls its image never names anything in the store:
 * a file from a stranger must not become `alpine`. What comes by standard input has its digest for a name.
 * Errors: those of openArchivedImage, and of pullImage but for the client's.
 */
export async function importArchive(session: StoreSession, ref: ArchiveReference, options: ImportOptions = {}): Promise<Image> {
  const { paths, store } = session;
  const path = archiveName(ref);
  await store.init();
  options.onProgress?.({ type: 'resolve', reference: path });
  await using opened = await openArchivedImage(paths, ref, options);
  const { target, source } = opened;
  const name = isStandardStream(ref) ? digestName(path, target.digest) : path;
  using lease = new Lease(paths);
  const image = await fetchImage(session, lease, name, target, source, options);
  const before = await getRef(paths, name).catch(() => undefined);
  await putRef(paths, name, target);
  if (before !== undefined && before.digest !== target.digest) {
    await collectGarbage(store, await reachable(store, before));
    options.onReplaced?.();
  }
  options.onProgress?.({ type: 'done', reference: name, digest: target.digest });
  return image;
}
