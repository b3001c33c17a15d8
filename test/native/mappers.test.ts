/** newuidmap and newgidmap, played by scripts that misbehave. Root only: the scripts write the maps themselves. */
import assert from 'node:assert/strict';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { encodePlan } from '../../src/plan/encode.js';
import type { FailureRecord } from '../../src/runtime/record.js';
import { temporaryDirectory } from '../harness/temporary.js';
import { shell } from './plain.js';
import { launch, released } from './program.js';

const CLONE_NEWUSER = 0x10000000;
const directory = temporaryDirectory();

function program(name: string, script: string): string {
  const path = join(directory, `${name}-${Math.random()}`);
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  return path;
}

const MAP = '0 0 1\n';
const newuidmap = (script = '') => program('newuidmap', `${script}\nprintf '%s %s %s' $2 $3 $4 > /proc/$1/uid_map`);
const newgidmap = (script = '') => program('newgidmap', `${script}\nprintf '%s %s %s' $2 $3 $4 > /proc/$1/gid_map`);

async function mapped(
  uidmapper: string,
  gidmapper: string,
  map = MAP,
): Promise<{ code: number | null; stdout: string; stderr: string; failed?: FailureRecord }> {
  const plan = encodePlan({
    processes: [
      {
        name: 'parent',
        operations: [
          ['clone', 'child', CLONE_NEWUSER],
          ['map-ids', 'child', map, MAP, 0, uidmapper, gidmapper],
          ['send', 'child', 'mapped'],
          ['await-exec', 'child'],
          ['wait', 'child'],
        ],
      },
      { name: 'child', operations: [['await', 'parent', 'mapped'], shell('tr -s " " < /proc/self/uid_map')] },
    ],
  });
  const { finished, reports } = launch(released, plan);
  const { code, stdout, stderr } = await finished;
  const { failed } = await reports;
  return { code, stdout, stderr, ...(failed ? { failed } : {}) };
}

describe('the programs that write id maps', { skip: process.getuid?.() === 0 ? false : 'only root can play them' }, () => {
  it('may print as much as they like, to standard output too: nobody sees it, and it holds up nothing', async () => {
    const noise = 'head -c 300000 /dev/zero | tr "\\0" x; head -c 300000 /dev/zero | tr "\\0" y >&2';
    const result = await mapped(newuidmap(noise), newgidmap(noise));
    assert.deepEqual(result, { code: 0, stdout: ' 0 0 1\n', stderr: '' });
  });

  it('get their words, no input, and nothing of the caller’s environment', async () => {
    const file = join(directory, 'seen');
    await mapped(newuidmap(`{ shift; echo "$@"; cat; env; } | grep -v ^_= | grep -v ^PWD= > ${file}`), newgidmap());
    assert.equal(readFileSync(file, 'utf8'), '0 0 1\nPATH=/usr/sbin:/usr/bin:/sbin:/bin\n');
  });

  it('explain a refusal in the first line that they print', async () => {
    const refusal = 'echo "newuidmap: uid range [0-1) -> [0-1) not allowed" >&2; head -c 300000 /dev/zero; exit 1';
    const { code, stdout, failed } = await mapped(newuidmap(refusal), newgidmap());
    assert.deepEqual([code, stdout, failed?.operation, failed?.error], [125, '', 'map-ids', 1]);
    assert.equal(failed?.path, 'newuidmap: uid range [0-1) -> [0-1) not allowed');
  });

  it('are told apart: the failure of the second is its own, that of both the first’s', async () => {
    assert.equal((await mapped(newuidmap(), newgidmap('echo second; exit 1'))).failed?.path, 'second');
    assert.equal((await mapped(newuidmap('echo first; exit 1'), newgidmap('echo second; exit 1'))).failed?.path, 'first');
  });

  it('are named when they say nothing, are missing, or are killed', async () => {
    const silent = newuidmap('exit 3');
    const { failed } = await mapped(silent, newgidmap());
    assert.deepEqual([failed?.path, failed?.error], [silent, 1]);
    const missing = await mapped('/no/newuidmap', newgidmap());
    assert.deepEqual([missing.failed?.path, missing.failed?.error], ['/no/newuidmap', 2]);
    const killed = newgidmap('kill -KILL $$');
    assert.deepEqual([(await mapped(newuidmap(), killed)).failed?.path], [killed]);
  });

  it('are not asked for more lines than the kernel takes', async () => {
    const lines = Array.from({ length: 341 }, (_, index) => `${index} ${index} 1\n`).join('');
    const { failed } = await mapped(newuidmap(), newgidmap(), lines);
    assert.deepEqual([failed?.operation, failed?.error], ['map-ids', 7]);
  });
});
