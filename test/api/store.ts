/** A store with small images, for verbs of the library that need no container. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { StoreSession } from '../../src/image/fetch.js';
import type { Descriptor } from '../../src/spec/image.js';
import { temporaryDirectory } from '../harness/temporary.js';
import { Blobs, stored } from '../image/fixture.js';

export interface TestStore {
  blobs: Blobs;
  session: StoreSession;
  /** For the library. */
  roots: { root: string; runRoot: string };
}

/** Images of one layer each, `example.com/app:NAME`; further ones as the caller makes them. */
export async function storeOf(t: TestContext, names: string[], more: (blobs: Blobs) => Record<string, Descriptor> = () => ({})) {
  const blobs = new Blobs();
  const tags: Record<string, Descriptor> = { ...Object.fromEntries(names.map((name) => [name, blobs.image([name])])), ...more(blobs) };
  const session = await stored(t, blobs, tags);
  const roots = { root: session.paths.roots.data, runRoot: session.paths.roots.run };
  return { blobs, session, roots, tags } satisfies TestStore & { tags: typeof tags };
}

/** The digest of an image's config. */
export function idOf(blobs: Blobs, manifest: Descriptor | undefined): string {
  return blobs.json(manifest as Descriptor).config.digest;
}

/** A container that does not run, as far as its files say. */
export function madeContainer({ paths }: StoreSession, digit: string, imageId: string, layers: string[] = []): string {
  const directory = join(paths.containers, digit.repeat(64));
  mkdirSync(directory, { recursive: true });
  const annotations = { 'io.tsrun.image.id': imageId, 'io.tsrun.layers': layers.join(',') };
  writeFileSync(join(directory, 'config.json'), JSON.stringify({ ociVersion: '1.0.2', annotations }));
  writeFileSync(join(directory, 'status.json'), JSON.stringify({ status: 'stopped', created: '2026-01-01T00:00:00Z', image: 'app' }));
  return directory;
}

/** A registries.conf that counts, alone, as long as a test lasts. @returns what writes it */
export function registriesConf(t: { after(end: () => void): void }): (text: string) => void {
  const path = join(temporaryDirectory(), 'registries.conf');
  process.env['CONTAINERS_REGISTRIES_CONF'] = path;
  t.after(() => delete process.env['CONTAINERS_REGISTRIES_CONF']);
  return (text) => writeFileSync(path, text);
}
