/**
 * What a container changed as a layer (image-spec layer.md): entries for what there is, whiteouts for what is gone. The same changes make the same
 * bytes, whatever storage they are read from.
 */
import { type BigIntStats, closeSync, constants, lstatSync, openSync } from 'node:fs';
import { show } from '../layer/fault.js';
import { childPath } from '../layer/name.js';
import { END_OF_ARCHIVE, headersOf } from '../layer/tar/writer.js';
import { O_PATH, openInRoot } from '../sys/files.js';
import { type Descriptors, statOf } from './descriptors.js';
import type { Change, ChangesetJob, DiffJob, RootOwner } from './job.js';
import { gathered, Packer } from './pack.js';
import type { RecordedOwners } from './recorded.js';

const DIRECTORY = O_PATH | constants.O_DIRECTORY;
const NO_BYTES = Buffer.alloc(0);
const TOLD = 10;

/** No process listens at one that was unpacked. */
export class Sockets {
  readonly names: string[] = [];
  count = 0;

  add(name: Buffer): void {
    this.count++;
    if (this.names.length < TOLD) this.names.push(show(name));
  }
}

export class LayerPacker {
  readonly sockets = new Sockets();
  readonly #root: number;
  readonly #rootStat: BigIntStats | undefined;
  readonly #changes: readonly Change[];
  readonly #packer: Packer;

  constructor(
    descriptors: Descriptors,
    { changed, before }: DiffJob,
    changes: readonly Change[],
    { root = rootOf(before[0]) }: ChangesetJob,
    owners: RecordedOwners,
  ) {
    this.#changes = changes;
    this.#root = openSync(changed, DIRECTORY | constants.O_NOFOLLOW);
    const stat = statOf(this.#root);
    this.#rootStat = isTold(stat, root) ? stat : undefined;
    this.#packer = new Packer(descriptors, {
      userAttributes: true,
      ownerOf: (name, { mode }) => owners.get(name, mode),
      onSocket: this.sockets.add.bind(this.sockets),
    });
  }

  /** None: nothing was changed. */
  get entries(): number {
    return this.#changes.length + (this.#rootStat === undefined ? 0 : 1);
  }

  *pieces(): Generator<Buffer> {
    yield* gathered(this.#archive());
  }

  *#archive(): Generator<Buffer> {
    if (this.#rootStat !== undefined) yield rootHeader(this.#rootStat);
    for (const change of this.#changes) yield* this.#entry(change);
    yield END_OF_ARCHIVE;
  }

  *#entry({ kind, path, opaque }: Change): Generator<Buffer> {
    const name = Buffer.from(path.slice(1), 'latin1');
    const slash = name.lastIndexOf(0x2f);
    const [above, base] = [name.subarray(0, Math.max(slash, 0)), name.subarray(slash + 1)];
    if (kind === 'D') {
      yield marker(above, Buffer.concat([WHITEOUT, base]));
      return;
    }
    const directory = openInRoot(this.#root, above.length === 0 ? '.' : above, DIRECTORY);
    try {
      yield* this.#packer.single(directory, base, name);
    } finally {
      closeSync(directory);
    }
    if (opaque) yield marker(name, OPAQUE);
  }
}

function rootOf(directory: string | undefined): RootOwner | undefined {
  if (directory === undefined) return undefined;
  const { mode, uid, gid } = lstatSync(directory);
  return { mode: mode & 0o7777, uid, gid };
}

const WHITEOUT = Buffer.from('.wh.');
const OPAQUE = Buffer.from('.wh..wh..opq');

/** An empty file, of which only the name means anything. */
function marker(above: Buffer, base: Buffer): Buffer {
  const name = above.length === 0 ? base : childPath(above, base);
  return headersOf({ type: 'file', name, link: NO_BYTES, mode: 0, uid: 0, gid: 0, mtime: 0n, size: 0, major: 0, minor: 0, xattrs: [] });
}

/** Whether the root directory needs an entry: what a layer without one says is docker's default. */
export function isTold({ mode, uid, gid }: BigIntStats, otherwise: RootOwner = { mode: 0o755, uid: 0, gid: 0 }): boolean {
  return Number(mode & 0o7777n) !== otherwise.mode || Number(uid) !== otherwise.uid || Number(gid) !== otherwise.gid;
}

export function rootHeader({ mode, uid, gid, mtimeNs }: BigIntStats): Buffer {
  const owner = { mode: Number(mode & 0o7777n), uid: Number(uid), gid: Number(gid), mtime: mtimeNs };
  return headersOf({ type: 'directory', name: Buffer.from('./'), link: NO_BYTES, ...owner, size: 0, major: 0, minor: 0, xattrs: [] });
}
