import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { VERBS } from '../../../src/cli/verbs.js';
import { inCheckout } from '../../harness/checkout.js';
import { ATTACKS, NOT_YET } from './attacks.js';
import { IMAGE_ATTACKS } from './attacks-images.js';
import { REGISTRY_ATTACKS } from './attacks-registries.js';

describe('each known attack', () => {
  for (const [attack, shown] of Object.entries({ ...ATTACKS, ...IMAGE_ATTACKS, ...REGISTRY_ATTACKS }))
    it(`has a test that shows it: ${attack}`, () => {
      assert.ok(shown.length > 0);
      for (const [file, title] of shown) {
        const source = readFileSync(inCheckout('test', `${file}.test.ts`), 'utf8');
        const said = source.split('\n').some((line) => line.includes(title) && !/^\s*(\/\/|\*|\/\*)|\.(skip|todo)\(/.test(line));
        assert.ok(said, `test/${file}.test.ts has no test that says: ${title}`);
      }
    });

  for (const [attack, verb] of Object.entries(NOT_YET))
    it(`has nothing to attack yet, for there is no ${verb}: ${attack}`, () => {
      assert.ok(!VERBS.some(({ name }) => name === verb), 'it is there now: test it');
    });
});
