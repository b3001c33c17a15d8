import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { inCheckout } from '../../harness/checkout.js';
import { printTable, syscallTable } from './table.js';

const PAGE = inCheckout('docs/seccomp.md');

describe('docs/seccomp.md', () => {
  it('is what the default profile says: UPDATE_GOLDEN=1 npm test -- seccomp/table writes it anew', () => {
    const printed = printTable(syscallTable());
    if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(PAGE, printed);
    assert.equal(readFileSync(PAGE, 'utf8'), printed);
  });

  it('says of what arguments decide which', () => {
    const rows = syscallTable().filter(({ verdict }) => verdict === 'by its arguments');
    assert.deepEqual(
      rows.map(({ name }) => name),
      ['ioctl', 'socket', 'clone', 'personality'],
    );
  });
});
