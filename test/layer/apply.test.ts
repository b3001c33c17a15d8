import assert from 'node:assert/strict';
import { readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { CORPUS } from './corpus.js';
import { below, gnuTar, isRoot, look, type Seen, unpack } from './harness.js';

/** The root's own metadata count only when the archive has an entry for it; a mark of overlay's is not the layer's. */
function comparable(target: string, hasRoot: boolean, withoutMtime: string[]): Record<string, Seen> {
  const seen = hasRoot ? look(target) : below(look(target));
  for (const [path, entry] of Object.entries(seen)) {
    if (withoutMtime.includes(path)) delete entry.mtime;
    delete entry.xattrs?.['user.overlay.opaque'];
    if (entry.xattrs && Object.keys(entry.xattrs).length === 0) delete entry.xattrs;
  }
  return seen;
}

describe('each archive unpacks as GNU tar unpacks it, alone and merged', { concurrency: 2 }, () => {
  for (const { name, tar, differs, needsRoot, mtimeLostByGnu = [] } of CORPUS) {
    test(name, { skip: needsRoot && !isRoot && 'needs root' }, async () => {
      const gnu = differs === undefined ? gnuTar(tar) : undefined;
      for (const mode of ['alone', 'merged'] as const) {
        const { target, ...outcome } = await unpack(tar, { mode });
        assert.equal(outcome.error, undefined);
        assert.equal(outcome.status, 0, outcome.stderr);
        assert.ok(outcome.done !== undefined);
        if (gnu !== undefined) {
          const hasRoot = outcome.done.root !== undefined;
          assert.deepEqual(comparable(target, hasRoot, mtimeLostByGnu), comparable(gnu, hasRoot, mtimeLostByGnu), mode);
        } else {
          const types = Object.fromEntries(Object.entries(below(look(target))).map(([path, seen]) => [path, seen.type]));
          assert.deepEqual(types, differs?.paths, `${mode}: ${differs?.why}`);
        }
      }
    });
  }
});

test('what the report says', async () => {
  const { archive, directory, file, pax } = await import('./tar-builder.js');
  const tar = archive(
    directory('./', { mode: 0o1755, uid: 0, gid: 0, mtime: -1 }),
    file('a', 'four'),
    pax({
      'SCHILY.xattr.trusted.x': '1',
      'SCHILY.xattr.security.selinux': 'label',
      'SCHILY.acl.access': 'user::rw-',
      'SCHILY.xattr.trusted.y': '2',
    }),
    file('b', 'x'),
    file('.wh.c'),
  );
  const { done } = await unpack(tar);
  assert.deepEqual(done, {
    entries: 4,
    bytes: 5,
    root: { mode: 0o1755, uid: 0, gid: 0, mtime: '-1000000000' },
    squashedOwners: 0,
    skippedDevices: [],
    skippedXattrs: ['system.posix_acl_access', 'trusted.x', 'security.selinux', 'trusted.y'],
  });
});

test('without a root of its own links that begin at the root lead to the same place, by whatever name they are known', async () => {
  const { archive, directory, file, hardlink, symlink } = await import('./tar-builder.js');
  const tar = archive(
    directory('a/b/'),
    directory('c/'),
    file('etc/x', 'x'),
    symlink('a/b/from-root', '/etc/x'),
    symlink('a/b/beside', 'from-root'),
    symlink('top', '/etc'),
    hardlink('again', 'a/b/from-root'),
    hardlink('c/again', 'a/b/from-root'),
    hardlink('c/top', 'top'),
    hardlink('c/beside', 'a/b/beside'),
  );
  const { target, status, stderr } = await unpack(tar, { mode: 'merged', confined: '/nowhere' });
  assert.equal(status, 0, stderr);
  const links = Object.fromEntries(
    ['a/b/from-root', 'again', 'c/again', 'top', 'c/top', 'c/beside'].map((path) => [path, readlinkSync(join(target, path))]),
  );
  assert.deepEqual(links, {
    'a/b/from-root': '../../etc/x',
    again: 'etc/x',
    'c/again': '../etc/x',
    top: 'etc',
    'c/top': '../etc',
    'c/beside': 'from-root',
  });
});
