/** A question before something is removed, as docker asks it. */
import { readSync } from 'node:fs';
import type { Output } from './output.js';

/** Whether the answer, a line of standard input, begins with y. No answer is no. */
export function confirm(stdout: Output, warning: string): boolean {
  stdout.write(`WARNING! ${warning}\nAre you sure you want to continue? [y/N] `);
  const answer = firstLine();
  if (answer === undefined) stdout.write('\n');
  return /^y(es)?$/i.test((answer ?? '').trim());
}

function firstLine(): string | undefined {
  const byte = Buffer.alloc(1);
  let line = '';
  for (;;) {
    if (readSync(0, byte) === 0) return line === '' ? undefined : line;
    if (byte[0] === 10 || line.length > 1000) return line;
    line += byte.toString('latin1');
  }
}
