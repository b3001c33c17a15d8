/** Gives entries their owners: exactly, or as far as a map of a single id goes. */
import { errnoOf, TsrunError } from '../errors.js';
import { show } from './fault.js';
import type { TarEntry } from './tar/entry.js';

type Chown = (uid: number, gid: number) => void;

/** chown(2): this one stays as it is. */
const UNCHANGED = -1;
/** A layer may have any number of them. */
const TOLD = 10;

export class Owners {
  readonly #ids: 'range' | 'single';
  #squashed = 0;
  /** Of the first entry whose owner the map does not hold. */
  #firstOutside: Buffer | undefined;
  readonly #outside = { uid: new Outside(), gid: new Outside() };

  constructor(ids: 'range' | 'single') {
    this.#ids = ids;
  }

  /** Entries left with the owner they were made with. */
  get squashed(): number {
    return this.#squashed;
  }

  /** @param chown of the entry itself; clears setuid and setgid bits, so modes come afterwards */
  give({ uid, gid, name }: TarEntry, chown: Chown): void {
    try {
      chown(uid, gid);
    } catch (error) {
      if (this.#ids === 'single' && (isOutside(error) || errnoOf(error) === 'EPERM')) this.#squashed++;
      else if (!isOutside(error)) throw error;
      else {
        this.#firstOutside ??= name;
        if (isRefused(() => chown(uid, UNCHANGED))) this.#outside.uid.add(uid);
        if (isRefused(() => chown(UNCHANGED, gid))) this.#outside.gid.add(gid);
      }
    }
  }

  /** At the end, so that all of them are told at once: what was unpacked is of no use. @throws ERR_TSRUN_ID_MAP */
  finish(): void {
    if (this.#firstOutside === undefined) return;
    const { uid, gid } = this.#outside;
    const listed = [...uid.listed('uid'), ...gid.listed('gid')].join(' and ');
    const most = Math.max(uid.largest, gid.largest);
    throw new TsrunError('ERR_TSRUN_ID_MAP', `the image has files of ${listed}, which the container's id map does not hold`, {
      subject: show(this.#firstOutside),
      hint: `get subordinate ids up to container id ${most} (usermod --add-subuids and --add-subgids), name a place for these with --uidmap and --gidmap, or take the files as your own: tsrun image unpack --owners caller`,
    });
  }
}

/** Ids of one kind that the map does not hold. */
class Outside {
  readonly #ids = new Set<number>();
  #more = false;
  largest = 0;

  add(id: number): void {
    this.largest = Math.max(this.largest, id);
    if (this.#ids.size < TOLD) this.#ids.add(id);
    else this.#more ||= !this.#ids.has(id);
  }

  /** `uid 70000, 70001`; nothing when there are none. */
  listed(kind: string): string[] {
    if (this.#ids.size === 0) return [];
    return [`${kind} ${[...this.#ids].sort((a, b) => a - b).join(', ')}${this.#more ? ' and others' : ''}`];
  }
}

/** EINVAL and EOVERFLOW: the id is not in the namespace's map. */
function isOutside(error: unknown): boolean {
  return errnoOf(error) === 'EINVAL' || errnoOf(error) === 'EOVERFLOW';
}

function isRefused(chown: () => void): boolean {
  try {
    chown();
    return false;
  } catch (error) {
    if (isOutside(error)) return true;
    throw error;
  }
}
