import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { assertPlanFits, PLAN_MAX_BYTES } from '../../src/runtime/plan-size.js';
import { launch, launchDetached } from '../../src/runtime/spawn.js';
import { inCheckout } from '../harness/checkout.js';

describe('the largest plan', () => {
  it('is as large as the helper takes', () => {
    const [, mebibytes] = /^#define PLAN_MAX_BYTES \((\d+)u << 20\)/m.exec(readFileSync(inCheckout('native/plan.h'), 'utf8')) ?? [];
    assert.equal(PLAN_MAX_BYTES, Number(mebibytes) * 2 ** 20);
    assertPlanFits(new Uint8Array(PLAN_MAX_BYTES));
    assert.throws(() => assertPlanFits(new Uint8Array(PLAN_MAX_BYTES + 1)), {
      code: 'ERR_TSRUN_USAGE',
      message: /environment variables and arguments are too large: .* 16777217 bytes, and may have 16777216$/,
      hint: /--env-file/,
    });
  });

  it('is looked at before a helper is started', () => {
    const operations = [['print', 'stdout', 'x'.repeat(PLAN_MAX_BYTES)]] as [['print', 'stdout', string]];
    const plan = { processes: [{ name: 'parent', operations }] };
    assert.throws(() => launch(plan, ['ignore', 'ignore', 'ignore']), { code: 'ERR_TSRUN_USAGE' });
    assert.throws(() => launchDetached(plan), { code: 'ERR_TSRUN_USAGE' });
  });
});
