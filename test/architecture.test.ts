/** What the documents and generated files say about the code is still so. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { inCheckout } from './harness/checkout.js';

test('every path that ARCHITECTURE.md names exists', () => {
  const text = readFileSync(inCheckout('ARCHITECTURE.md'), 'utf8');
  const named = [...text.matchAll(/`((?:\.ci|src|native|bin|test|scripts|fixtures|bench)\/[\w./-]*)`/g)].map((match) => match[1] as string);
  assert.ok(named.length > 10, 'it names the places where things happen');
  assert.deepEqual(
    [...new Set(named)].filter((path) => !existsSync(inCheckout(path))),
    [],
  );
});

test('oclif.manifest.json is what the commands say now: npm run manifest writes it', async () => {
  const { makeManifest }: typeof import('../scripts/manifest.mjs') = await import(inCheckout('scripts/manifest.mjs'));
  assert.equal(readFileSync(inCheckout('oclif.manifest.json'), 'utf8'), await makeManifest());
});

test('package-lock.json names no registry', () => {
  const lock: { packages: Record<string, { resolved?: string }> } = JSON.parse(readFileSync(inCheckout('package-lock.json'), 'utf8'));
  const resolved = Object.entries(lock.packages).filter(([, { resolved }]) => resolved !== undefined);
  assert.deepEqual(resolved, []);
});
