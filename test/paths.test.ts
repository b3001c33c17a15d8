import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { ensurePrivateDirectory, type HostPath, resolveRoots } from '../src/paths.js';
import { temporaryDirectory } from './harness/temporary.js';

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

describe('ensurePrivateDirectory', () => {
  const directory = temporaryDirectory();
  const at = (name: string) => join(directory, name) as HostPath;
  const own = process.getuid?.() ?? 0;

  it('makes what is missing, for this user alone', () => {
    ensurePrivateDirectory(at('new/deep'), own);
    ensurePrivateDirectory(at('new/deep'), own);
  });

  it('says of each that will not do why, and what to do, which is never to remove it', () => {
    writeFileSync(at('file'), 'precious');
    mkdirSync(at('shared'));
    chmodSync(at('shared'), 0o1777);
    mkdirSync(at('theirs'), { mode: 0o700 });
    for (const [name, uid, said, hint] of [
      ['file', own, 'is not a directory', /^name a directory/],
      ['theirs', own + 1, `belongs to another user (${own})`, /^name a directory of your own/],
      ['shared', own, 'can be written to by others (mode 1777)', /^name a new directory in it .*chmod 700/],
    ] as const) {
      assert.throws(() => ensurePrivateDirectory(at(name), uid), {
        code: 'ERR_TSRUN_STORE_UNREADABLE',
        message: `${at(name)} ${said}`,
        hint,
      });
    }
  });
});
