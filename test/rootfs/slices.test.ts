import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type HostPath, storePaths } from '../../src/paths.js';
import { giveBack, setAside } from '../../src/rootfs/slices.js';
import type { Slice } from '../../src/security/idmap-form.js';
import { temporaryDirectory } from '../harness/temporary.js';

test('ids that are set aside are nobody else’s until they are given back, whatever lies beside them', async () => {
  const directory = temporaryDirectory() as HostPath;
  const paths = storePaths({ data: directory, run: directory });
  const next = (taken: Slice[]): Slice => ({ start: 10 * taken.length, size: 10, of: 'host' });
  const one = await setAside(paths, next);
  assert.deepEqual([one.start, (await setAside(paths, next)).start], [0, 10]);
  // What cannot be read may be somebody's; what was half written is nobody's.
  writeFileSync(join(paths.slices, '50-10-host'), '{"contai');
  writeFileSync(join(paths.slices, 'new'), '');
  assert.equal((await setAside(paths, next)).start, 30);
  giveBack(paths, one);
  assert.ok(!readdirSync(paths.slices).includes('0-10-host'));
  // A container that is gone has none.
  writeFileSync(join(paths.slices, '60-10-host'), JSON.stringify({ container: 'f'.repeat(64) }));
  mkdirSync(join(paths.containers, 'e'.repeat(64)), { recursive: true });
  writeFileSync(join(paths.slices, '70-10-host'), JSON.stringify({ container: 'e'.repeat(64) }));
  await setAside(paths, (taken) => {
    assert.deepEqual(
      taken.map(({ start }) => start).sort((a, b) => a - b),
      [10, 30, 50, 70],
    );
    return next(taken);
  });
});
