/** Whether the store's content is what its names say: blobs, references, and the layout that other tools read. Takes no lock to look. */
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { lstat, open, readdir, readFile, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf, systemReason } from '../errors.js';
import type { StorePaths } from '../paths.js';
import { type Digest, hexOf } from '../spec/digest.js';
import { lockStore } from './lock.js';
import { indexIsCurrent, listRefs } from './refs.js';

/** Nothing that is read at once is larger. */
const CHUNK = 256 * 1024;

export interface BlobState {
  size: number;
  /** What is wrong; absent when nothing is. */
  problem?: string;
}

/** Reads all of it. Undefined when it is gone. */
export async function checkBlob(paths: StorePaths, digest: Digest, signal?: AbortSignal): Promise<BlobState | undefined> {
  const path = paths.blob(digest);
  try {
    const { size, isFile } = await lstat(path).then((found) => ({ size: found.size, isFile: found.isFile() }));
    if (!isFile) return { size: 0, problem: 'it is not a file' };
    const found = await digestOf(path, signal);
    return found === digest ? { size } : { size, problem: `its ${size} bytes have the digest ${found}` };
  } catch (cause) {
    const errno = errnoOf(cause);
    if (errno === undefined) throw cause;
    return errno === 'ENOENT' ? undefined : { size: 0, problem: `it cannot be read: ${systemReason(cause)}` };
  }
}

async function digestOf(path: string, signal: AbortSignal | undefined): Promise<string> {
  const hash = createHash('sha256');
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const buffer = Buffer.alloc(CHUNK);
    for (;;) {
      signal?.throwIfAborted();
      const { bytesRead } = await file.read(buffer, 0, CHUNK);
      if (bytesRead === 0) return `sha256:${hash.digest('hex')}`;
      hash.update(buffer.subarray(0, bytesRead));
    }
  } finally {
    await file.close();
  }
}

/** Removes a blob if it is damaged still: who fetches it anew holds this lock. @returns whether it is gone */
export async function removeDamagedBlob(paths: StorePaths, digest: Digest, signal?: AbortSignal): Promise<boolean> {
  using _held = await lockStore(paths, `blob-${hexOf(digest)}`, 'exclusive', signal);
  try {
    if ((await checkBlob(paths, digest, signal))?.problem !== undefined) await unlink(paths.blob(digest));
    return true;
  } catch (cause) {
    // A directory with a blob's name is nobody's of ours.
    if (['EISDIR', 'EPERM', 'EACCES'].includes(errnoOf(cause) ?? '')) return false;
    throw cause;
  } finally {
    await unlink(join(paths.locks, `blob-${hexOf(digest)}`)).catch(() => undefined);
  }
}

/** Who writes a reference writes the index next: what differs is looked at once more when nobody does. */
async function isCurrent(paths: StorePaths): Promise<boolean> {
  if (await indexIsCurrent(paths, (await listRefs(paths)).refs)) return true;
  using _held = await lockStore(paths, 'index', 'shared');
  return indexIsCurrent(paths, (await listRefs(paths)).refs);
}

async function isEmpty(paths: StorePaths): Promise<boolean> {
  const places = [paths.refs, join(paths.image, 'blobs', 'sha256')];
  const names = await Promise.all(places.map((place) => readdir(place).catch(() => [])));
  return names.every((each) => each.length === 0);
}

/** What is wrong with the files that make the directory an image layout; by path. */
export async function checkLayout(paths: StorePaths): Promise<{ path: string; problem: string }[]> {
  if ((await stat(paths.image).catch(() => undefined)) === undefined) return [];
  const layout = join(paths.image, 'oci-layout');
  const found: { path: string; problem: string }[] = [];
  const text = await readFile(layout, 'utf8').catch((cause: unknown) => (errnoOf(cause) === 'ENOENT' ? undefined : ''));
  // Whoever makes a store writes it before anything else: without it there is nothing yet.
  if (text === undefined && (await isEmpty(paths))) return [];
  if (!/^\{\s*"imageLayoutVersion"\s*:\s*"1\.\d+\.\d+"\s*\}\s*$/.test(text ?? ''))
    found.push({ path: layout, problem: 'it is not the file of an image layout' });
  if (!(await isCurrent(paths))) found.push({ path: join(paths.image, 'index.json'), problem: 'it does not say what the references say' });
  return found;
}
