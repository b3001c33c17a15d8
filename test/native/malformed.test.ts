import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { encodePlan } from '../../src/plan/encode.js';
import { temporaryDirectory } from '../harness/temporary.js';
import { goodPlan, type Malformed, malformed, truncated, truncatedHonestly } from './corpus.js';
import { check, checkMany, foreign, launch, missing, released, sanitized } from './program.js';
import { isPlan } from './reader.js';

const made = join(temporaryDirectory(), 'made');
const good = encodePlan(goodPlan(made));

for (const [name, helper] of Object.entries({ released, sanitized, foreign })) {
  describe(`malformed plans, ${name}`, { skip: missing(helper) }, () => {
    it('a good one is none', async () => {
      assert.deepEqual(await checkMany(helper, [good, good]), ['valid', 'valid']);
      const { code, stdout, stderr } = await check(helper, good);
      assert.deepEqual({ code, stdout, stderr }, { code: 0, stdout: '', stderr: '' });
    });

    it('one that is cut anywhere is refused', () => allRefused(truncated(good)));
    it('one that is cut anywhere, and says so, is refused', () => allRefused(truncatedHonestly(good)));
    it('every other kind is refused, with its reason', () => allRefused(malformed(good)));

    async function allRefused(corpus: readonly Malformed[]): Promise<void> {
      const answers = await checkMany(
        helper,
        corpus.map(({ bytes }) => bytes),
      );
      for (const [index, { what, bytes, says }] of corpus.entries()) {
        assert.notEqual(answers[index], 'valid', what);
        assert.match(answers[index] ?? '', says, what);
        assert.equal(isPlan(bytes), false, `${what}: the other reader takes it`);
      }
    }

    it('is said in one sentence, with exit 125', async () => {
      const { code, stdout, stderr } = await check(helper, good.subarray(0, -1));
      assert.deepEqual(
        { code, stdout, stderr },
        { code: 125, stdout: '', stderr: 'not a valid launch plan: its length is not what it says\n' },
      );
    });

    it('nothing is done of one that is executed', async () => {
      const corpus = malformed(good).filter(({ bytes }) => bytes.includes(made));
      const some = [...corpus.filter((_, index) => index % 41 === 0), ...truncatedHonestly(good).slice(-1)];
      for (const { what, bytes } of some) {
        const { finished, reports } = launch(helper, bytes);
        assert.equal((await finished).code, 125, what);
        const { started, failed, ended } = await reports;
        assert.deepEqual({ started, operation: failed?.operation, ended }, { started: undefined, operation: 'decode', ended: 125 }, what);
        assert.ok(!existsSync(made), what);
      }
    });
  });
}

describe('the good plan of these tests', () => {
  it('would have been seen', async () => {
    const plan = goodPlan(made);
    const [parent, child] = plan.processes;
    const operations = child?.operations.filter(([name]) => name === 'exec') ?? [];
    const processes = [parent ?? assert.fail(), { name: 'child', operations }];
    const { finished } = launch(released, encodePlan({ processes }));
    assert.deepEqual({ code: (await finished).code, made: existsSync(made) }, { code: 0, made: true });
  });
});
