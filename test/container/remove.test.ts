/** Removal beside others that are at the same container. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { readStat } from '../../src/container/proc.js';
import { removeContainer } from '../../src/container/remove.js';
import type { Container } from '../../src/container/state.js';
import { type HostPath, storePaths } from '../../src/paths.js';
import { bootId } from '../../src/sys/boot.js';
import { tryLockDirectory } from '../../src/sys/flock.js';
import { temporaryDirectory } from '../harness/temporary.js';

it('a container that was started since it was looked at is refused, not waited for and removed in the end', async () => {
  const [data, run] = [temporaryDirectory() as HostPath, temporaryDirectory() as HostPath];
  const paths = storePaths({ data, run });
  const id = 'a'.repeat(64);
  const directory = join(paths.containers, id) as HostPath;
  mkdirSync(directory, { recursive: true });
  using runner = tryLockDirectory(directory, 'exclusive');
  const first = { pid: String(process.pid), startTime: String(readStat(process.pid)?.startTicks), boot: bootId() };
  writeFileSync(`${directory}/status.json`, JSON.stringify({ status: 'running', ...first }));
  const looked: Container = { id, name: 'web', image: '', command: [], created: '', status: 'stopped', rm: false, directory };
  const removal = removeContainer(paths, looked, false);
  await assert.rejects(removal, { code: 'ERR_TSRUN_CONTAINER_RUNNING' });
  assert.ok(runner !== undefined && existsSync(directory));
});
