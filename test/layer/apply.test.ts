import assert from 'node:assert/strict';
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
