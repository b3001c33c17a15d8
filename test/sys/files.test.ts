import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, constants, lstatSync, mkdtempSync, openSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { lgetxattr, llistxattr, lsetxattr, mknod, syncfs, utimensat } from '../../src/sys/files.js';

const dir = mkdtempSync(join(tmpdir(), 'tsrun-files-'));
after(() => rmSync(dir, { recursive: true, force: true }));

test('extended attributes come back byte for byte', () => {
  const path = join(dir, 'attributes');
  writeFileSync(path, '');
  const value = Buffer.from([0, 255, 10, 0, 128]);
  lsetxattr(path, 'user.first', value);
  lsetxattr(path, 'user.empty', Buffer.alloc(0));
  assert.deepEqual(lgetxattr(path, 'user.first'), value);
  assert.deepEqual(lgetxattr(path, 'user.empty'), Buffer.alloc(0));
  assert.deepEqual(llistxattr(path).map(String).sort(), ['user.empty', 'user.first']);
});

test('an error carries code, errno, syscall and path, as in node:fs', () => {
  const path = join(dir, 'attributes');
  assert.throws(() => lgetxattr(path, 'user.none'), { code: 'ENODATA', errno: -61, syscall: 'lgetxattr', path });
  assert.throws(() => lgetxattr(join(dir, 'missing'), 'user.none'), { code: 'ENOENT' });
  assert.throws(() => syncfs(9999), { code: 'EBADF', syscall: 'syncfs' });
});

test('a name that is not UTF-8 is used as it is', () => {
  const path = Buffer.concat([Buffer.from(`${dir}/`), Buffer.from([0xff, 0xfe, 0x20])]);
  mknod(path, constants.S_IFIFO | 0o600);
  assert.ok(lstatSync(path).isFIFO());
});

test('a NUL byte in a path is refused', () => {
  assert.throws(() => mknod(`${dir}/a\0b`, constants.S_IFIFO | 0o600), TypeError);
});

test('mknod makes an overlay whiteout and, as root, a device with a large minor number', {
  skip: process.getuid?.() !== 0 && 'needs root',
}, () => {
  mknod(join(dir, 'whiteout'), constants.S_IFCHR | 0o600, 0, 0);
  assert.equal(statSync(join(dir, 'whiteout')).rdev, 0);
  mknod(join(dir, 'device'), constants.S_IFCHR | 0o600, 10, 300);
  assert.equal(execFileSync('stat', ['-c', '%t:%T', join(dir, 'device')], { encoding: 'utf8' }).trim(), 'a:12c');
});

test('times are set to the nanosecond, also before 1970, and of a link itself', () => {
  const file = join(dir, 'times');
  const link = join(dir, 'link');
  writeFileSync(file, '');
  symlinkSync(file, link);
  for (const mtime of [0n, 1n, -1n, -1_500_000_001n, 1_700_000_000_123_456_789n]) {
    utimensat(link, { atime: mtime, mtime });
    assert.equal(lstatSync(link, { bigint: true }).mtimeNs, mtime);
  }
  assert.ok(statSync(file).mtimeMs > 1_700_000_000_000);
});

test('syncfs takes a descriptor of any file on the file system', () => {
  const fd = openSync(dir, constants.O_RDONLY);
  syncfs(fd);
  closeSync(fd);
});
