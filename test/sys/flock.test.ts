import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { lock, tryLock, tryLockDirectory } from '../../src/sys/flock.js';

const dir = mkdtempSync(join(tmpdir(), 'tsrun-flock-'));
after(() => rmSync(dir, { recursive: true, force: true }));
let count = 0;
const fresh = () => join(dir, `lock-${count++}`);

test('an exclusive lock excludes, shared ones do not, and releasing frees', () => {
  const path = fresh();
  const first = tryLock(path, 'shared');
  const second = tryLock(path, 'shared');
  assert.ok(first !== undefined && second !== undefined);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.equal(tryLock(path, 'exclusive'), undefined);
  first.release();
  first.release();
  assert.equal(tryLock(path, 'exclusive'), undefined);
  second[Symbol.dispose]();
  const alone = tryLock(path, 'exclusive');
  assert.ok(alone !== undefined);
  assert.equal(tryLock(path, 'shared'), undefined);
  alone.release();
});

test('a lock ends with the process that held it, however it ends', async () => {
  const path = fresh();
  writeFileSync(path, '');
  const holder = spawn('flock', ['-x', path, 'sh', '-c', 'echo held; exec sleep 60'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  });
  await once(holder.stdout, 'data');
  assert.equal(tryLock(path, 'exclusive'), undefined);
  process.kill(-(holder.pid as number), 'SIGKILL');
  const taken = await lock(path, 'exclusive');
  taken.release();
});

test('waiting does not block the event loop and takes the lock once it is free', async () => {
  const path = fresh();
  const held = tryLock(path, 'exclusive');
  let ticks = 0;
  const timer = setInterval(() => ticks++, 5);
  setTimeout(() => held?.release(), 100);
  const taken = await lock(path, 'exclusive');
  clearInterval(timer);
  taken.release();
  assert.ok(ticks >= 5, `${ticks} ticks`);
});

test('waiting ends with the signal', async () => {
  const path = fresh();
  using _held = tryLock(path, 'exclusive') as NonNullable<ReturnType<typeof tryLock>>;
  await assert.rejects(lock(path, 'exclusive', AbortSignal.timeout(30)), { code: 'ERR_TSRUN_INTERRUPTED' });
  await assert.rejects(lock(path, 'shared', AbortSignal.abort()), { code: 'ERR_TSRUN_INTERRUPTED' });
});

test('a lock file that is unlinked while another waits is made again', async () => {
  const path = fresh();
  const held = tryLock(path, 'exclusive');
  const waiting = lock(path, 'exclusive');
  setTimeout(() => {
    rmSync(path);
    held?.release();
  }, 30);
  const taken = await waiting;
  assert.ok(existsSync(path));
  assert.equal(tryLock(path, 'shared'), undefined);
  taken.release();
});

test('a symbolic link in place of the lock file is not followed', () => {
  const path = fresh();
  symlinkSync(join(dir, 'elsewhere'), path);
  assert.throws(() => tryLock(path, 'exclusive'), { code: 'ELOOP' });
  assert.ok(!existsSync(join(dir, 'elsewhere')));
});

test('a directory can be locked, and is never made', () => {
  const held = tryLockDirectory(dir, 'exclusive');
  assert.equal(tryLockDirectory(dir, 'shared'), undefined);
  held?.release();
  assert.throws(() => tryLockDirectory(join(dir, 'missing'), 'shared'), { code: 'ENOENT' });
});
