import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { HostPath } from '../../src/paths.js';
import { findIdMapping, readIdFacts, recordRootRange } from '../../src/security/idmap-read.js';

describe('the block of root’s containers', () => {
  let directory = '';
  let file: HostPath;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'tsrun-idmap-'));
    file = join(directory, 'deep/root-range.json') as HostPath;
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  it('is chosen once, also by many at a time, and recorded for ever', async () => {
    let chosen = 0;
    const choose = () => ({ start: 0x70000000 + 65536 * chosen++, size: 65536 });
    const blocks = await Promise.all(Array.from({ length: 8 }, () => recordRootRange(file, choose)));
    assert.equal(chosen, 1);
    for (const block of blocks) assert.deepEqual(block, { start: 0x70000000, size: 65536 });
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.deepEqual(JSON.parse(readFileSync(file, 'utf8')), { start: 0x70000000, size: 65536 });
  });

  it('is not chosen anew when the record is damaged: files on disk belong to it', async () => {
    await recordRootRange(file, () => ({ start: 0x70000000, size: 65536 }));
    for (const text of ['{', '{"start":0,"size":65536}', '{"start":1,"size":4294967295}', 'null', '[]']) {
      writeFileSync(file, text);
      await assert.rejects(
        recordRootRange(file, () => ({ start: 1, size: 1 })),
        { code: 'ERR_TSRUN_STORE_UNREADABLE' },
      );
    }
  });

  it('is found for whoever runs the tests', async () => {
    const mapping = await findIdMapping({ rootRangeFile: file, env: process.env });
    assert.equal(mapping.uid[0]?.containerId, 0);
    assert.ok(readIdFacts({}).uidMap.length > 0);
  });
});
