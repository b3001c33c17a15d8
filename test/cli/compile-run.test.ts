import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { chooseTerminal, compileRunVerb } from '../../src/cli/compile-run.js';
import { capture } from './capture.js';

function caller(stdinIsTerminal: boolean, stdoutIsTerminal: boolean, argv0 = '/usr/bin/tsrun') {
  const streams = { stdinIsTerminal, stdout: capture(stdoutIsTerminal), stderr: capture(stdoutIsTerminal) };
  return { streams, argv0, debug: false, send: () => assert.fail('nothing was to be sent') };
}

describe('-i and -t', () => {
  const both = { interactive: true, tty: true };

  it('are implied when input and output are terminals', () => {
    assert.deepEqual(chooseTerminal({}, caller(true, true)), { options: both });
    assert.deepEqual(chooseTerminal({}, caller(false, true)), { options: {} });
    assert.deepEqual(chooseTerminal({}, caller(true, false)), { options: {} });
  });

  it('are not implied when one of them is given, or for docker', () => {
    for (const given of [{ interactive: true }, { tty: true }, { interactive: false }, { tty: false }]) {
      assert.deepEqual(chooseTerminal(given, caller(true, true)), { options: {} });
    }
    assert.deepEqual(chooseTerminal({}, caller(true, true, '/home/me/bin/docker')), { options: {} });
  });

  it("without a terminal are docker's error for docker, and a note otherwise", () => {
    assert.throws(() => chooseTerminal(both, caller(false, true, 'docker')), {
      message: 'the input device is not a TTY',
      code: 'ERR_TSRUN_USAGE',
    });
    assert.match(chooseTerminal(both, caller(false, true)).note ?? '', /standard input is not a terminal/);
    assert.equal(chooseTerminal({ tty: true }, caller(false, true, 'docker')).note, undefined);
    assert.equal(chooseTerminal(both, caller(true, true, 'docker')).note, undefined);
  });
});

describe('compiling run', () => {
  it('prints the help and sends no plan', async () => {
    const by = caller(false, false);
    assert.equal(await compileRunVerb(['--help'], by), 0);
    assert.match(by.streams.stdout.text, /^Usage: tsrun run \[options\] IMAGE \[COMMAND\] \[ARG\.\.\.\]/);
  });

  it('prints what is wrong with the command line, as an object when asked', async () => {
    const plain = caller(false, false);
    assert.equal(await compileRunVerb(['--bogus', 'alpine'], plain), 125);
    assert.match(plain.streams.stderr.text, /^tsrun: unknown flag: --bogus/);
    const json = caller(false, false);
    assert.equal(await compileRunVerb(['--bogus', '--json', 'alpine'], json), 125);
    assert.equal(JSON.parse(json.streams.stderr.text).code, 'ERR_TSRUN_USAGE');
  });
});
