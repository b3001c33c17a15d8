/** Images in a store, and archives of them. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { Lease } from '../../src/content/lease.js';
import { listRefs, putRef } from '../../src/content/refs.js';
import { openArchiveDestination } from '../../src/image/archive-destination.js';
import type { StoreSession } from '../../src/image/fetch.js';
import { fetchHeld } from '../../src/image/fetch-held.js';
import { loadImages } from '../../src/image/load.js';
import type { SaveOptions } from '../../src/image/save.js';
import { saveImages } from '../../src/image/save.js';
import { parseReference } from '../../src/reference/parse.js';
import type { Descriptor, Platform } from '../../src/spec/image.js';
import { pieces } from '../content/fixture.js';
import { temporaryDirectory } from '../harness/temporary.js';
import { session } from './archive-fixture.js';
import { Blobs, HOST } from './fixture.js';

export const ARM: Platform = { os: 'linux', architecture: HOST.architecture === 'arm64' ? 'riscv64' : 'arm64' };

/** One image with two tags, one for two platforms, one of docker's media types would be the same; all share a layer. */
export async function manyImages(t: TestContext) {
  const blobs = new Blobs();
  const one = blobs.image(['base', 'one'], { config: { Cmd: ['sh'] } });
  const [mine, other] = [blobs.image(['base', 'mine']), blobs.image(['base', 'other'], { platform: ARM })];
  const both = blobs.index([
    { ...mine, platform: HOST },
    { ...other, platform: ARM },
  ]);
  const here = await session(t);
  await put(here, blobs, { 'docker.io/library/one:1': one, 'example.com/team/one:latest': one, 'docker.io/library/both:latest': both });
  return { here, blobs, one, both, mine, other };
}

export async function put({ store, paths }: StoreSession, blobs: Blobs, tags: Record<string, Descriptor>): Promise<void> {
  await store.init();
  using lease = new Lease(paths);
  const bytes = (descriptor: Descriptor) => blobs.get(descriptor.digest) ?? Buffer.alloc(0);
  const source = {
    document: async (descriptor: Descriptor) => bytes(descriptor),
    blob: (descriptor: Descriptor) => pieces(bytes(descriptor), 1000),
  };
  for (const [name, target] of Object.entries(tags)) {
    await fetchHeld({ store, paths }, lease, name, target, source, {});
    await putRef(paths, name, target);
  }
}

/** @param to as a user writes it: `docker-archive:FILE` */
export async function save(from: StoreSession, images: string[], to: string, options: SaveOptions = {}) {
  const place = parseReference(to);
  if (place.transport === 'docker') assert.fail(to);
  return saveImages(from, images, () => openArchiveDestination(place, options.signal), options);
}

/** Names → digests, in a store of its own. */
export async function loaded(t: TestContext, input: string | AsyncIterable<Uint8Array>, platform?: Platform) {
  const there = await session(t);
  await loadImages(there, input, { platform });
  return { there, names: await namesOf(there) };
}

export async function namesOf({ paths }: StoreSession): Promise<Record<string, string>> {
  return Object.fromEntries((await listRefs(paths)).refs.map(({ name, descriptor }) => [name, descriptor.digest]));
}

export function blobsOf({ paths }: StoreSession): string[] {
  return readdirSync(join(paths.image, 'blobs/sha256')).sort();
}

export function place(name: string): string {
  return join(temporaryDirectory(), name);
}

/** Nothing lies beside it, hidden files included. */
export function assertAlone(path: string, names: string[]): void {
  assert.deepEqual(readdirSync(dirname(path)).sort(), names.sort());
}
