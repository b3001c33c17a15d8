import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { inCheckout } from '../../harness/checkout.js';
import { ATTACKS } from './attacks.js';

describe('each known attack', () => {
  for (const [attack, shown] of Object.entries(ATTACKS))
    it(`has a test that shows it: ${attack}`, () => {
      assert.ok(shown.length > 0);
      for (const [file, title] of shown) {
        const source = readFileSync(inCheckout('test', `${file}.test.ts`), 'utf8');
        assert.ok(source.includes(title), `test/${file}.test.ts has no test that says: ${title}`);
      }
    });
});
