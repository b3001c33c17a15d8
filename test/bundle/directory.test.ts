import assert from 'node:assert/strict';
import { chmodSync, existsSync, lchownSync, mkdirSync, readdirSync, renameSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { claimDirectory } from '../../src/bundle/directory.js';
import type { HostPath } from '../../src/paths.js';
import { temporaryDirectory } from '../harness/temporary.js';

const modeOf = (path: string) => statSync(path).mode & 0o7777;

describe('a directory that is claimed', () => {
  it('is given back as it was, or is gone', () => {
    const at = temporaryDirectory();
    mkdirSync(join(at, 'there'));
    chmodSync(join(at, 'there'), 0o2700);
    for (const name of ['there', 'new']) {
      using claimed = claimDirectory(join(at, name) as HostPath);
      claimed.give(0o755, process.getuid?.() === 0 ? { uid: 7001, gid: 7001 } : undefined);
      claimed.giveBack();
    }
    const { uid } = statSync(join(at, 'there'));
    assert.deepEqual([modeOf(join(at, 'there')), uid, existsSync(join(at, 'new'))], [0o2700, process.getuid?.(), false]);
  });

  it('stays the same one, whatever its name means meanwhile', () => {
    const at = temporaryDirectory();
    mkdirSync(join(at, 'another'), 0o700);
    using claimed = claimDirectory(join(at, 'new') as HostPath);
    renameSync(join(at, 'new'), join(at, 'moved'));
    symlinkSync('another', join(at, 'new'));
    writeFileSync(claimed.at('file'), '');
    claimed.give(0o711, undefined);
    assert.deepEqual([readdirSync(join(at, 'another')), modeOf(join(at, 'another'))], [[], 0o700]);
    assert.deepEqual([readdirSync(join(at, 'moved')), modeOf(join(at, 'moved'))], [['file'], 0o711]);
    claimed.giveBack();
    assert.deepEqual(readdirSync(at).sort(), ['another', 'moved', 'new']);
  });

  it('is one process’s', () => {
    const path = join(temporaryDirectory(), 'new') as HostPath;
    const taken = { code: 'ERR_TSRUN_FILE_EXISTS' };
    {
      using _claimed = claimDirectory(path);
      assert.throws(() => claimDirectory(path), { ...taken, message: /is being filled by another process$/ });
    }
    claimDirectory(path)[Symbol.dispose]();
    writeFileSync(join(path, 'file'), '');
    assert.throws(() => claimDirectory(path), { ...taken, message: /is not empty$/ });
    assert.throws(() => claimDirectory(join(path, 'file') as HostPath), { ...taken, message: /is not a directory$/ });
  });

  if (process.getuid?.() === 0)
    it('is not reached by another user’s link', () => {
      const at = temporaryDirectory();
      mkdirSync(join(at, 'empty'));
      symlinkSync('empty', join(at, 'link'));
      claimDirectory(join(at, 'link') as HostPath)[Symbol.dispose]();
      lchownSync(join(at, 'link'), 7001, 7001);
      assert.throws(() => claimDirectory(join(at, 'link') as HostPath), { code: 'ERR_TSRUN_BUNDLE', message: /belongs to another user/ });
    });
});
