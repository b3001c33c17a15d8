import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { CAPABILITIES, capabilityMasks, capabilityNumber, capabilitySets, DEFAULT_CAPABILITIES } from '../../src/security/capabilities.js';

const HEADER = '/usr/include/linux/capability.h';

describe('capabilities', () => {
  it('have the kernel’s numbers', { skip: existsSync(HEADER) ? false : 'no kernel headers (linux-libc-dev)' }, () => {
    const defined = [...readFileSync(HEADER, 'utf8').matchAll(/^#define\s+(CAP_[A-Z_]+)\s+(\d+)\s*$/gm)];
    assert.ok(defined.length >= 41);
    for (const [, name, number] of defined) assert.equal(capabilityNumber(name as string), Number(number), name);
    assert.equal(CAPABILITIES.length, 41);
  });

  it('are docker’s 14 by default, as masks', () => {
    assert.equal(DEFAULT_CAPABILITIES.length, 14);
    assert.deepEqual(capabilityMasks(capabilitySets(0)), {
      bounding: 0xa80425fbn,
      effective: 0xa80425fbn,
      inheritable: 0n,
      permitted: 0xa80425fbn,
      ambient: 0n,
    });
    assert.deepEqual(capabilityMasks(capabilitySets(1000)), {
      bounding: 0xa80425fbn,
      effective: 0n,
      inheritable: 0n,
      permitted: 0n,
      ambient: 0n,
    });
    assert.equal(capabilityMasks({ bounding: ['CAP_CHECKPOINT_RESTORE'] }).bounding, 1n << 40n);
  });

  it('that do not exist are refused', () => {
    for (const name of ['CAP_NONSENSE', 'chown', ''])
      assert.throws(() => capabilityMasks({ bounding: [name] }), { code: 'ERR_TSRUN_CONFIG_INVALID' });
  });
});
