import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { visible, visibleJson } from '../../src/cli/visible.js';

/** What a terminal may act on. */
function hasControl(text: string): boolean {
  return [...text].some((character) => {
    const code = character.codePointAt(0) as number;
    return code < 0x20 || (code >= 0x7f && code < 0xa0);
  });
}

describe('visible', () => {
  it('spells out escapes and control characters, and leaves text alone', () => {
    assert.equal(visible('\x1b[2Jgone\r\n\t\x07\x7f\x9b'), '\\x1b[2Jgone\\r\\n\\t\\x07\\x7f\\x9b');
    assert.equal(visible('safe\u202etxt.exe\u2066'), 'safe\\u202etxt.exe\\u2066');
    assert.equal(visible('größe 日本 👩‍👩‍👧'), 'größe 日本 👩‍👩‍👧');
  });

  it('leaves nothing that a terminal acts on', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => !hasControl(visible(text))));
  });
});

describe('visibleJson', () => {
  it('is the same value, harmless on a terminal', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.string({ unit: 'binary' }), (value, text) => {
        const json = visibleJson({ value, text });
        assert.deepEqual(JSON.parse(json), JSON.parse(JSON.stringify({ value, text })));
        assert.ok(!hasControl(json));
      }),
    );
    assert.equal(visibleJson('\x9b\u202e'), '"\\u009b\\u202e"');
    assert.equal(visibleJson({ a: 1 }, 2), '{\n  "a": 1\n}');
  });
});
