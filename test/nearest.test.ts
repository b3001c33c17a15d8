import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { editDistance, nearest } from '../src/nearest.js';

describe('editDistance', () => {
  it('counts insertions, deletions, replacements and swaps', () => {
    assert.equal(editDistance('images', 'images'), 0);
    assert.equal(editDistance('imges', 'images'), 1);
    assert.equal(editDistance('iamges', 'images'), 1);
    assert.equal(editDistance('imagez', 'images'), 1);
    assert.equal(editDistance('', 'ps'), 2);
  });

  it('is symmetric and at most the longer length', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 12 }), fc.string({ maxLength: 12 }), (a, b) => {
        assert.equal(editDistance(a, b), editDistance(b, a));
        assert.ok(editDistance(a, b) <= Math.max(a.length, b.length));
      }),
    );
  });
});

describe('nearest', () => {
  it('finds a slip and leaves other words alone', () => {
    assert.equal(nearest('imges', ['pull', 'images', 'image']), 'images');
    assert.equal(nearest('rnu', ['run', 'rm']), 'run');
    assert.equal(nearest('alpine', ['pull', 'images', 'inspect']), undefined);
    assert.equal(nearest('node', ['run', 'rm', 'ps']), undefined);
  });
});
