/** Finds hello.c from compiled tests, which lie deeper than their sources. Not a test itself. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export function helloSource(): string {
  for (let at = dirname(fileURLToPath(import.meta.url)); at !== dirname(at); at = dirname(at)) {
    const source = join(at, 'fixtures/hello/hello.c');
    if (existsSync(source)) return source;
  }
  throw new Error('fixtures/hello/hello.c not found');
}
