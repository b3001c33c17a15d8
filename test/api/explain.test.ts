import assert from 'node:assert/strict';
import { test } from 'node:test';
import { explainFailure } from '../../src/api/explain.js';

test('the bytes that the helper hands over become a sentence', () => {
  const error = explainFailure(Buffer.from('child\0exec\0exec\0nope\x002\0'));
  assert.equal(error.code, 'ERR_TSRUN_COMMAND_NOT_FOUND');
  assert.match(error.message, /"nope": executable file not found/);
});

test('bytes that are no record become one too', () => {
  for (const bytes of ['', '\0', 'child', '\xff\xfe\0\0\0\0']) assert.equal(explainFailure(Buffer.from(bytes)).code, 'ERR_TSRUN_LAUNCH');
});
