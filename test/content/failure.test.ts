import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { storeFailure } from '../../src/content/failure.js';
import { TsrunError } from '../../src/errors.js';
import { storeAt, temporaryDirectory } from './fixture.js';

const FILLER = fileURLToPath(new URL('filler.js', import.meta.url));

/** In a mount namespace of its own, so that nothing is left mounted whatever happens. */
async function onTmpfs(t: TestContext, options: string): Promise<Record<string, { code: string; message: string; hint: string } | number>> {
  const directory = temporaryDirectory(t);
  const unshare = process.getuid?.() === 0 ? ['--mount'] : ['--map-root-user', '--mount'];
  const script = `mount -t tmpfs -o ${options} tmpfs "$1" && exec "$2" "$3" "$1"`;
  const { stdout } = await promisify(execFile)('unshare', [...unshare, 'sh', '-c', script, 'sh', directory, process.execPath, FILLER]);
  return JSON.parse(stdout);
}

function namespacesMissing(): string | false {
  const unshare = process.getuid?.() === 0 ? ['--mount'] : ['--map-root-user', '--mount'];
  return spawnSync('unshare', [...unshare, 'true']).status === 0 ? false : 'no mount namespace can be made here';
}

test('a full disk names the bytes needed, the path and --root, and loses nothing', { skip: namespacesMissing() }, async (t) => {
  const result = await onTmpfs(t, 'size=4m');
  const failed = result['large'] as { code: string; message: string; hint: string };
  assert.equal(failed.code, 'ERR_TSRUN_DISK_FULL');
  assert.match(failed.message, /8388608 bytes/);
  assert.match(failed.message, /\/v1\/image/);
  assert.match(failed.hint, /--root/);
  assert.equal(result['small'], 1, 'what was there is there');
  assert.equal(result['leftovers'], 0);
  assert.equal(result['after'], 1, 'and what fits can still be stored');
});

test('a disk without room for files is a full disk as well', { skip: namespacesMissing() }, async (t) => {
  const result = await onTmpfs(t, 'size=4m,nr_inodes=5');
  const failed = result['init'] as { code: string; message: string };
  assert.equal(failed.code, 'ERR_TSRUN_DISK_FULL');
  assert.match(failed.message, /no more files can be made in .*: its file system has no inodes left$/);
});

test('system errors say what to do; others are passed on', () => {
  const failureOf = (code: string) =>
    storeFailure(Object.assign(new Error(code), { code }), 'cannot do it', '/some/store', 77) as TsrunError;
  for (const code of ['ENOSPC', 'EDQUOT']) assert.equal(failureOf(code).code, 'ERR_TSRUN_DISK_FULL');
  for (const code of ['EACCES', 'EROFS', 'EPERM', 'EIO', 'EMFILE', 'ENOTDIR', 'ESTALE', 'EFBIG', 'ENAMETOOLONG']) {
    const failure = failureOf(code);
    assert.equal(failure.code, 'ERR_TSRUN_STORE_UNREADABLE');
    assert.match(failure.message, /^cannot do it: \/some\/store: .*[^.]$/);
    assert.ok(failure.message.includes(code));
    assert.ok(failure.hint);
  }
  assert.match(failureOf('EDQUOT').message, /quota/);
  assert.match(failureOf('EFBIG').hint ?? '', /ulimit -f/);
  assert.match(failureOf('EROFS').hint ?? '', /^mount it read-write/);
  const own = new TsrunError('ERR_TSRUN_BLOB_SIZE', 'x');
  assert.equal(storeFailure(own, 'cannot do it', '/'), own);
});

test('a store on a read-only file system is called so, also where a lock is missing', { skip: namespacesMissing() }, async (t) => {
  const directory = temporaryDirectory(t);
  await storeAt(directory).init();
  const unshare = process.getuid?.() === 0 ? ['--mount'] : ['--map-root-user', '--mount'];
  const script = 'mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" && exec "$2" "$3" "$1"';
  const { stdout } = await promisify(execFile)('unshare', [...unshare, 'sh', '-c', script, 'sh', directory, process.execPath, FILLER]);
  const failed = JSON.parse(stdout)['first'];
  assert.equal(failed.code, 'ERR_TSRUN_STORE_UNREADABLE');
  assert.match(failed.message, /read-only/);
  assert.doesNotMatch(failed.message, /ENOENT/);
});

test('a store below a file cannot be used, and says so', async (t) => {
  const file = join(temporaryDirectory(t), 'file');
  writeFileSync(file, '');
  await assert.rejects(storeAt(join(file, 'data')).init(), { code: 'ERR_TSRUN_STORE_UNREADABLE', hint: /--root/ });
});

test('a store that others may write to is refused', async (t) => {
  const directory = temporaryDirectory(t);
  mkdirSync(join(directory, 'v1'));
  chmodSync(join(directory, 'v1'), 0o777);
  await assert.rejects(storeAt(directory).init(), { code: 'ERR_TSRUN_STORE_UNREADABLE' });
});
