import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Screen } from './screen.js';

function shown(...writes: string[]): string {
  const screen = new Screen();
  for (const text of writes) screen.write(text);
  return screen.text;
}

test('lines are overwritten after a carriage return and erased on demand', () => {
  assert.equal(shown('one two\rONE'), 'ONE two');
  assert.equal(shown('one two\r\x1b[Kx'), 'x');
  assert.equal(shown('abc\b\bX'), 'aXc');
});

test('progress bars that move the cursor up show their last state', () => {
  assert.equal(shown('a 10%\r\nb 10%\r\n', '\x1b[2A\x1b[2Ka 90%\r\n\x1b[2Kb 95%\r\n'), 'a 90%\nb 95%');
});

test('erasing below the cursor removes what was drawn', () => {
  assert.equal(shown('keep\r\nbar\r\nbar\r\n\x1b[2A\x1b[Jdone'), 'keep\ndone');
});

test('colours and titles leave no trace, also when they are cut in two', () => {
  assert.equal(shown('\x1b[1;31mred\x1b[0m \x1b]0;title\x07plain'), 'red plain');
  assert.equal(shown('\x1b[1;3', '1mred\x1b', '[0m'), 'red');
});
