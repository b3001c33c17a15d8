/** A process with access to the tree swaps its directories for links while a layer is unpacked (CVE-2025-47290). */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { freshDirectory, unpack } from './harness.js';
import { extractNaively } from './naive.js';
import { archive, file, hardlink } from './tar-builder.js';

/** By turns a directory and a link out of the root. */
const SWAPS = `
const fs = require('node:fs');
const [directory, away, canary] = process.argv.slice(1);
const attempt = (make) => { try { make(); } catch {} };
for (let count = 0; ; count++) {
  attempt(() => fs.renameSync(directory, away));
  attempt(() => fs.symlinkSync(canary, directory));
  attempt(() => fs.unlinkSync(directory));
  attempt(() => fs.renameSync(away, directory));
  if (count === 100) fs.writeSync(1, 'swapping');
}`;

const FILES = 1000;
const LAYER = archive(
  ...Array.from({ length: FILES }, (_, index) => [
    file(`d/f${index}`, 'x'),
    hardlink(`d/h${index}`, `d/f${index}`),
    file('d/.wh.victim'),
  ]).flat(),
);

test('nothing gets to where the links lead, however the unpacking ends', async () => {
  const [canary, target] = [freshDirectory('canary'), freshDirectory()];
  mkdirSync(join(canary, 'victim'));
  mkdirSync(join(target, 'd'));
  const swapped = [join(target, 'd'), join(target, 'away'), canary];
  const swapping = spawn(process.execPath, ['-e', SWAPS, ...swapped], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    await once(swapping.stdout, 'data');
    const { done, error } = await unpack(LAYER, { target, mode: 'merged' });
    assert.ok(done ?? /^ERR_TSRUN_(LAYER_|STORE_)/.test(error?.code ?? ''), JSON.stringify(error));
  } finally {
    swapping.kill('SIGKILL');
    await once(swapping, 'exit');
  }
  assert.deepEqual(readdirSync(canary), ['victim']);

  // A program that trusts paths, and finds the link.
  const naive = freshDirectory('naive');
  symlinkSync(canary, join(naive, 'd'));
  extractNaively(LAYER, naive);
  assert.ok(readdirSync(canary).length > FILES, 'the fixture would harm nobody');
});
