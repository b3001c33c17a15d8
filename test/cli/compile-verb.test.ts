import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compileVerb } from '../../src/cli/compile-verb.js';
import { run } from '../../src/cli/driven/run.js';
import { chooseTerminal } from '../../src/cli/terminal.js';
import { temporaryDirectory } from '../harness/temporary.js';
import { capture } from './capture.js';

function caller(stdinIsTerminal: boolean, stdoutIsTerminal: boolean, argv0 = '/usr/bin/tsrun', foreground = true) {
  const streams = { stdinIsTerminal, isForeground: () => foreground, stdout: capture(stdoutIsTerminal), stderr: capture(stdoutIsTerminal) };
  return { streams, argv0, debug: false, send: () => assert.fail('nothing was to be sent') };
}

const chosen = (asked: Parameters<typeof chooseTerminal>[0], { streams, argv0 }: ReturnType<typeof caller>) =>
  chooseTerminal(asked, streams, argv0);

describe('-i and -t', () => {
  const both = { interactive: true, tty: true };

  it('are implied when input and output are terminals', () => {
    assert.deepEqual(chosen({}, caller(true, true)), { options: both });
    assert.deepEqual(chosen({}, caller(false, true)), { options: {} });
    assert.deepEqual(chosen({}, caller(true, false)), { options: {} });
  });

  it('are not implied in the background, where taking the terminal would stop tsrun, when errors go elsewhere, and with -d', () => {
    assert.deepEqual(chosen({}, caller(true, true, 'tsrun', false)), { options: {} });
    assert.deepEqual(chosen({ detach: true }, caller(true, true)), { options: {} });
    const elsewhere = caller(true, true);
    assert.deepEqual(chosen({}, { ...elsewhere, streams: { ...elsewhere.streams, stderr: capture(false) } }), { options: {} });
  });

  it('are not implied when one of them is given, or for docker', () => {
    for (const given of [{ interactive: true }, { tty: true }, { interactive: false }, { tty: false }]) {
      assert.deepEqual(chosen(given, caller(true, true)), { options: {} });
    }
    assert.deepEqual(chosen({}, caller(true, true, '/home/me/bin/docker')), { options: {} });
  });

  it("without a terminal are docker's error for docker, and a note otherwise", () => {
    assert.throws(() => chosen(both, caller(false, true, 'docker')), {
      message: 'the input device is not a TTY',
      code: 'ERR_TSRUN_NO_TERMINAL',
    });
    assert.match(chosen(both, caller(false, true)).note ?? '', /standard input is not a terminal/);
    assert.equal(chosen({ tty: true }, caller(false, true, 'docker')).note, undefined);
    assert.equal(chosen(both, caller(true, true, 'docker')).note, undefined);
  });
});

describe('compiling run', () => {
  it('prints the help and sends no plan', async () => {
    const by = caller(false, false);
    assert.equal(await compileVerb(run, ['--help'], by), 0);
    assert.match(by.streams.stdout.text, /^Usage: tsrun run \[options\] IMAGE \[COMMAND\] \[ARG\.\.\.\]/);
  });

  it('prints the plan for --dry-run, as an object when asked, and sends none', async () => {
    const directory = temporaryDirectory();
    const words = [
      '--dry-run',
      '--network',
      'none',
      '--root',
      `${directory}/store`,
      '--run-root',
      `${directory}/run`,
      '--rootfs',
      directory,
      '/true',
    ];
    const plain = caller(false, false);
    assert.equal(await compileVerb(run, words, plain), 0, plain.streams.stderr.text);
    assert.match(plain.streams.stdout.text, /^parent:\n {2}── prepare\n/);
    const json = caller(false, false);
    assert.equal(await compileVerb(run, ['--json', ...words], json), 0);
    const { processes } = JSON.parse(json.streams.stdout.text);
    assert.deepEqual(processes[0].operations[0], ['stage', 'prepare']);
    assert.deepEqual(
      processes.map(({ name }: { name: string }) => name),
      [...plain.streams.stdout.text.matchAll(/^([\w-]+):$/gm)].map(([, name]) => name),
    );
  });

  it('prints what is wrong with the command line, as an object when asked', async () => {
    const plain = caller(false, false);
    assert.equal(await compileVerb(run, ['--bogus', 'alpine'], plain), 125);
    assert.match(plain.streams.stderr.text, /^tsrun: unknown flag: --bogus/);
    const json = caller(false, false);
    assert.equal(await compileVerb(run, ['--bogus', '--json', 'alpine'], json), 125);
    assert.equal(JSON.parse(json.streams.stderr.text).code, 'ERR_TSRUN_USAGE');
  });
});
