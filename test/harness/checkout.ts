/** Where the checkout is: tests run from it, whatever folder they were compiled to. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

function find(from: string): string {
  const file = join(from, 'package.json');
  if (existsSync(file) && JSON.parse(readFileSync(file, 'utf8')).name === 'tsrun') return from;
  if (dirname(from) === from) throw new Error(`run the tests inside the checkout: no tsrun above ${process.cwd()}`);
  return find(dirname(from));
}

/** Absolute, no trailing slash. */
export const checkout = find(process.cwd());

/** A path in the checkout. */
export const inCheckout = (...parts: string[]): string => join(checkout, ...parts);

/** What is costly to make and the same every time; kept between runs. */
export const cacheDirectory = inCheckout('build/cache');
