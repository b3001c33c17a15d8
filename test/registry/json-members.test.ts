import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { memberText, withMember } from '../../src/registry/json-members.js';

const config = `{
\t"HttpHeaders": {"X": "a,b}", "auths": "not this"},
  "big" : 12345678901234567890,
\t"auths": {"one": {}},
\t"last": [1, {"auths": 2}]
}
`;

test('one member changes, and every other byte stays', () => {
  assert.equal(memberText(config, 'auths'), '{"one": {}}');
  assert.equal(withMember(config, 'auths', '{}'), config.replace('{"one": {}}', '{}'));
  assert.equal(withMember(config, 'auths', undefined), config.replace('\n\t"auths": {"one": {}},', ''));
  assert.equal(withMember(config, 'new', '1'), config.replace('{"auths": 2}]', '{"auths": 2}],\n\t"new": 1'));
  assert.equal(withMember(config, 'gone', undefined), config);
  assert.equal(withMember('{}', 'auths', '{}'), '{\n\t"auths": {}\n}');
  assert.equal(withMember('{"a":1}', 'a', undefined), '{}');
  assert.equal(withMember('{"a":1,"b":2}', 'a', undefined), '{"b":2}');
});

test('of equal names the last counts, and all are taken away', () => {
  assert.equal(memberText('{"a":1,"a":2}', 'a'), '2');
  assert.equal(withMember('{"a":1,"b":{},"a":2}', 'a', undefined), '{"b":{}}');
});

test('whatever the object: the result is what assignment makes of it', () => {
  const spaced = fc.tuple(fc.dictionary(fc.oneof(fc.constantFrom('a', '__proto__', 'auths'), fc.string()), fc.jsonValue()), fc.nat(3));
  fc.assert(
    fc.property(spaced, fc.constantFrom('a', '__proto__', 'auths', 'q"\\'), fc.option(fc.jsonValue()), ([object, indent], name, value) => {
      const text = JSON.stringify(object, null, indent);
      const changed = JSON.parse(withMember(text, name, value === null ? undefined : JSON.stringify(value)));
      const expected = new Map(Object.entries(JSON.parse(text)));
      if (value === null) expected.delete(name);
      else expected.set(name, JSON.parse(JSON.stringify(value)));
      assert.deepEqual(new Map(Object.entries(changed)), expected);
    }),
    { numRuns: 300 },
  );
});
