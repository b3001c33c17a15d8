/** What a further process of a container has of it. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { buildExec } from '../../src/bundle/exec.js';
import { singleMapping } from '../../src/security/idmap-form.js';
import type { Process } from '../../src/spec/runtime.js';

const OWN: Process = { user: { uid: 0, gid: 0 }, args: ['sh'], cwd: '/' };

function executed(own: Process, privileged = false): Process {
  const none = { passwd: '', group: '', envFiles: [], envNames: new Set<string>() };
  const ids = singleMapping({ uid: 1, gid: 1 } as Parameters<typeof singleMapping>[0]);
  return buildExec({ spec: { ociVersion: '1.2.0', process: own }, ids, command: ['true'], options: { privileged }, ...none });
}

describe('what is executed in a container', () => {
  it('is under the container’s AppArmor profile, privileged or not', () => {
    for (const privileged of [false, true]) assert.equal(executed({ ...OWN, apparmorProfile: 'web' }, privileged).apparmorProfile, 'web');
    assert.ok(!('apparmorProfile' in executed(OWN)));
  });
});
