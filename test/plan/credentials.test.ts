import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { credentialOperations } from '../../src/plan/credentials.js';
import type { IdMapping } from '../../src/security/idmap.js';
import type { Process, Seccomp } from '../../src/spec/runtime.js';

const ids: IdMapping = { mode: 'root', uid: [], gid: [], write: 'newuidmap', setgroups: true, owners: 'x' } as unknown as IdMapping;
const command = { user: { uid: 0, gid: 0 }, args: ['true'], cwd: '/' } as Process;
const hasOwn = (seccomp: Seccomp | undefined) =>
  credentialOperations(command, ids, seccomp, 'x64').some(([name]) => name === 'new-keyring');

describe('a keyring of its own', () => {
  it('is for whoever may speak of keys, and is in front of the filter, which may forbid to ask for it', () => {
    assert.ok(hasOwn(undefined));
    assert.ok(hasOwn({ defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names: ['keyctl'], action: 'SCMP_ACT_ERRNO' }] }));
    assert.ok(hasOwn({ defaultAction: 'SCMP_ACT_ERRNO', syscalls: [{ names: ['read', 'request_key'], action: 'SCMP_ACT_LOG' }] }));
    assert.ok(!hasOwn({ defaultAction: 'SCMP_ACT_ERRNO', syscalls: [{ names: ['read'], action: 'SCMP_ACT_ALLOW' }] }));
    assert.ok(!hasOwn({ defaultAction: 'SCMP_ACT_KILL_PROCESS', syscalls: [{ names: ['keyctl'], action: 'SCMP_ACT_KILL' }] }));
    const filter: Seccomp = { defaultAction: 'SCMP_ACT_ALLOW' };
    const names = credentialOperations(command, ids, filter, 'x64').map(([name]) => name);
    assert.ok(names.indexOf('new-keyring') < names.indexOf('seccomp'));
  });
});

describe('an AppArmor profile', () => {
  it('is tried in front of all that takes rights away, and kept for the command', () => {
    const confined = { ...command, apparmorProfile: 'a b', noNewPrivileges: true };
    assert.deepEqual(credentialOperations(confined, ids, undefined, 'x64').slice(0, 2), [
      ['check-killable', 'apparmor/current', 'changeprofile a b'],
      ['exec-attribute', 'apparmor/exec', 'exec a b'],
    ]);
    assert.ok(credentialOperations(command, ids, undefined, 'x64').every(([name]) => name !== 'exec-attribute'));
  });
});
