/** Small C programs that try from inside a container what no shell can, compiled by the rules of the helper and readable by every test user. */
import { basename } from 'node:path';
import { inCheckout } from './checkout.js';
import { withinReach } from './reach.js';

const compiled = new Map<string, Promise<string>>();

/** @param source within the checkout */
export function probeOf(source: string): Promise<string> {
  const known = compiled.get(source) ?? compile(source);
  compiled.set(source, known);
  return known;
}

async function compile(source: string): Promise<string> {
  const native: typeof import('../../scripts/native.mjs') = await import(inCheckout('scripts/native.mjs'));
  const output = inCheckout('build/harness', basename(source, '.c'));
  if (native.isStale(output, [inCheckout(source)])) await native.compile({ sources: [inCheckout(source)], output });
  return withinReach(output);
}
