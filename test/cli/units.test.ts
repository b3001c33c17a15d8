import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { age, humanDuration, humanSize, shortId } from '../../src/cli/units.js';

describe('humanSize', () => {
  it("prints docker's units", () => {
    assert.deepEqual(
      [0, 999, 1000, 7_800_000, 5_580_000, 116_999_999, 1_234_567_890].map((bytes) => humanSize(bytes)),
      ['0B', '999B', '1kB', '7.8MB', '5.58MB', '117MB', '1.23GB'],
    );
  });
});

describe('humanDuration', () => {
  it("prints docker's rough words", () => {
    const minute = 60_000;
    const hour = 60 * minute;
    const day = 24 * hour;
    const cases: [number, string][] = [
      [500, 'Less than a second'],
      [1000, '1 second'],
      [59_000, '59 seconds'],
      [minute, 'About a minute'],
      [45 * minute, '45 minutes'],
      [hour, 'About an hour'],
      [29 * hour, '29 hours'],
      [3 * day, '3 days'],
      [20 * day, '2 weeks'],
      [100 * day, '3 months'],
      [800 * day, '2 years'],
    ];
    for (const [milliseconds, words] of cases) assert.equal(humanDuration(milliseconds), words);
  });
});

describe('age', () => {
  it('is N/A without a time', () => {
    assert.equal(age('2024-01-01T00:00:00Z', Date.parse('2024-01-04T00:00:00Z')), '3 days ago');
    assert.equal(age(undefined), 'N/A');
    assert.equal(age('\x1b'), 'N/A');
  });
});

describe('shortId', () => {
  it('is twelve digits without the algorithm', () => {
    assert.equal(shortId(`sha256:${'ab'.repeat(32)}`), 'abababababab');
    assert.equal(shortId('cd'.repeat(32)), 'cdcdcdcdcdcd');
  });
});
