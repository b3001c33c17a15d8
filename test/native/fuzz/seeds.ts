/**
 * The plans that fuzzing begins with: those of the golden files, and the good one of the malformed, each behind its length.
 *
 *   node build/test/native/fuzz/seeds.js FILE
 */
import { writeFileSync } from 'node:fs';
import { encodePlan } from '../../../src/plan/encode.js';
import { inventedFacts } from '../../plan/invented-facts.js';
import { SCENARIOS } from '../../plan/scenario.js';
import { goodPlan } from '../corpus.js';

const plans = [goodPlan('/tmp/made'), ...Object.values(SCENARIOS).map((scenario) => scenario.plan(inventedFacts(scenario)))];
const rows = plans.map(encodePlan).flatMap((plan) => {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(plan.length);
  return [length, plan];
});
writeFileSync(process.argv[2] ?? 'build/fuzz/corpus', Buffer.concat(rows));
