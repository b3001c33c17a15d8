/** What fuzzing has found, as the smallest plans that show it: under the sanitizers, and to their end. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { encodePlan } from '../../src/plan/encode.js';
import type { Operation } from '../../src/plan/operations.js';
import { slot } from '../../src/plan/slot.js';
import { temporaryDirectory } from '../harness/temporary.js';
import { one } from './plain.js';
import { launch, missing, sanitized } from './program.js';

const MOST = 2n ** 63n - 1n;
const LONGEST = Number.MAX_SAFE_INTEGER;
const O_PATH = 0o10000000;

/** What cannot be has to fail, and not to be done for ever or beyond a buffer's end. */
const REFUSED: Record<string, Operation[]> = {
  'more keys to detach than are kept back': [
    ['socket-pair', 's'],
    ['attach-to', 's.near', 0, Buffer.alloc(65, 'k')],
  ],
  'a connection that cannot be read': [
    ['open', '/dev/null', O_PATH, 'path'],
    ['attach-to', 'path', 0, Buffer.alloc(0)],
  ],
  'a time limit beyond every clock': [['time-limit', MOST, 124, 'late']],
  'a time limit whose words cannot be said': [['time-limit', 1, 124, slot('env:SURELY_UNSET')]],
  'a health check at the end of time': [
    ['health', [LONGEST, 1, LONGEST, LONGEST, 1, 1], '', { processes: [{ name: 'probe', operations: [] }] }, [], []],
  ],
  'a log of more files than have numbers': [['log', '/dev/null', 1, 2 ** 31 - 1]],
  'descriptors that nobody has': [['pass-descriptors', MOST]],
};

/** And what may be, to go well. */
const DONE: Record<string, Operation[]> = {
  'all descriptors are left but for more than there can be': [['leave-descriptors', MOST]],
  'a wait after a tie to nobody': [
    ['clone', 'child', 0],
    ['attempt', [['tie', 'later']]],
    ['wait', 'child'],
  ],
};

async function ends(plan: Buffer, code: number): Promise<void> {
  const { finished } = launch(sanitized, plan, { env: {} });
  const { code: seen, signal, stderr } = await finished;
  assert.deepEqual({ code: seen, signal, stderr }, { code, signal: null, stderr: '' });
}

describe('what was found by fuzzing', { skip: missing(sanitized) }, () => {
  for (const [what, operations] of Object.entries(REFUSED)) it(`refused: ${what}`, () => ends(one(...operations), 125));

  for (const [what, operations] of Object.entries(DONE)) {
    const processes = ['child', 'later'].map((name) => ({ name, operations: [] }));
    it(`done: ${what}`, () => ends(encodePlan({ processes: [{ name: 'parent', operations }, ...processes] }), 0));
  }

  it('done: a pause after a tie to one of a run that is over', () => {
    const enough = join(temporaryDirectory(), 'enough');
    const run: Operation[] = [
      ['clone', 'child', 0],
      ['tie', 'child'],
      ['reap', 'child'],
    ];
    const operations: Operation[] = [['repeat', 2, 0, enough, run, [['replace-file', enough, 0o600, '']]]];
    const processes = [
      { name: 'parent', operations },
      { name: 'child', operations: [] },
    ];
    return ends(encodePlan({ processes }), 0);
  });
});
