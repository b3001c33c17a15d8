import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { resolveRoots } from '../src/paths.js';

describe('resolveRoots', () => {
  const env = { TSRUN_ROOT: '/variable/data', TSRUN_RUN_ROOT: '/variable/run', HOME: '/home/me' };

  it('takes the option before the variable, and the variable before the default', () => {
    assert.deepEqual(resolveRoots({ root: '/option/data', runRoot: '/option/run' }, env, 1000), {
      data: '/option/data',
      run: '/option/run',
    });
    assert.deepEqual(resolveRoots({}, env, 1000), { data: '/variable/data', run: '/variable/run' });
    assert.deepEqual(resolveRoots({}, { HOME: '/home/me' }, 1000), { data: '/home/me/.local/share/tsrun', run: '/tmp/tsrun-1000' });
  });

  it('an empty option or variable is none: never the directory that the caller happens to be in', () => {
    const empty = { root: '', runRoot: '' };
    assert.deepEqual(resolveRoots(empty, env, 1000), { data: '/variable/data', run: '/variable/run' });
    assert.deepEqual(resolveRoots(empty, { TSRUN_ROOT: '', TSRUN_RUN_ROOT: '' }, 0), { data: '/var/lib/tsrun', run: '/run/tsrun' });
  });
});
