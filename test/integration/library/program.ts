/** Programs that use the library, run as an identity in a process of their own. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ownNode } from '../../harness/nodes.js';
import type { Place } from '../../harness/place.js';
import type { CommandOptions, Running } from '../../harness/process.js';
import { installation } from '../../harness/reach.js';

/** What every program begins with: the library, the image, and `print` for its answers. */
const HEAD = (image: string) => `
import * as tsrun from '${installation()}/dist/index.js';
import { text } from 'node:stream/consumers';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
const { run, pull, TsrunError } = tsrun;
const image = ${JSON.stringify(image)};
const print = (value) => process.stdout.write(JSON.stringify(value) + '\\n');
const failure = (promise) => promise.then(() => 'no failure', (error) => ({ typed: error instanceof TsrunError, code: error.code, exitCode: error.exitCode, message: error.message }));
`;
let count = 0;

/** Starts an ES module of these lines. */
export function startProgram({ box, image }: Place, lines: string, options: CommandOptions = {}, node = ownNode()): Running {
  const file = join(box.home, `program-${count++}.mjs`);
  writeFileSync(file, HEAD(image) + lines, { mode: 0o644 });
  return box.command([node.path, file], options);
}

/** Runs one to its end, which must come by itself and well. @returns what it printed */
export async function program(where: Place, lines: string, options: CommandOptions = {}, node = ownNode()): Promise<unknown[]> {
  const { code, signal, stdout, stderr } = await startProgram(where, lines, { timeoutMs: 30_000, ...options }, node).finished;
  assert.deepEqual({ code, signal, stderr }, { code: 0, signal: null, stderr: '' }, stdout);
  return stdout
    .trimEnd()
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
}
