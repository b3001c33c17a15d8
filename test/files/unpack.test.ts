/** What is written while somebody else may write to the same directory. */
import assert from 'node:assert/strict';
import { linkSync, lstatSync, openSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { Descriptors } from '../../src/files/descriptors.js';
import { HostDirectories } from '../../src/files/directories.js';
import { Unpacker } from '../../src/files/unpack.js';
import type { TarEntry } from '../../src/layer/tar/entry.js';
import { temporaryDirectory } from '../harness/temporary.js';

const NEVER = { uid: 4711, gid: 4711, major: 0, minor: 0, atime: undefined, extents: undefined, uncarried: [] };
const entry = (type: TarEntry['type'], name: string, more: Partial<TarEntry> = {}): TarEntry => ({
  ...NEVER,
  type,
  name: Buffer.from(name),
  link: Buffer.alloc(0),
  mode: 0o6777,
  mtime: 10n ** 18n,
  size: 0,
  xattrs: [],
  ...more,
});

it('owner, mode, capabilities and times are given to what was written, not to what took its name meanwhile', () => {
  const home = temporaryDirectory();
  const canary = join(home, 'canary');
  writeFileSync(canary, 'secret', { mode: 0o600 });
  utimesSync(canary, 1, 1);
  const capability = Buffer.from('01000002002000000000000000000000', 'hex');
  const owners = process.getuid?.() === 0 ? 'kept' : 'callers';
  const descriptors = new Descriptors();
  const unpacker = new Unpacker({
    descriptors,
    directories: new HostDirectories(descriptors, openSync(home, 'r')),
    owners,
    privileges: true,
  });
  unpacker.entry(entry('file', 'new', { size: 4, xattrs: [{ name: 'security.capability', value: capability }] }));
  unpacker.data(Buffer.from('mine'));
  rmSync(join(home, 'new'));
  const before = statSync(canary);
  linkSync(canary, join(home, 'new'));
  unpacker.end();
  for (const [type, name] of [
    ['symlink', 'link'],
    ['fifo', 'pipe'],
    ['directory', 'below'],
  ] as const) {
    unpacker.entry(entry(type, name, { link: Buffer.from('canary') }));
    unpacker.end();
  }
  unpacker.finish();
  const after = statSync(canary);
  for (const field of ['uid', 'gid', 'mode', 'mtimeMs', 'size'] as const) assert.equal(after[field], before[field], field);
  assert.equal(readFileSync(canary, 'utf8'), 'secret');
  for (const name of ['link', 'pipe', 'below']) {
    const { uid, mtimeMs, mode } = lstatSync(join(home, name));
    assert.equal(mtimeMs, 1e12, name);
    if (owners === 'kept') assert.equal(uid, 4711, name);
    if (name !== 'link') assert.equal(mode & 0o7777, 0o6777, name);
  }
});
