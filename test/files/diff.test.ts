/** What changesOf makes of directories; how storage shows them is for test/integration/files. */
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { chdir, cwd } from 'node:process';
import { it } from 'node:test';
import { Descriptors } from '../../src/files/descriptors.js';
import { changesOf } from '../../src/files/diff.js';
import { temporaryDirectory } from '../harness/temporary.js';

it('diff refuses a tree that is too deep by a sentence, not as a fault of ours', () => {
  const [changed, before, here] = [temporaryDirectory(), temporaryDirectory(), cwd()];
  chdir(changed);
  for (let depth = 0; depth < 510; depth++) {
    mkdirSync('d');
    chdir('d');
  }
  chdir(here);
  assert.throws(() => changesOf(new Descriptors(), { changed, before: [before], form: 'whole', hidden: [] }), {
    code: 'ERR_TSRUN_UNSUPPORTED',
    message: /more than 500 directories/,
  });
});
