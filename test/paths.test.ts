import assert from 'node:assert/strict';
import { chmodSync, lchownSync, mkdirSync, readFileSync, rmdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { ensurePrivateDirectory, type HostPath, resolveRoots } from '../src/paths.js';
import { temporaryDirectory } from './harness/temporary.js';

const uid = process.getuid?.() ?? 0;
const needsRoot = uid === 0 ? false : 'only root can give a file away';

function place() {
  const directory = temporaryDirectory({ uid, gid: process.getgid?.() ?? 0 });
  const [real, link] = [join(directory, 'disk'), join(directory, 'link')] as [HostPath, HostPath];
  mkdirSync(real, { mode: 0o700 });
  symlinkSync(real, link);
  return { directory, real, link };
}

describe('resolveRoots', () => {
  const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').slice(0, 8);
  const env = { TSRUN_ROOT: '/variable/data', TSRUN_RUN_ROOT: '/variable/run', HOME: '/home/me' };

  it('takes the option before the variable, and the variable before the default', () => {
    assert.deepEqual(resolveRoots({ root: '/option/data', runRoot: '/option/run' }, env, 1000), {
      data: '/option/data',
      run: '/option/run',
    });
    assert.deepEqual(resolveRoots({}, env, 1000), { data: '/variable/data', run: '/variable/run' });
    assert.deepEqual(resolveRoots({}, { HOME: '/home/me' }, 1000), { data: '/home/me/.local/share/tsrun', run: `/tmp/tsrun-1000-${boot}` });
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

describe('a private directory', () => {
  it('is made with those above it, 0700', () => {
    const path = join(place().directory, 'a/b') as HostPath;
    ensurePrivateDirectory(path, uid);
    ensurePrivateDirectory(path, uid);
    assert.equal(statSync(path).mode & 0o777, 0o700);
  });

  it('may be a link of ours to another disk where that is allowed, and nowhere else', () => {
    const { link } = place();
    ensurePrivateDirectory(link, uid, 'followed');
    assert.throws(() => ensurePrivateDirectory(link, uid), { code: 'ERR_TSRUN_STORE_UNREADABLE', message: /is a symbolic link$/ });
  });

  it('is what the link leads to: one that others may write to is refused, and a link that leads nowhere is named', () => {
    const { real, link } = place();
    chmodSync(real, 0o777);
    assert.throws(() => ensurePrivateDirectory(link, uid, 'followed'), { message: /can be written to by others/ });
    rmdirSync(real);
    const message = `cannot use ${link}: it is a link to ${real}, which is not there`;
    assert.throws(() => ensurePrivateDirectory(link, uid, 'followed'), { code: 'ERR_TSRUN_STORE_UNREADABLE', message });
  });

  it('is never reached by somebody else’s link', { skip: needsRoot }, () => {
    const { real, link } = place();
    lchownSync(link, 4321, 4321);
    assert.throws(() => ensurePrivateDirectory(link, uid, 'followed'), { message: /is a symbolic link$/ });
    lchownSync(real, 4321, 4321);
    assert.throws(() => ensurePrivateDirectory(real, uid, 'followed'), { message: /belongs to another user/ });
  });
});
