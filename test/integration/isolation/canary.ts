/** A directory of the host that nothing may touch. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { succeed } from '../../harness/process.js';
import { temporaryDirectory } from '../../harness/temporary.js';

/** Holds `file` and `ptmx`. @returns where it is, and what is asserted afterwards: names, inodes, modes, owners, times */
export async function canary() {
  const path = temporaryDirectory();
  for (const name of ['file', 'ptmx']) writeFileSync(join(path, name), 'secret of the host\n');
  const look = () => succeed(['find', path, '-printf', '%P %i %m %u %s %T@\\n']);
  const before = await look();
  return {
    path,
    unharmed: async () => assert.equal(await look(), before),
    /** The control: it is seen when something is made there. */
    isWatched: async () => {
      writeFileSync(join(path, 'made'), '');
      assert.notEqual(await look(), before);
    },
  };
}
