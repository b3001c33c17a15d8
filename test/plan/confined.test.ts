/** What a process in a container without namespaces does before it is the command's. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Confined, confinedChild } from '../../src/plan/confined.js';
import type { Operation } from '../../src/plan/operations.js';

const CONFINED: Confined = { mark: 2 ** 41, read: [], write: ['/data'], offline: false, root: '/c/root', image: '/i', readOnly: false };
const MANNER = { seccomp: undefined, arch: 'x64' as const };

function operations(cwd: string, manner = {}): readonly Operation[] {
  return confinedChild(CONFINED, { user: { uid: 1, gid: 1 }, args: ['true'], cwd }, [], { ...MANNER, ...manner });
}

describe('a process in a container without namespaces', () => {
  it('enters a directory of its root through it, for a link could lead elsewhere, and one of a volume by its path', () => {
    const entered = (cwd: string) => operations(cwd).filter(([name]) => name.startsWith('chdir'));
    assert.deepEqual(entered('/away/ssl'), [['chdir-at', 'rootfs', '/away/ssl']]);
    assert.deepEqual(entered('/data/x'), [['chdir', '/data/x', 2]]);
  });

  it('once it has the mark by which it is ended, sees that what it enters has not ended', () => {
    const names = operations('/', { entered: 'container' }).map(([name, argument]) => `${name} ${argument}`);
    assert.equal(names.indexOf('check-alive container'), names.indexOf('rlimit 10') + 1);
    assert.ok(!operations('/').some(([name]) => name === 'check-alive'));
  });
});
