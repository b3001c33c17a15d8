import assert from 'node:assert/strict';
import { chmodSync, lchownSync, mkdirSync, rmdirSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { ensurePrivateDirectory, type HostPath } from '../src/paths.js';
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
    assert.throws(() => ensurePrivateDirectory(link, uid), { code: 'ERR_TSRUN_STORE_UNREADABLE', message: /is not a private directory/ });
  });

  it('is what the link leads to: one that others may write to is refused, and a link that leads nowhere is named', () => {
    const { real, link } = place();
    chmodSync(real, 0o777);
    assert.throws(() => ensurePrivateDirectory(link, uid, 'followed'), { message: /is not a private directory/ });
    rmdirSync(real);
    const message = `cannot use ${link}: it is a link to ${real}, which is not there`;
    assert.throws(() => ensurePrivateDirectory(link, uid, 'followed'), { code: 'ERR_TSRUN_STORE_UNREADABLE', message });
  });

  it('is never reached by somebody else’s link', { skip: needsRoot }, () => {
    const { real, link } = place();
    lchownSync(link, 4321, 4321);
    assert.throws(() => ensurePrivateDirectory(link, uid, 'followed'), { message: /is not a private directory/ });
    lchownSync(real, 4321, 4321);
    assert.throws(() => ensurePrivateDirectory(real, uid, 'followed'), { message: /is not a private directory/ });
  });
});
