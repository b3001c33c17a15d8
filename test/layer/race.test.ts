/** A process with access to the tree swaps its directories for links while a layer is unpacked (CVE-2025-47290). */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, renameSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { freshDirectory, unpack } from './harness.js';
import { extractNaively } from './naive.js';
import { archive, directory, file, hardlink } from './tar-builder.js';

const SWAPS = `
const fs = require('node:fs');
const [target, link] = process.argv.slice(1);
for (let count = 0; ; count++) {
  try { fs.renameSync(target + '/d', target + '/away'); fs.renameSync(link, target + '/d'); } catch {}
  try { fs.renameSync(target + '/d', link); } catch {}
  try { fs.renameSync(target + '/away', target + '/d'); } catch {}
  if (count === 100) fs.writeSync(1, 'swapping');
}`;

const FILES = 3000;
const LAYER = archive(
  directory('d'),
  ...Array.from({ length: FILES }, (_, index) => [
    file(`d/f${index}`, 'x'),
    hardlink(`d/h${index}`, `d/f${index}`),
    file(`d/.wh.victim`),
  ]).flat(),
);

test('nothing gets to where the links lead, however the unpacking ends', async () => {
  const [canary, target, links] = [freshDirectory('canary'), freshDirectory(), freshDirectory('links')];
  mkdirSync(join(canary, 'victim'));
  mkdirSync(join(target, 'd'));
  symlinkSync(canary, join(links, 'd'));
  const swapping = spawn(process.execPath, ['-e', SWAPS, target, join(links, 'd')], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    await once(swapping.stdout, 'data');
    const { done, error } = await unpack(LAYER, { target, mode: 'merged' });
    assert.ok(done ?? /^ERR_TSRUN_(LAYER_|STORE_)/.test(error?.code ?? ''), JSON.stringify(error));
  } finally {
    swapping.kill('SIGKILL');
    await once(swapping, 'exit');
  }
  assert.deepEqual(readdirSync(canary), ['victim']);

  // The same, with a program that trusts paths: the link is what it finds.
  const naive = freshDirectory('naive');
  for (const at of [join(links, 'd'), join(target, 'd')])
    try {
      renameSync(at, join(naive, 'd'));
      break;
    } catch {
      // It lies where the swapping ended.
    }
  extractNaively(LAYER, naive);
  assert.ok(readdirSync(canary).length > FILES, 'the fixture would harm nobody');
});
