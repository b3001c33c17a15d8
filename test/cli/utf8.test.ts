import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { changedWord } from '../../src/cli/utf8.js';

/** The words as Node would have them, and what the kernel has. */
function look(...typed: (string | number[])[]) {
  const bytes = typed.map((word) => Buffer.from(word as string));
  const commandLine = Buffer.concat(['node', '--', '/script', ...bytes].flatMap((word) => [Buffer.from(word), Buffer.of(0)]));
  return changedWord(
    bytes.map((word) => word.toString('utf8')),
    () => commandLine,
  );
}

describe('changedWord', () => {
  it('finds the first word that is not UTF-8', () => {
    assert.equal(look('run', '', 'caf\u00e9', [0x63, 0x61, 0x66, 0xe9])?.message, 'the argument "caf\uFFFD" is not UTF-8');
    assert.equal(look('\uFFFD', [0xff, 0x41], '')?.subject, '\uFFFDA');
  });

  it('leaves alone what was typed so', () => {
    assert.equal(look('run', '\uFFFD', ''), undefined);
    assert.equal(look('ünï', ''), undefined);
    assert.equal(look(), undefined);
  });

  it('does not look where there is nothing to be found', () => {
    assert.equal(
      changedWord(['run', 'alpine'], () => assert.fail('not needed')),
      undefined,
    );
  });
});
