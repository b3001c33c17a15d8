import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { pipedStreams } from '../../src/runtime/streams.js';
import { inCheckout } from '../harness/checkout.js';
import { temporaryDirectory } from '../harness/temporary.js';

const PROGRAM = `import { inheritedStreams } from '${pathToFileURL(inCheckout('build/src/runtime/streams.js'))}';
import { writeFileSync } from 'node:fs';
writeFileSync(3, JSON.stringify(inheritedStreams()));`;

/** The facts that a program finds which a shell starts with these redirections; \`3\` is where it answers. */
function factsWith(redirections: string) {
  const { stdout, stderr } = spawnSync(
    'sh',
    ['-c', `exec 3>&1; "$0" --input-type=module -e "$1" ${redirections}`, process.execPath, PROGRAM],
    { encoding: 'utf8' },
  );
  assert.equal(stderr.replace(/^.*[Ww]arning.*$/gm, '').trim(), '');
  return JSON.parse(stdout) as ReturnType<typeof pipedStreams>;
}

describe('the standard streams of a process', () => {
  it('are told apart: device, file, socket; and two that are one file are seen to be', () => {
    const { stdin, stdout, stderr } = factsWith('< /dev/null > /dev/full 2>&1');
    assert.equal(stdin.type, 'device');
    assert.equal(stdout.type, 'device');
    assert.equal(stdout.file, stderr.file);
    assert.notEqual(stdin.file, stdout.file);
  });

  it('belong to somebody', () => {
    const { stdin } = factsWith('< /etc/passwd');
    assert.deepEqual([stdin.type, stdin.uid], ['file', 0]);
    assert.equal(factsWith('').stdout.type, 'socket', 'what node:child_process connects');
    assert.equal(factsWith('| cat >&3; true').stdin.type, 'socket');
  });

  it('are pipes only when they have no name: a fifo is a file of the host', () => {
    const fifo = join(temporaryDirectory(), 'fifo');
    execFileSync('mkfifo', [fifo]);
    const { stdin, stdout } = factsWith(`0<>${fifo} 1<>${fifo}`);
    assert.deepEqual([stdin.type, stdout.type], ['file', 'file']);
    // Node's own pipes are sockets: the shell makes a real one.
    const answer = execFileSync('sh', ['-c', 'exec 3>&1; true | "$0" --input-type=module -e "$1"', process.execPath, PROGRAM]);
    assert.equal(JSON.parse(answer.toString()).stdin.type, 'pipe');
  });

  it('that node:child_process will make are three sockets', () => {
    const { stdin, stdout, stderr } = pipedStreams();
    assert.deepEqual([stdin.type, stdout.type, stderr.type], ['socket', 'socket', 'socket']);
    assert.equal(new Set([stdin.file, stdout.file, stderr.file]).size, 3);
  });
});
