import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { missingRules, readSelinux, refusedOf } from '../../src/runtime/selinux.js';

describe('what the SELinux policy does not allow', () => {
  it('is said in its own words', () => {
    const refuses = { process: ['transition'], fd: ['use'], file: [] as string[] };
    const access = (kind: keyof typeof refuses, ...permissions: string[]) => ({
      source: 'u:r:a_t:s0',
      target: 'u:r:b_t:s0',
      kind,
      permissions,
    });
    assert.deepEqual(
      missingRules([access('process', 'transition', 'signal'), access('file', 'read'), access('fd', 'use')], ({ kind, permissions }) =>
        permissions.filter((name) => refuses[kind as 'fd'].includes(name)),
      ),
      ['allow a_t b_t:process { transition };', 'allow a_t b_t:fd { use };'],
    );
  });

  it('is not asked where there is no policy', () => {
    if (readSelinux() !== undefined) return;
    assert.deepEqual(refusedOf({ source: 'a:b:c', target: 'a:b:c', kind: 'process', permissions: ['transition'] }), []);
  });
});
