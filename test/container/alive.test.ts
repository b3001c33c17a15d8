import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { firstProcess, isAlive, isHeld } from '../../src/container/alive.js';
import type { HostPath } from '../../src/paths.js';
import { bootId } from '../../src/sys/boot.js';
import { tryLockDirectory } from '../../src/sys/flock.js';
import { temporaryDirectory } from '../harness/temporary.js';

let count = 0;
const parent = temporaryDirectory();

/** A container's directory with these files. */
function directoryWith(files: Record<string, object> = {}): HostPath {
  const directory = join(parent, String(count++)) as HostPath;
  mkdirSync(directory);
  for (const [name, content] of Object.entries(files)) writeFileSync(join(directory, name), JSON.stringify(content));
  return directory;
}

describe('the directory of a container', () => {
  it('is held while its runner has the lock', () => {
    const directory = directoryWith();
    assert.equal(isHeld(directory), false);
    const lock = tryLockDirectory(directory, 'exclusive');
    assert.equal(isHeld(directory), true);
    lock?.release();
    assert.equal(isHeld(directory), false);
  });

  it('is not taken for held by two that look at the same moment', () => {
    const directory = directoryWith();
    const other = tryLockDirectory(directory, 'shared');
    assert.equal(isHeld(directory), false);
    other?.release();
  });

  it('is not held when it is gone', () => {
    const directory = directoryWith();
    rmSync(directory, { recursive: true });
    assert.equal(isHeld(directory), false);
    assert.equal(isAlive(directory), false);
  });
});

describe('the first process of a container', () => {
  const startOf = (pid: number) =>
    readFileSync(`/proc/${pid}/stat`, 'latin1')
      .replace(/^.*\) /s, '')
      .split(' ')[19] as string;
  const running = (pid: number, startTime: string, boot = bootId()) =>
    directoryWith({ 'status.json': { status: 'running', pid: String(pid), startTime, boot } });

  it('is known by its pid and the moment it began', () => {
    assert.equal(firstProcess(running(process.pid, startOf(process.pid))), process.pid);
    assert.equal(isAlive(running(process.pid, startOf(process.pid))), true, 'its runner may be gone');
  });

  it('is not another process that has got its pid', () => {
    assert.equal(firstProcess(running(process.pid, '1')), undefined);
    assert.equal(firstProcess(running(process.pid, startOf(process.pid), 'of an earlier boot')), undefined);
  });

  it('has ended when it is a zombie, or gone', async () => {
    const child = spawn('sleep', ['60'], { stdio: 'ignore' });
    await once(child, 'spawn');
    const pid = child.pid as number;
    const directory = running(pid, startOf(pid));
    assert.equal(firstProcess(directory), pid);
    child.kill('SIGKILL');
    // No turn of the event loop: nobody has reaped it.
    while (!/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'latin1')));
    assert.equal(firstProcess(directory), undefined);
    await once(child, 'exit');
    assert.equal(firstProcess(directory), undefined);
  });

  it('is nobody before the container runs, after it has stopped, and where status.json is damaged', () => {
    const pid = String(process.pid);
    const startTime = startOf(process.pid);
    assert.equal(firstProcess(directoryWith()), undefined);
    assert.equal(firstProcess(directoryWith({ 'status.json': { status: 'stopped', pid, startTime } })), undefined);
    const damaged = directoryWith();
    writeFileSync(join(damaged, 'status.json'), '{"status":"runn');
    assert.equal(firstProcess(damaged), undefined);
  });
});
