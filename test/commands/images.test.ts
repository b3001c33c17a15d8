import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { writeLayout } from '../harness/layout.js';
import { temporaryDirectory } from '../harness/temporary.js';
import { newStore } from './command.js';

/** An image of one empty layer. */
function layout(): string {
  const directory = temporaryDirectory();
  writeLayout(directory, [{ tag: 'v1', layers: [{ tar: Buffer.alloc(10240) }], config: { Cmd: ['/\x1b[31mred'], Env: ['A=1'] } }]);
  return `oci:${directory}:v1`;
}

describe('an image in the store', () => {
  const { tsrun } = newStore();
  const reference = layout();

  it('is pulled, with its name on standard output and the account on standard error', async () => {
    const { code, stdout, stderr } = await tsrun(['pull', reference]);
    assert.equal(code, 0, stderr);
    assert.equal(stdout.split('\n').length, 2);
    assert.match(stderr, /resolving\n[\s\S]*1 layer/);
  });

  it('is pulled again in silence with -q, or with JSON alone', async () => {
    const quiet = await tsrun(['pull', '-q', reference]);
    assert.deepEqual([quiet.code, quiet.stderr], [0, '']);
    const json = await tsrun(['pull', '--json', reference]);
    assert.deepEqual([json.code, json.stderr], [0, '']);
    assert.match(JSON.parse(json.stdout).id, /^sha256:[0-9a-f]{64}$/);
  });

  it('that is neither a container nor an image is said to be neither', async () => {
    const { code, stderr } = await tsrun(['inspect', 'nope']);
    assert.equal(code, 125);
    assert.equal(stderr, 'tsrun: there is no container or image nope: list them with: tsrun ps -a; tsrun images\n');
  });

  it('is listed, inspected and removed', async () => {
    const listed = await tsrun(['images']);
    assert.match(listed.stdout, /^REPOSITORY +TAG +IMAGE ID +CREATED +SIZE\n[^\n]+\n$/);
    const id = (await tsrun(['images', '-q'])).stdout.trim();
    assert.match(id, /^[0-9a-f]{12}$/);
    const [summary] = JSON.parse((await tsrun(['images', '--json'])).stdout);
    assert.equal(summary.id.slice(7, 19), id);

    const inspected = await tsrun(['image', 'inspect', id]);
    assert.equal(inspected.code, 0, inspected.stderr);
    assert.ok(!inspected.stdout.includes('\x1b'));
    assert.deepEqual(JSON.parse(inspected.stdout)[0].Config.Cmd, ['/\x1b[31mred']);
    assert.equal((await tsrun(['inspect', id])).stdout, inspected.stdout);

    const removed = await tsrun(['rmi', id]);
    assert.equal(removed.code, 0, removed.stderr);
    assert.match(removed.stdout, /^Deleted: sha256:/m);
    assert.deepEqual(JSON.parse((await tsrun(['images', '--json'])).stdout), []);
  });
});

describe('what is not there', () => {
  const { tsrun } = newStore();

  it('is an empty list', async () => {
    assert.equal((await tsrun(['images'])).stdout, 'REPOSITORY   TAG       IMAGE ID   CREATED   SIZE\n');
    assert.equal((await tsrun(['ps', '-a'])).stdout, 'CONTAINER ID   IMAGE     COMMAND   CREATED   STATUS    PORTS     NAMES\n');
    assert.deepEqual(JSON.parse((await tsrun(['ps', '--json'])).stdout), []);
    assert.equal((await tsrun(['images', '-q'])).stdout, '');
  });

  it('is named, with the exit code of tsrun itself', async () => {
    for (const [verb, code] of [
      ['rmi', 'ERR_TSRUN_IMAGE_NOT_FOUND'],
      ['rm', 'ERR_TSRUN_CONTAINER_NOT_FOUND'],
      ['inspect', 'ERR_TSRUN_CONTAINER_NOT_FOUND'],
      ['image inspect', 'ERR_TSRUN_IMAGE_NOT_FOUND'],
    ] as const) {
      const result = await tsrun([...verb.split(' '), 'nothing', '--json']);
      assert.equal(result.code, 125);
      assert.equal(JSON.parse(result.stderr).code, code, verb);
      assert.deepEqual(JSON.parse(result.stdout), []);
    }
  });

  it('is reported for each argument', async () => {
    const { code, stderr } = await tsrun(['rm', 'one', 'two']);
    assert.equal(code, 125);
    assert.match(stderr, /^tsrun: .*one.*\ntsrun: .*two.*\n$/);
  });

  it('never sends its name to the terminal as it stands', async () => {
    const { stderr } = await tsrun(['rm', '\x1b]0;owned\x07']);
    assert.ok(!stderr.includes('\x1b'));
    assert.match(stderr, /\\x1b\]0;owned\\x07/);
  });
});
