import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { printFailure, printNote, sentence, withoutSecrets } from '../../src/cli/print-error.js';
import { TsrunError } from '../../src/errors.js';
import { capture } from './capture.js';

describe('a failure', () => {
  const error = new TsrunError('ERR_TSRUN_REGISTRY_NOT_FOUND', 'alpnie: not found, or private', { hint: 'check the spelling, or log in' });

  it('is one sentence with what to do next, and gives the exit code', () => {
    const stderr = capture();
    assert.equal(printFailure(error, stderr, {}), 125);
    assert.equal(stderr.text, 'tsrun: alpnie: not found, or private: check the spelling, or log in\n');
  });

  it('keeps a question as a sentence of its own', () => {
    const asked = new TsrunError('ERR_TSRUN_USAGE', 'unknown flag: --nmae', { hint: 'Did you mean --name?' });
    assert.equal(sentence(asked), 'tsrun: unknown flag: --nmae. Did you mean --name?');
  });

  it('is an object with --json', () => {
    const stderr = capture();
    printFailure(error, stderr, { json: true });
    assert.deepEqual(JSON.parse(stderr.text), {
      code: 'ERR_TSRUN_REGISTRY_NOT_FOUND',
      message: 'alpnie: not found, or private',
      hint: 'check the spelling, or log in',
      exitCode: 125,
    });
  });

  it('shows its causes for TSRUN_DEBUG=1 only', () => {
    const caused = new TsrunError('ERR_TSRUN_REGISTRY_UNREACHABLE', 'no network', { cause: new Error('ECONNREFUSED inside') });
    const plain = capture();
    const debug = capture();
    printFailure(caused, plain, {});
    printFailure(caused, debug, { debug: true });
    assert.doesNotMatch(plain.text, /inside/);
    assert.match(debug.text, /ECONNREFUSED inside/);
  });

  it('of an unexpected kind says that it is ours', () => {
    const stderr = capture();
    assert.equal(printFailure(new TypeError('x is not a function'), stderr, {}), 125);
    assert.match(stderr.text, /^tsrun: unexpected failure: x is not a function: .*TSRUN_DEBUG=1/);
  });

  it('never sends what an image or a registry wrote to the terminal as it stands', () => {
    const stderr = capture();
    const hostile = new TsrunError('ERR_TSRUN_REGISTRY_FAILED', 'the registry says \x1b]0;owned\x07\nok', { cause: new Error('\x1b[2J') });
    printFailure(hostile, stderr, { debug: true });
    assert.equal(stderr.text.split('\n')[0], 'tsrun: the registry says \\x1b]0;owned\\x07\\nok');
    assert.ok(!stderr.text.includes('\x1b'));
  });
});

describe('withoutSecrets', () => {
  it('hides what looks like a credential', () => {
    const text = withoutSecrets(
      `authorization: 'Bearer abc.def-ghi' https://me:secret@registry.example/v2/ {"token":"xyz","password": "pw"} Basic dXNlcjpwdw==`,
    );
    for (const secret of ['abc.def', 'secret', 'xyz', '"pw"', 'dXNlcjpwdw']) assert.ok(!text.includes(secret), `${secret} in ${text}`);
    assert.match(text, /registry\.example/);
  });
});

describe('a note', () => {
  it('is one visible line', () => {
    const stderr = capture();
    printNote('two\nlines', stderr);
    assert.equal(stderr.text, 'note: two\\nlines\n');
  });
});
