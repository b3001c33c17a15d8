import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { inDockersWords, isDocker } from '../../src/cli/docker.js';
import { mannerFor, printFailure } from '../../src/cli/print-error.js';
import { type ErrorCode, TsrunError } from '../../src/errors.js';
import { capture } from './capture.js';

/** verb, code, subject → the first line and the exit status of docker 28 */
const ROWS: [verb: string, code: ErrorCode, subject: string, line: string, status: number][] = [
  [
    'run',
    'ERR_TSRUN_COMMAND_NOT_FOUND',
    'nope',
    'docker: Error response from daemon: exec: "nope": executable file not found in $PATH',
    127,
  ],
  [
    'run',
    'ERR_TSRUN_COMMAND_NOT_FOUND',
    '/nope',
    'docker: Error response from daemon: exec: "/nope": stat /nope: no such file or directory',
    127,
  ],
  ['run', 'ERR_TSRUN_COMMAND_NOT_RUNNABLE', '/etc', 'docker: Error response from daemon: exec: "/etc": permission denied', 126],
  ['create', 'ERR_TSRUN_IMAGE_NOT_FOUND', 'a:1', 'docker: Error response from daemon: No such image: a:1', 125],
  ['run', 'ERR_TSRUN_FILE_EXISTS', 'f', "docker: container ID file found, make sure the other container isn't running or delete f", 125],
  ['run', 'ERR_TSRUN_NO_TERMINAL', '', 'the input device is not a TTY', 1],
  ['exec', 'ERR_TSRUN_NO_TERMINAL', '', 'the input device is not a TTY', 1],
  ['exec', 'ERR_TSRUN_COMMAND_NOT_FOUND', 'nope', 'Error response from daemon: exec: "nope": executable file not found in $PATH', 127],
  ['exec', 'ERR_TSRUN_CONTAINER_STOPPED', 'c', 'Error response from daemon: container c is not running', 1],
  ['rm', 'ERR_TSRUN_CONTAINER_NOT_FOUND', 'c', 'Error response from daemon: No such container: c', 1],
  ['volume rm', 'ERR_TSRUN_VOLUME_NOT_FOUND', 'v', 'Error response from daemon: get v: no such volume', 1],
  ['ps', 'ERR_TSRUN_STORE_UNREADABLE', 's', 'ours', 1],
  ['run', 'ERR_TSRUN_UNSUPPORTED', 's', 'docker: ours', 125],
];

describe('called as docker', () => {
  for (const [verb, code, subject, line, status] of ROWS) {
    it(`${verb}: ${code} of "${subject}" is docker's`, () => {
      const { text, code: exitCode } = inDockersWords(new TsrunError(code, 'ours', { subject, hint: 'ours' }), verb);
      assert.deepEqual([text.split('\n')[0], exitCode], [line, status]);
    });
  }

  it('flags that are wrong are 125 everywhere, missing arguments 1', () => {
    const wrong = (message: string) => inDockersWords(new TsrunError('ERR_TSRUN_USAGE', message), 'ps');
    assert.deepEqual(wrong('unknown flag: --x'), { text: "unknown flag: --x\n\nRun 'docker ps --help' for more information", code: 125 });
    assert.deepEqual(wrong('tsrun ps takes no arguments, not "x"').code, 1);
  });

  it('is known by the name alone, and --json stays as it is', () => {
    assert.deepEqual(
      [isDocker('/home/me/bin/docker'), isDocker('docker'), isDocker('/docker/tsrun'), isDocker('')],
      [true, true, false, false],
    );
    const stderr = capture(false);
    const error = new TsrunError('ERR_TSRUN_CONTAINER_NOT_FOUND', 'no container c', { subject: 'c' });
    assert.equal(printFailure(error, stderr, { json: true, ...mannerFor('docker', 'rm') }), 125);
    assert.match(stderr.text, /"code":"ERR_TSRUN_CONTAINER_NOT_FOUND"/);
  });
});
