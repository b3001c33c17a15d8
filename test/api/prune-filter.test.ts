import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { pruneFilter } from '../../src/api/prune-filter.js';

const ago = (hours: number) => new Date(Date.now() - hours * 3_600_000).toISOString();

describe('filters of prune', () => {
  it('choose what was made before a time', () => {
    const isWanted = pruneFilter(['until=24h']);
    assert.deepEqual([isWanted({ created: ago(25) }), isWanted({ created: ago(23) })], [true, false]);
    assert.ok(pruneFilter(['until=2026-01-31T00:00:00Z'])({ created: '2026-01-30T23:59:59.000000001Z' }));
    assert.ok(!pruneFilter(['until=1769817600'])({ created: '2026-01-31T00:00:00.000000000Z' }));
  });

  it('take what has no time for old: it is damaged', () => {
    assert.deepEqual([pruneFilter(['until=1h'])({}), pruneFilter(['until=1h'])({ created: 'then' })], [true, true]);
  });

  it('choose by labels, and by those that are not there', () => {
    const labels = { tier: 'front', empty: '' };
    const holds = (...filters: string[]) => pruneFilter(filters)({ labels });
    assert.deepEqual(
      [holds('label=tier'), holds('label=tier=front'), holds('label=tier=back'), holds('label=none')],
      [true, true, false, false],
    );
    assert.deepEqual([holds('label!=tier'), holds('label!=tier=back'), holds('label!=none')], [false, true, true]);
    assert.deepEqual([holds('label=tier', 'label=empty='), holds('label=tier', 'until=1h')], [true, true]);
    assert.deepEqual([holds('label=constructor'), holds()], [false, true]);
  });

  it('that there are not are refused', () => {
    for (const text of ['colour=red', 'until!=1h', 'until=', 'until=soon', 'label', ''])
      assert.throws(() => pruneFilter([text]), { code: 'ERR_TSRUN_USAGE' });
  });
});
