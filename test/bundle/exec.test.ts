import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { buildExec, withheldNote } from '../../src/bundle/exec.js';
import { type IdFacts, singleMapping } from '../../src/security/idmap-form.js';
import type { RuntimeSpec } from '../../src/spec/runtime.js';

const IDS = singleMapping({ uid: 1000, gid: 1000 } as IdFacts);

function specWith(sysctl: Record<string, string>): RuntimeSpec {
  return {
    ociVersion: '1.0.0',
    root: { path: 'rootfs' },
    process: { user: { uid: 0, gid: 0 }, args: ['sh'], cwd: '/', capabilities: { bounding: ['CAP_CHOWN'] } },
    linux: { sysctl },
  };
}

function boundingOf(spec: RuntimeSpec): readonly string[] {
  const options = { privileged: true };
  const process = buildExec({ spec, ids: IDS, command: ['id'], options, passwd: '', group: '', envFiles: [], envNames: new Set() });
  return process.capabilities?.bounding ?? [];
}

describe('exec --privileged', () => {
  it('has what the caller can give', () => {
    const spec = specWith({});
    assert.ok(boundingOf(spec).includes('CAP_SYS_RESOURCE'));
    assert.equal(withheldNote(spec), undefined);
  });

  it('does not have, under --disable-userns, what raises the limit of user namespaces, and says so', () => {
    const spec = specWith({ 'user.max_user_namespaces': '0' });
    assert.ok(!boundingOf(spec).includes('CAP_SYS_RESOURCE'));
    assert.ok(boundingOf(spec).includes('CAP_SYS_ADMIN'));
    assert.match(withheldNote(spec) ?? '', /CAP_SYS_RESOURCE.*--disable-userns/);
  });
});
