/** What a security module is told before a command begins. Here, where there may be none, any file of the process's own will do. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { describe, it } from 'node:test';
import type { Operation } from '../../src/plan/operations.js';
import { shell, two } from './plain.js';
import { launch, released } from './program.js';

const { EINVAL, EOPNOTSUPP, EXDEV } = constants.errno;
const SCORE = '../oom_score_adj';
const SHOW = shell('cat /proc/self/oom_score_adj; echo "$0 $@"', 'and', 'more');

async function said(child: Operation[]) {
  const { finished, reports } = launch(released, two(child));
  const { code, stdout } = await finished;
  return { code, stdout, failed: (await reports).failed };
}

async function failure(child: Operation[]) {
  const { code, stdout, failed } = await said(child);
  assert.deepEqual([code, stdout, failed?.process], [125, '', 'child'], 'no command runs');
  return [failed?.operation, failed?.path, failed?.error];
}

/** CLONE_NEWUSER, CLONE_NEWNS; MS_BIND */
const [OWN_MOUNTS, BIND] = [0x10020000, 0x1000];
/** What may lie over /proc, or over what is written to. */
const OVER: Operation[] = [
  ['mount', 'none', '/proc', 'tmpfs', 0, ''],
  ['mount', '/proc/sys', '/proc', '', BIND, ''],
  ['mount', '/dev/null', '/proc/uptime', '', BIND, ''],
];

describe('what a process is to become at its next exec', () => {
  for (const [how, seal] of [
    ['at once', []],
    ['by the sealed copy', [['seal', 1]]],
  ] as [string, Operation[]][]) {
    it(`is written in front of the command, ${how}, or there is none`, async () => {
      assert.equal((await said([...seal, ['exec-attribute', SCORE, '987'], SHOW])).stdout, '987\nsh and more\n');
      const fails = (name: string, text: string, ...before: Operation[]) =>
        failure([...seal, ...before, ['exec-attribute', name, text], SHOW]);
      assert.deepEqual(await fails(SCORE, 'soon'), ['exec-attribute', 'soon', EINVAL]);
      assert.deepEqual(await fails('no-module/exec', 'x'), ['exec-attribute', 'x', EOPNOTSUPP]);
      for (const mount of OVER)
        assert.deepEqual(await fails('../../uptime', 'x', ['unshare', OWN_MOUNTS], mount), ['exec-attribute', 'x', EXDEV], `${mount}`);
    });
  }

  it('is tried by another process, which has to be one that can be ended', async () => {
    const { stdout } = await said([['check-killable', SCORE, '987'], SHOW]);
    assert.equal(stdout, `${readFileSync('/proc/self/oom_score_adj', 'utf8')}sh and more\n`);
    assert.deepEqual(await failure([['check-killable', SCORE, 'soon'], SHOW]), ['check-killable', 'soon', EINVAL]);
  });
});
