import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HostPath } from '../../src/paths.js';
import { hindranceOf, storageNote } from '../../src/rootfs/storage-note.js';
import { ERRNO } from '../../src/runtime/record.js';

const STORE = '/store/v1' as HostPath;
const failed = (operation: string, error: number) => ({ operation, error });

test('what keeps overlay from being used is told apart: the kernel’s age, a refusal, the file system', () => {
  const cases = [
    [failed('mount', ERRNO.EPERM), '5.10.0-30-amd64', 'kernel'],
    [failed('mount', ERRNO.EINVAL), '4.18.0', 'kernel'],
    [failed('mount', ERRNO.EPERM), '5.11.0', 'refused'],
    [failed('mount', ERRNO.ENODEV), '6.1.0-9-cloud', 'refused'],
    [failed('mount', ERRNO.EINVAL), '6.1', 'file-system'],
    [failed('remove-tree', ERRNO.EPERM), '6.1', 'file-system'],
    [undefined, '6.1', 'file-system'],
  ] as const;
  for (const [failure, kernel, because] of cases) assert.equal(hindranceOf(failure, kernel).because, because, `${kernel} ${because}`);
});

test('the note says why, what it costs, and the cure', () => {
  const old = hindranceOf(failed('mount', ERRNO.EPERM), '5.10.0');
  assert.equal(
    storageNote('copy', old, STORE, true),
    'no overlay: it needs Linux 5.11, and this is Linux 5.10.0: every container gets a copy of its whole image, which takes time and room; ' +
      'to change that, run Linux 5.11 or newer, or install the package fuse-overlayfs',
  );
  const refused = hindranceOf(failed('mount', ERRNO.EPERM), '6.1');
  assert.match(
    storageNote('fuse-overlayfs', refused, STORE, false),
    /mounting it is refused \(operation not permitted\): .*slower; .*outer container/,
  );
  const disk = hindranceOf(failed('mount', ERRNO.EINVAL), '6.1');
  assert.match(
    storageNote('copy', disk, STORE, false),
    /the file system of \/store\/v1 cannot carry it \(invalid argument\): .*--root DIR$/,
  );
});
