import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { printPlan } from '../../src/plan/print.js';
import { inCheckout } from '../harness/checkout.js';
import { inventedFacts } from './invented-facts.js';
import { SCENARIOS } from './scenario.js';

/** UPDATE_GOLDEN=1 npm test -- plan/golden writes them anew; then read the difference. */
const updating = process.env['UPDATE_GOLDEN'] === '1';
const golden = (name: string) => inCheckout('test/plan/golden', `${name}.txt`);

describe('the launch plan', () => {
  for (const [name, scenario] of Object.entries(SCENARIOS)) {
    it(`${name} is that of its golden file`, () => {
      const printed = printPlan(scenario.plan(inventedFacts(scenario)));
      if (updating) writeFileSync(golden(name), printed);
      assert.ok(existsSync(golden(name)), 'there is no golden file: see UPDATE_GOLDEN in this test');
      assert.equal(printed, readFileSync(golden(name), 'utf8'));
    });
  }

  it('is one of these for every golden file', () => {
    const files = readdirSync(inCheckout('test/plan/golden')).sort();
    assert.deepEqual(
      files,
      Object.keys(SCENARIOS)
        .map((name) => `${name}.txt`)
        .sort(),
    );
  });
});
