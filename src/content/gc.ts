/** What the store need not keep: blobs that nothing names any more. (Half-made files: ingest.ts.) */
import { readdir, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf, TsrunError } from '../errors.js';
import type { StorePaths } from '../paths.js';
import { type Digest, isDigest } from '../spec/digest.js';
import type { Descriptor } from '../spec/image.js';
import { INDEX_DEPTH, MANIFEST_LIMIT } from '../spec/limits.js';
import { INDEX_TYPES, MANIFEST_TYPES } from '../spec/media-types.js';
import { storeFailure } from './failure.js';
import { leasedDigests } from './lease.js';
import { lockStore } from './lock.js';
import { assertReadable, listRefs } from './refs.js';
import type { ContentStore } from './store.js';

/** index → index → manifest → layer, and one to spare. */
const DEPTH_LIMIT = INDEX_DEPTH + 2;

/**
 * All digests below a descriptor, whether their blobs are there or not. Tolerant: what cannot be read ends its branch,
 * for an image that is damaged must not keep another from being removed.
 * @param unreadable `refused`: what the system lets nobody read now is an error, for nobody knows what is below it
 */
export async function reachable(
  store: ContentStore,
  from: Descriptor,
  unreadable: 'skipped' | 'refused' = 'skipped',
): Promise<Set<Digest>> {
  const seen = new Map<string, Digest>();
  let level = [from];
  for (let depth = 0; depth < DEPTH_LIMIT && level.length > 0; depth += 1) {
    const below: Descriptor[] = [];
    for (const descriptor of level) {
      // An index may name the same child ten thousand times, and that child its own: each is opened once.
      const key = `${descriptor.digest} ${descriptor.mediaType} ${descriptor.size}`;
      if (seen.has(key)) continue;
      seen.set(key, descriptor.digest);
      for (const child of await childrenOf(store, descriptor, unreadable)) below.push(child);
    }
    level = below;
  }
  return new Set(seen.values());
}

async function childrenOf(store: ContentStore, from: Descriptor, unreadable: 'skipped' | 'refused'): Promise<Descriptor[]> {
  const isIndex = INDEX_TYPES.includes(from.mediaType);
  if (!isIndex && !MANIFEST_TYPES.includes(from.mediaType)) return [];
  const node = await readNode(store, from, unreadable);
  const children = isIndex ? listOf(node?.manifests) : [node?.config, ...listOf(node?.layers)];
  return children.map(descriptorOf).filter((child) => child !== undefined);
}

interface Node {
  config?: unknown;
  layers?: unknown;
  manifests?: unknown;
}

async function readNode(store: ContentStore, from: Descriptor, unreadable: 'skipped' | 'refused'): Promise<Node | undefined> {
  try {
    const node: unknown = JSON.parse((await store.readBytes(from, MANIFEST_LIMIT)).toString('utf8'));
    return typeof node === 'object' && node !== null ? node : undefined;
  } catch (error) {
    if (unreadable === 'refused' && error instanceof TsrunError && error.code === 'ERR_TSRUN_STORE_UNREADABLE') throw error;
    return undefined;
  }
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function descriptorOf(value: unknown): Descriptor | undefined {
  const { mediaType, digest, size } = (value ?? {}) as Partial<Record<keyof Descriptor, unknown>>;
  return typeof mediaType === 'string' && isDigest(digest) && typeof size === 'number' ? { mediaType, digest, size } : undefined;
}

/**
 * Removes blobs that neither a reference nor a lease of a living process reaches; with `only`, no others than these.
 * Returns what was removed, sizes in bytes. Nothing is where a reference, or a document below it, cannot be read: what it needs is not known.
 */
export async function collectGarbage(store: ContentStore, only?: ReadonlySet<Digest>): Promise<{ digest: Digest; size: number }[]> {
  const { paths } = store;
  using _held = await lockStore(paths, 'gc', 'exclusive');
  const kept = await leasedDigests(paths);
  const { refs, damaged } = await listRefs(paths);
  assertReadable(damaged);
  for (const { descriptor } of refs) {
    for (const digest of await reachable(store, descriptor, 'refused')) kept.add(digest);
  }
  const removed: { digest: Digest; size: number }[] = [];
  for (const digest of only ?? (await allBlobs(paths))) {
    if (kept.has(digest)) continue;
    const size = await removeBlob(paths.blob(digest));
    if (size !== undefined) removed.push({ digest, size });
  }
  return removed;
}

/** Of everything that lies where blobs do, what has a blob's name. */
export async function allBlobs(paths: StorePaths): Promise<Digest[]> {
  const names = await readdir(join(paths.image, 'blobs', 'sha256')).catch((cause: unknown) => {
    if (errnoOf(cause) === 'ENOENT') return [];
    throw storeFailure(cause, 'cannot list the blobs', paths.image);
  });
  return names.map((name) => `sha256:${name}`).filter(isDigest);
}

async function removeBlob(path: string): Promise<number | undefined> {
  try {
    const { size } = await stat(path);
    await unlink(path);
    return size;
  } catch (cause) {
    if (errnoOf(cause) === 'ENOENT') return undefined;
    throw storeFailure(cause, 'cannot remove a blob', path);
  }
}
