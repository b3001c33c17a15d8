/** All images of an archive into the store, under the names that they have there. */
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Lease } from '../content/lease.js';
import { listRefs, putRef } from '../content/refs.js';
import type { StorePaths } from '../paths.js';
import type { Digest } from '../spec/digest.js';
import type { ArchiveFiles } from './archive-files.js';
import type { FetchImageOptions, StoreSession } from './fetch.js';
import { fetchHeld } from './fetch-held.js';
import { imageId } from './image.js';
import { listArchive } from './list-archive.js';
import { openArchive, openDirectory } from './open-archive.js';
import { STANDARD } from './standard-streams.js';
import { digestName, moveName } from './tag.js';

/** What an image without a name is kept as. */
const NOWHERE = 'localhost/untagged:latest';

export interface LoadedImage {
  id: Digest;
  /** of the manifest or index */
  digest: Digest;
  /** canonical; none when the archive has none for it */
  names: string[];
}

/**
 * Names are given when all images are whole: an archive that is refused leaves none. What had a name keeps its digest.
 * @param input a file, a directory with an image layout, `-` for standard input, or the bytes of an archive
 * Errors: those of importArchive.
 */
export async function loadImages(
  session: StoreSession,
  input: string | AsyncIterable<Uint8Array>,
  options: FetchImageOptions = {},
): Promise<LoadedImage[]> {
  const { paths, store } = session;
  await store.init();
  await using opened = await openAny(paths, input, options.signal);
  const archived = await listArchive(opened.files, options.platform);
  using lease = new Lease(paths);
  const loaded: (LoadedImage & { target: (typeof archived)[number]['target'] })[] = [];
  for (const { target, source, names } of archived) {
    const [image] = await fetchHeld(session, lease, names[0] ?? target.digest, target, source, options);
    loaded.push({ id: image === undefined ? target.digest : imageId(image), digest: target.digest, names, target });
  }
  for (const { target, names } of loaded) {
    for (const name of names) await moveName(session, name, target);
    if (names.length === 0 && !(await isNamed(paths, target.digest))) await putRef(paths, digestName(NOWHERE, target.digest), target);
  }
  return loaded.map(({ id, digest, names }) => ({ id, digest, names }));
}

async function isNamed(paths: StorePaths, digest: Digest): Promise<boolean> {
  return (await listRefs(paths)).refs.some(({ descriptor }) => descriptor.digest === digest);
}

async function openAny(
  paths: StorePaths,
  input: string | AsyncIterable<Uint8Array>,
  signal: AbortSignal | undefined,
): Promise<AsyncDisposable & { files: ArchiveFiles }> {
  if (typeof input !== 'string' || input === STANDARD) return openArchive(paths, input, signal);
  const path = resolve(input);
  const isDirectory = (await stat(path).catch(() => undefined))?.isDirectory();
  if (isDirectory !== true) return openArchive(paths, path, signal);
  return { files: await openDirectory(path), [Symbol.asyncDispose]: async () => undefined };
}
