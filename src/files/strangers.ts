/** Files of ids that a container's map does not have: somebody else gave them away, or the map is another one now. */
import type { BigIntStats } from 'node:fs';
import { TsrunError } from '../errors.js';
import { show } from '../layer/fault.js';
import type { ChangesetJob } from './job.js';

const TOLD = 10;

export class Strangers {
  readonly #as: ChangesetJob['strangers'];
  readonly #found: string[] = [];
  #count = 0;

  /** @param as how the map shows them */
  constructor(as: ChangesetJob['strangers']) {
    this.#as = as;
  }

  look({ uid, gid }: BigIntStats, path: string): void {
    const which = [Number(uid) === this.#as.uid ? 'user' : '', Number(gid) === this.#as.gid ? 'group' : ''].filter(Boolean);
    if (which.length === 0) return;
    this.#count++;
    if (this.#found.length < TOLD) this.#found.push(`${show(Buffer.from(path, 'latin1'))} (${which.join(' and ')})`);
  }

  /** @throws ERR_TSRUN_ID_MAP */
  refuse(): void {
    if (this.#count === 0) return;
    const more = this.#count > this.#found.length ? `, and ${this.#count - this.#found.length} more` : '';
    throw new TsrunError('ERR_TSRUN_ID_MAP', `the container's id map does not have the owners of ${this.#found.join(', ')}${more}`, {
      hint: "give these files to one of the container's users, or remove them: tsrun exec NAME rm",
    });
  }
}
