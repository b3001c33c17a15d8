/** What a further process of a container has of it. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { buildExec, withheldNote } from '../../src/bundle/exec.js';
import { singleMapping } from '../../src/security/idmap-form.js';
import type { Process, RuntimeSpec } from '../../src/spec/runtime.js';

const OWN: Process = { user: { uid: 0, gid: 0 }, args: ['sh'], cwd: '/' };

const SPEC: RuntimeSpec = { ociVersion: '1.2.0', process: OWN };

function executed(own: Process, privileged = false, spec = SPEC): Process {
  const none = { passwd: '', group: '', envFiles: [], envNames: new Set<string>() };
  const ids = singleMapping({ uid: 1, gid: 1 } as Parameters<typeof singleMapping>[0]);
  return buildExec({ spec: { ...spec, process: own }, ids, command: ['true'], options: { privileged }, ...none });
}

function boundingOf(spec: RuntimeSpec): readonly string[] {
  return executed(OWN, true, spec).capabilities?.bounding ?? [];
}

describe('what is executed in a container', () => {
  it('is under the container’s AppArmor profile, privileged or not', () => {
    for (const privileged of [false, true]) assert.equal(executed({ ...OWN, apparmorProfile: 'web' }, privileged).apparmorProfile, 'web');
    assert.ok(!('apparmorProfile' in executed(OWN)));
  });
});

describe('exec --user in a container without namespaces', () => {
  const own = { ...OWN, user: { uid: 12345, gid: 100 }, env: ['HOME=/c/root/root'] };
  const ids = singleMapping({ uid: 12345, gid: 100 } as Parameters<typeof singleMapping>[0]);
  const none = { passwd: '', group: '', envFiles: [], envNames: new Set<string>(), confined: true };
  const as = (user: string) => buildExec({ spec: { ...SPEC, process: own }, ids, command: ['true'], options: { user }, ...none });

  it('is the caller, by his numbers, as run says it', () => {
    for (const user of ['12345', '12345:100', ''])
      assert.deepEqual([as(user).user, as(user).env?.includes('HOME=/c/root/root')], [own.user, true], user);
    for (const user of ['0', '12345:0', 'root'])
      assert.throws(() => as(user), { code: 'ERR_TSRUN_UNSUPPORTED', hint: /say 12345:100/ }, user);
  });
});

describe('exec --privileged', () => {
  it('has what the caller can give', () => {
    const spec = { ...SPEC };
    assert.ok(boundingOf(spec).includes('CAP_SYS_RESOURCE'));
    assert.equal(withheldNote(spec), undefined);
  });

  it('does not have, under --disable-userns, what raises the limit of user namespaces, and says so', () => {
    const spec = { ...SPEC, linux: { sysctl: { 'user.max_user_namespaces': '0' } } };
    assert.ok(!boundingOf(spec).includes('CAP_SYS_RESOURCE'));
    assert.ok(boundingOf(spec).includes('CAP_SYS_ADMIN'));
    assert.match(withheldNote(spec) ?? '', /CAP_SYS_RESOURCE.*--disable-userns/);
  });
});
