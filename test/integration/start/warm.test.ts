/** What a run need not load when its image is in the store and unpacked: each of them costs milliseconds at every start. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { identity } from '../../harness/identity.js';
import { busyboxImage } from '../../harness/images.js';
import { startRegistry } from '../../harness/registry.js';
import { sandbox } from '../../harness/tsrun.js';

const own = identity('root').unavailable === undefined ? identity('root') : identity('range');

test('a second run neither loads the FFI nor what speaks to registries', { skip: own.unavailable ?? false }, async () => {
  await using place = sandbox(own);
  await using registry = await startRegistry();
  const image = await registry.push((await busyboxImage()).reference, 'busybox:latest');
  const spy = join(place.directory, 'spy.cjs');
  writeFileSync(spy, SPY);
  const loaded = async () => {
    const list = join(place.home, 'loaded');
    const run = await place.tsrun(['run', '--rm', image, 'true'], { env: { NODE_OPTIONS: `--require=${spy}`, LOADED: list } });
    assert.equal(run.code, 0, run.stderr);
    return readFileSync(list, 'utf8');
  };
  const first = await loaded();
  for (const needed of [/koffi/, /dispatchers/]) assert.match(first, needed);
  const second = await loaded();
  assert.match(second, /compile\.cjs/);
  assert.doesNotMatch(second, /dispatchers|koffi/);
});

/** Of the compiling process alone: those that unpack are others. */
const SPY = `
if (/compile\\.cjs$/.test(process.argv[1])) process.on('exit', () => {
  const files = [...Object.keys(require.cache), ...process.report.getReport().sharedObjects].sort();
  require('node:fs').writeFileSync(process.env.LOADED, files.join('\\n'));
});
`;
