/** Gives entries their owners: exactly, or as far as a map of a single id goes. */
import { errnoOf, TsrunError } from '../errors.js';
import { show } from './fault.js';
import type { TarEntry } from './tar/entry.js';

export class Owners {
  readonly #ids: 'range' | 'single';
  #squashed = 0;

  constructor(ids: 'range' | 'single') {
    this.#ids = ids;
  }

  /** Entries left with the owner they were made with. */
  get squashed(): number {
    return this.#squashed;
  }

  /** @param chown of the entry itself; clears setuid and setgid bits, so modes come afterwards */
  give({ uid, gid, name }: TarEntry, chown: (uid: number, gid: number) => void): void {
    try {
      chown(uid, gid);
    } catch (error) {
      const code = errnoOf(error);
      // EINVAL and EOVERFLOW: the id is not in the namespace's map.
      const isOutside = code === 'EINVAL' || code === 'EOVERFLOW';
      if (this.#ids === 'single' && (isOutside || code === 'EPERM')) this.#squashed++;
      else if (isOutside) throw outsideOfMap(uid, gid, name);
      else throw error;
    }
  }
}

function outsideOfMap(uid: number, gid: number, name: Buffer): TsrunError {
  return new TsrunError(
    'ERR_TSRUN_ID_MAP',
    `the image gives ${show(name)} to uid ${uid}, gid ${gid}, which the container's id map does not hold`,
    {
      subject: show(name),
      hint: `give this user more subordinate ids (usermod --add-subuids and --add-subgids), enough for id ${Math.max(uid, gid)}`,
    },
  );
}
