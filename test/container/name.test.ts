import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { checkName, nameOf } from '../../src/container/name.js';

const hexDigits = fc.array(fc.constantFrom(...'0123456789abcdef'), { minLength: 64, maxLength: 64 }).map((digits) => digits.join(''));

describe('a name made from an id', () => {
  it('is the same every time, and one that could have been given', () => {
    fc.assert(
      fc.property(hexDigits, (id) => {
        assert.equal(nameOf(id), nameOf(id));
        assert.equal(checkName(nameOf(id)), nameOf(id));
        assert.match(nameOf(id), /^[a-z]+-[a-z]+-[0-9a-f]{2}$/);
      }),
    );
  });
});

describe('a name that is given', () => {
  it('follows docker’s grammar', () => {
    for (const name of ['ab', 'A_b.c-9', '0x', `a${'b'.repeat(127)}`]) assert.equal(checkName(name), name);
    for (const name of ['', 'a', '-ab', '.ab', '_ab', 'a b', 'a/b', 'ä1', 'a\n', `a${'b'.repeat(128)}`])
      assert.throws(() => checkName(name), { code: 'ERR_TSRUN_USAGE' }, JSON.stringify(name));
    assert.throws(() => checkName('b'.repeat(129)), { message: 'the container name has 129 characters', hint: 'use at most 128' });
  });
});
