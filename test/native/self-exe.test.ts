/** CVE-2019-5736: an image whose command is /proc/self/exe is this helper for a moment, with a way to the file that it was started from. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { chmodSync, chownSync, copyFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { encodePlan } from '../../src/plan/encode.js';
import type { Operation, Plan } from '../../src/plan/operations.js';
import { identities } from '../harness/identity.js';
import { type Ground, ground } from '../plan/ground.js';
import { SCENARIOS } from '../plan/scenario.js';
import { one } from './plain.js';
import { launch, released } from './program.js';

const O_RDONLY = 0;
/** What the container's program has the helper do, once it is the helper: keep a way to its file open, and become something else. */
const ATTACK = one(
  ['open', '/proc/self/exe', O_RDONLY, 'exe'],
  ['dup', 5, 'exe'],
  ['exec', ['sh', '-c', 'readlink /proc/self/fd/5; (echo x >> /proc/self/fd/5) 2>&1; echo $?'], [], '/bin'],
);

for (const who of identities()) {
  describe(`as ${who.name}: the helper’s own file`, { skip: who.unavailable ?? false }, () => {
    let here: Ground;
    before(async () => {
      here = await ground(who);
    });
    after(() => here[Symbol.asyncDispose]());

    it('cannot be reached from inside, though it is the caller’s to write', async () => {
      const own = join(here.place.box.home, 'tsrun-helper');
      copyFileSync(released[0] ?? '', own);
      chmodSync(own, 0o755);
      if (process.getuid?.() === 0) chownSync(own, who.uid, who.gid);
      const [link, answer, status] = await attack(own);
      assert.equal(link, '/memfd:tsrun (deleted)');
      assert.match(answer ?? '', /Operation not permitted/);
      assert.notEqual(status, '0');
      assert.equal(digestOf(own), digestOf(released[0] ?? ''));
    });

    it('cannot be written from inside where it is root’s', {
      skip: process.getuid?.() === 0 ? false : 'nothing here is root’s',
    }, async () => {
      const [, answer, status] = await attack(join(here.place.box.program, '../../native/build/tsrun-helper'));
      assert.match(answer ?? '', /Permission denied|Operation not permitted/);
      assert.notEqual(status, '0');
    });

    async function attack(helper: string): Promise<string[]> {
      const scenario = SCENARIOS[`run-${who.name}`] ?? assert.fail();
      const plan = attacked(scenario.plan(await here.facts(scenario)));
      const { finished } = launch([helper], encodePlan(plan), { as: who, cwd: '/', input: ATTACK, env: here.place.box.env });
      return (await finished).stdout.split('\n');
    }
  });
}

/** The command is /proc/self/exe, and the caller's input is its input. */
function attacked(plan: Plan): Plan {
  const change = (operation: Operation): Operation[] => {
    if (operation[0] === 'dup' && operation[1] === 0) return [];
    return operation[0] === 'exec' ? [['exec', ['/proc/self/exe', 'execute', '0'], operation[2], operation[3]]] : [operation];
  };
  return {
    processes: plan.processes.map((each) => (each.name === 'child' ? { ...each, operations: each.operations.flatMap(change) } : each)),
  };
}

function digestOf(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}
