/**
 * Whose files of an image are, where the disk does not say it: under a map of one id all belong to that one. The layers themselves say it, so a
 * container's change of such a file does not change its owner.
 */
import { closeSync, constants, openSync } from 'node:fs';
import { openTar } from '../layer/decompress.js';
import { LIMITS } from '../layer/limits.js';
import { childPath, placeOf } from '../layer/name.js';
import type { EntryType, TarEntry } from '../layer/tar/entry.js';
import { TarReader } from '../layer/tar/reader.js';
import { checkSize } from '../layer/unpack.js';
import type { Change, LayerBlob } from './job.js';

interface Recorded {
  uid: number;
  gid: number;
  type: EntryType;
}

export class RecordedOwners {
  readonly #wanted: Set<string>;
  readonly #found = new Map<string, Recorded>();

  /** @param wanted names, without a slash in front; latin1 */
  constructor(wanted: Iterable<string>) {
    this.#wanted = new Set(wanted);
  }

  get isComplete(): boolean {
    return this.#wanted.size === 0;
  }

  /** Of what is still of the same type. @param mode with the type, as stat has it */
  get(name: Buffer, mode: bigint): { uid: number; gid: number } | undefined {
    const plain = name[name.length - 1] === 0x2f ? name.subarray(0, -1) : name;
    const found = this.#found.get(plain.toString('latin1'));
    if (found === undefined || !(TYPES[found.type] ?? []).includes(Number(mode) & constants.S_IFMT)) return undefined;
    return { uid: found.uid, gid: found.gid };
  }

  /** The topmost layer first: what is below another entry of the same name does not count. */
  async search({ path, size, mediaType }: LayerBlob): Promise<void> {
    const here = new Map<string, Recorded>();
    const entry = ({ name, uid, gid, type }: TarEntry) => {
      const { parent, base } = placeOf(name, LIMITS);
      const key = (parent.length === 0 ? base : childPath(parent, base)).toString('latin1');
      // Of two in one layer the last counts.
      if (this.#wanted.has(key)) here.set(key, { uid, gid, type });
    };
    const reader = new TarReader({ entry, data: () => {}, end: () => {} }, LIMITS);
    const fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const tar = await openTar(fd, size, mediaType);
      let bytes = 0;
      for await (const chunk of tar.chunks()) {
        bytes += chunk.length;
        checkSize(bytes, tar.consumed(), LIMITS);
        reader.push(chunk);
      }
      reader.end();
    } finally {
      closeSync(fd);
    }
    for (const [key, recorded] of here) {
      this.#found.set(key, recorded);
      this.#wanted.delete(key);
    }
  }
}

/** A second name of a file is a file's; or a link's, or a fifo's. */
const TYPES: Readonly<Partial<Record<EntryType, readonly number[]>>> = {
  file: [constants.S_IFREG],
  hardlink: [constants.S_IFREG, constants.S_IFLNK, constants.S_IFIFO],
  directory: [constants.S_IFDIR],
  symlink: [constants.S_IFLNK],
  fifo: [constants.S_IFIFO],
};

/** Of what was there before. @param layers the topmost first; none: the disk says it */
export async function recordedOwners(changes: readonly Change[], layers: readonly LayerBlob[]): Promise<RecordedOwners> {
  const owners = new RecordedOwners(layers.length === 0 ? [] : changes.filter(({ kind }) => kind === 'C').map(({ path }) => path.slice(1)));
  for (const layer of layers) {
    if (owners.isComplete) break;
    await owners.search(layer);
  }
  return owners;
}
