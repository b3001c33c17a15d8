import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { inCheckout } from '../harness/checkout.js';

test('SECURITY.md says how many lines the helper has, to the hundred', () => {
  const sources = readdirSync(inCheckout('native')).filter((name) => /\.(c|h|def)$/.test(name));
  const lines = sources.reduce((sum, name) => sum + readFileSync(inCheckout('native', name), 'utf8').split('\n').length - 1, 0);
  const said = Number(/The helper is some (\d+) lines of C/.exec(readFileSync(inCheckout('SECURITY.md'), 'utf8'))?.[1]);
  assert.ok(Math.abs(said - lines) <= 100, `it has ${lines}, and SECURITY.md says ${said}`);
});
