import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { encodePlan } from '../../src/plan/encode.js';
import { damaged, plan } from './arbitrary.js';
import { goodPlan } from './corpus.js';
import { checkMany, missing, released, sanitized } from './program.js';
import { isPlan } from './reader.js';

/** Printed when a test fails: the same seed gives the same plans. */
const seed = Number(process.env['TSRUN_TEST_SEED'] ?? Date.now() % 2 ** 31);

for (const [name, helper] of Object.entries({ released, sanitized })) {
  describe(`plans by chance, ${name}`, { skip: missing(helper) }, () => {
    it('what the encoder makes is a plan', () => agree(fc.sample(plan().map(encodePlan), { numRuns: 500, seed }), true));

    it('what was damaged is refused, or is a plan all the same', () => {
      const good = encodePlan(goodPlan('/nowhere'));
      const others = fc.sample(plan(), { numRuns: 100, seed }).flatMap((one) => fc.sample(damaged(encodePlan(one)), { numRuns: 20, seed }));
      return agree([...fc.sample(damaged(good), { numRuns: 2000, seed }), ...others]);
    });

    /** The helper says of each what the second reader says. */
    async function agree(plans: readonly Buffer[], expected?: boolean): Promise<void> {
      const answers = await checkMany(helper, plans);
      for (const [index, bytes] of plans.entries()) {
        const wanted = isPlan(bytes);
        const what = `seed ${seed}, plan ${index}: ${answers[index]}; the other reader ${wanted ? 'takes' : 'refuses'} it\n${bytes.toString('hex')}`;
        assert.equal(answers[index] === 'valid', wanted, what);
        if (expected !== undefined) assert.equal(wanted, expected, what);
      }
      if (expected === undefined) assert.ok(answers.includes('valid') && new Set(answers).size > 10, 'damage of many kinds');
    }
  });
}
