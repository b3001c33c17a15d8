/** `oci:DIR[:ref]`, `oci-archive:FILE[:ref]` and `docker-archive:FILE[:ref]`, taken into the store under that very name. */
import { resolve } from 'node:path';
import { collectGarbage, reachable } from '../content/gc.js';
import { Lease } from '../content/lease.js';
import { getRef, putRef } from '../content/refs.js';
import type { ArchiveReference } from '../reference/parse.js';
import { openDockerArchive } from './docker-archive.js';
import { type FetchImageOptions, fetchImage, type StoreSession } from './fetch.js';
import type { Image } from './image.js';
import { archiveName } from './name.js';
import { type ArchivedImage, openLayout } from './oci-layout.js';
import { openArchive, openDirectory } from './open-archive.js';

export interface ImportOptions extends FetchImageOptions {
  /** The name was another image's, which is gone now: its blobs are removed, its unpacked layers are not. */
  onReplaced?: (() => void) | undefined;
}

/**
 * Imports an image, reading only what the store does not have. What an archive calls its image never names anything in the store:
 * a file from a stranger must not become `alpine`.
 * Errors: ERR_TSRUN_ARCHIVE_INVALID, ERR_TSRUN_IMAGE_NOT_FOUND, ERR_TSRUN_IMAGE_AMBIGUOUS, and those of pullImage but for the client's.
 */
export async function importArchive(session: StoreSession, ref: ArchiveReference, options: ImportOptions = {}): Promise<Image> {
  const name = archiveName(ref);
  const path = resolve(ref.path);
  await session.store.init();
  options.onProgress?.({ type: 'resolve', reference: name });
  if (ref.transport === 'oci')
    return importOpened(session, name, await openLayout(await openDirectory(path), ref.ref, options.platform), options);
  await using archive = await openArchive(session.paths, path, options.signal);
  const { files } = archive;
  const opened = ref.transport === 'oci-archive' ? openLayout(files, ref.ref, options.platform) : openDockerArchive(files, ref.ref);
  return await importOpened(session, name, await opened, options);
}

async function importOpened(
  session: StoreSession,
  name: string,
  { target, source }: ArchivedImage,
  options: ImportOptions,
): Promise<Image> {
  const { paths, store } = session;
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
