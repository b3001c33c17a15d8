/** A store in a directory of its own, and blobs to put into it. */
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { ContentStore } from '../../src/content/store.js';
import { resolveRoots, storePaths } from '../../src/paths.js';
import type { Digest } from '../../src/spec/digest.js';

export function temporaryDirectory(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'tsrun-content-'));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** Hundreds of stores are made and flushed: not on a disk, where there is memory to be had. */
export function memoryDirectory(t: TestContext): string {
  if (!existsSync('/dev/shm')) return temporaryDirectory(t);
  const path = mkdtempSync('/dev/shm/tsrun-faults-');
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

export function storeAt(directory: string): ContentStore {
  return new ContentStore(storePaths(resolveRoots({ root: directory, runRoot: join(directory, 'run') }, {}, process.getuid?.() ?? 0)));
}

export async function emptyStore(t: TestContext): Promise<ContentStore> {
  const store = storeAt(join(temporaryDirectory(t), 'data'));
  await store.init();
  return store;
}

export function digest(bytes: Uint8Array): Digest {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}` as Digest;
}

export function randomBlob(size: number) {
  const bytes = randomBytes(size);
  return { bytes, descriptor: { mediaType: 'application/octet-stream', digest: digest(bytes), size } };
}

/** The bytes in pieces, as a network brings them. */
export async function* pieces(bytes: Uint8Array, size = 16 * 1024): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
