import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { chooseLabels, contextText, freeLevel, parseContext, sharedContext } from '../../src/security/selinux.js';

/** As container-selinux writes it. */
const CONTEXTS = `process = "system_u:system_r:container_t:s0"
content = "system_u:object_r:virt_var_lib_t:s0"
file = "system_u:object_r:container_file_t:s0"
ro_file="system_u:object_r:container_ro_file_t:s0"
sandbox_kvm_process = "system_u:system_r:svirt_qemu_net_t:s0"
`;

describe('SELinux labels', () => {
  it('are what the policy says of containers, with a level of the container’s own', () => {
    assert.deepEqual(chooseLabels(CONTEXTS, {}, 's0:c1,c2'), {
      process: 'system_u:system_r:container_t:s0:c1,c2',
      file: 'system_u:object_r:container_file_t:s0:c1,c2',
      layers: 'system_u:object_r:container_ro_file_t:s0',
    });
  });

  it('have the parts that were asked for; a user and a level are the files’ too', () => {
    const asked = { user: 'u', role: 'r', type: 't', level: 's0:c5', filetype: 'f' };
    assert.deepEqual(chooseLabels(CONTEXTS, asked, 's0:c5'), {
      process: 'u:r:t:s0:c5',
      file: 'u:object_r:f:s0:c5',
      layers: 'system_u:object_r:container_ro_file_t:s0',
    });
  });

  it('have no level where the policy has none, and then none can be asked for', () => {
    assert.deepEqual(Object.values(chooseLabels(CONTEXTS, {}, undefined)), [
      'system_u:system_r:container_t',
      'system_u:object_r:container_file_t',
      'system_u:object_r:container_ro_file_t',
    ]);
    assert.throws(() => chooseLabels(CONTEXTS, { level: 's0' }, undefined), { code: 'ERR_TSRUN_UNSUPPORTED', message: /no levels/ });
  });

  it('of layers are the files’ where the policy has no others; without any there is no container', () => {
    const without = CONTEXTS.replace(/^ro_file.*$/m, '');
    assert.equal(chooseLabels(without, {}, 's0:c1,c2').layers, 'system_u:object_r:container_file_t:s0');
    for (const text of ['', 'process = "a:b:c"', 'file = ', 'process = "x"\nfile = "y"'])
      assert.throws(() => chooseLabels(text, {}, 's0'), { code: 'ERR_TSRUN_UNSUPPORTED', message: /does not say what containers are/ });
  });

  it('are read and written as the kernel has them', () => {
    for (const text of ['u:r:t', 'u:r:t:s0', 'u:r:t:s0-s0:c0.c1023', 'u:r:t:s0:c1,c2'])
      assert.equal(contextText(parseContext(text) ?? assert.fail(text)), text);
    for (const text of ['', 'kernel', 'u:r', 'u::t', ':r:t']) assert.equal(parseContext(text), undefined, text);
    assert.deepEqual(['u:r:t', 'u:r:t:s0:c1,c2', 'u:r:t:s0-s0:c0.c5'].map(sharedContext), ['u:r:t', 'u:r:t:s0', 'u:r:t:s0']);
  });

  it('get two categories that no other container has', () => {
    const numbers = [3, 3, 7, 2, 900, 900, 1023, 0];
    const random = (below: number) => {
      assert.equal(below, 1024);
      return numbers.shift() ?? assert.fail();
    };
    assert.equal(freeLevel(new Set(['s0:c2,c7']), random), 's0:c0,c1023');
    assert.throws(
      () =>
        freeLevel(
          new Set(['s0:c0,c1']),
          (() =>
            (
              (calls) => () =>
                calls++ % 2
            )(0))(),
        ),
      { code: 'ERR_TSRUN_UNSUPPORTED' },
    );
  });
});
