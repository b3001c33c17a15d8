/** A run's root file system beside GNU tar's extraction of the same layers. */
import assert from 'node:assert/strict';
import { chmodSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { removeTemporary, temporaryDirectory } from '../harness/temporary.js';
import type { Sandbox } from '../harness/tsrun.js';
import { look, type Seen } from '../layer/look.js';
import { extractWithGnuTar } from './reference.js';
import { viewOf } from './view.js';

export const needsRoot = process.getuid?.() === 0 ? undefined : 'only root can look into the containers of others and write any id map';

/** An image of a layout. */
export interface Laid {
  layout: string;
  tag: string;
}

/** All images go through one store, so that what they share is shared. */
export async function assertEqualToGnuTar(place: Sandbox, images: readonly Laid[], env: Record<string, string> = {}): Promise<void> {
  for (const { layout, tag } of images) {
    const { tree, mounted, maps, isServed } = await viewOf(place, `oci:${layout}:${tag}`, env);
    const directory = temporaryDirectory();
    try {
      const started = BigInt(Date.now()) * 1_000_000n;
      const expected = look(await extractWithGnuTar(layersOf(layout, tag), maps, directory), (name) => mounted.has(name));
      const aged = Object.keys(expected).filter((name) => BigInt(expected[name]?.mtime ?? 0) >= started - 1_000_000_000n);
      const unknown = { aged, links: isServed };
      assert.deepEqual(comparable(tree, unknown), comparable(expected, unknown), `${tag}: ${firstDifference(tree, expected)}`);
    } finally {
      removeTemporary(directory);
    }
  }
}

/**
 * Times are compared but for two kinds of directories: the root, whose upper directory is new in each container, and those that tar
 * itself made or changed without an entry for them. fuse-overlayfs counts the names of a file only as it learns of them.
 */
function comparable(tree: Record<string, Seen>, unknown: { aged: string[]; links: boolean }): Record<string, Seen> {
  return Object.fromEntries(
    Object.entries(tree).map(([name, { mtime, group, ...seen }]) => {
      const timed = name !== '.' && !unknown.aged.includes(name) && mtime !== undefined;
      return [name, { ...seen, ...(timed ? { mtime } : {}), ...(group === undefined || unknown.links ? {} : { group }) }];
    }),
  );
}

function firstDifference(one: Record<string, Seen>, other: Record<string, Seen>): string {
  const name = [...new Set([...Object.keys(one), ...Object.keys(other)])].find((at) => {
    const [{ mtime: _a, ...mine } = {} as Seen, { mtime: _b, ...theirs } = {} as Seen] = [one[at], other[at]];
    return JSON.stringify(mine) !== JSON.stringify(theirs);
  });
  return name === undefined ? 'times' : `${name} is ${JSON.stringify(one[name])}, GNU tar makes ${JSON.stringify(other[name])}`;
}

function layersOf(layout: string, tag: string): string[] {
  const blobOf = (digest: string) => join(layout, 'blobs/sha256', digest.replace('sha256:', ''));
  const index: { manifests: { digest: string; annotations?: Record<string, string> }[] } = JSON.parse(
    readFileSync(join(layout, 'index.json'), 'utf8'),
  );
  const found = index.manifests.find(({ annotations }) => annotations?.['org.opencontainers.image.ref.name'] === tag);
  const { layers } = JSON.parse(readFileSync(blobOf(found?.digest ?? ''), 'utf8')) as { layers: { digest: string }[] };
  return layers.map(({ digest }) => {
    const path = blobOf(digest);
    chmodSync(path, 0o644);
    return path;
  });
}
