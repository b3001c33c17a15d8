/** The plans of the golden files, each executed twice by the helper: over a real layer, as the user that they are for. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { isHeld } from '../../src/container/alive.js';
import type { HostPath } from '../../src/paths.js';
import type { Operation, Plan } from '../../src/plan/operations.js';
import { identities } from '../harness/identity.js';
import { until } from '../integration/run/place.js';
import { type Helper, missing, released, sanitized } from '../native/program.js';
import { type Executed, type Ground, ground } from './ground.js';
import { inventedFacts } from './invented-facts.js';
import { compileOciStartPlan } from './oci.js';
import { attendedPlan, SCENARIOS, type Scenario, shapeOf, startPlan } from './scenario.js';

for (const who of identities()) {
  describe(`as ${who.name}: a plan executed twice`, { skip: who.unavailable ?? false }, () => {
    let here: Ground;
    before(async () => {
      here = await ground(who);
    });
    after(() => here[Symbol.asyncDispose]());

    for (const [name, scenario] of Object.entries(SCENARIOS)) {
      if (scenario.identity !== who.name || scenario.networked || scenario.labelled) continue;
      const replay = kindOf(name);
      if (replay === undefined) continue;
      it(`${name} succeeds both times, in two containers`, () => replay(here, released, scenario));
      // --init starts a copy of the helper inside the container, where no sanitizer has its libraries.
      if (name.includes('init')) continue;
      it(`${name} is clean under the sanitizers`, { skip: missing(sanitized) }, () => replay(here, sanitized, scenario));
    }
  });
}

const STARTS = 200;

for (const who of identities().filter(({ name }) => name === 'range')) {
  it(`as range: a terminal has its size from the first moment, ${STARTS} times`, { skip: who.unavailable ?? false }, async () => {
    await using here = await ground(who);
    const plan = attendedPlan(await here.facts({ identity: 'range', plan: () => assert.fail() }), 'stty size');
    for (let count = 0; count < STARTS; count++) {
      const [rows, columns] = [10 + count, 300 - count];
      const { code, stdout } = await here.execute(released, plan, { rows, columns });
      assert.deepEqual([code, stdout], [0, `${rows} ${columns}\r\n`]);
    }
  });
}

type Replay = (here: Ground, helper: Helper, scenario: Scenario) => Promise<void>;

/** `start` has none: it is part of what `create` shows. What does not run is visited in test/integration/files. */
function kindOf(name: string): Replay | undefined {
  if (/^((oci-)?start|visit-stopped)/.test(name)) return undefined;
  if (name.startsWith('visit')) return replayVisit;
  if (name.startsWith('oci-create')) return replayOciCreate;
  if (name.includes('restart')) return name.startsWith('run') ? replayAttendedRestart : replayRestart;
  if (name.startsWith('exec')) return replayExec;
  if (name.startsWith('create')) return name.endsWith('own') ? replayCreateOwn : replayCreate;
  if (name.startsWith('detached')) return replayDetached;
  if (name.includes('kept')) return replayKept;
  return name.includes('volumes') ? replayVolumes : replayRun;
}

/** The scenario's plan for this machine: nothing but its values differs from the one in the golden file. */
async function planFor(here: Ground, helper: Helper, scenario: Scenario): Promise<Plan> {
  const facts = await here.facts(scenario);
  const plan = scenario.plan(facts);
  const invented = inventedFacts(scenario);
  assert.deepEqual(shapeOf(plan), shapeOf(scenario.plan({ ...invented, layers: facts.layers })));
  return helper === sanitized ? withoutCopy(plan) : plan;
}

/** Nor can the copy be sealed that exec begins with: it is this program, too. */
function withoutCopy(plan: Plan): Plan {
  const kept = (operation: Operation): Operation[] => {
    if (operation[0] === 'detach') return [[operation[0], operation[1], withoutCopy(operation[2])]];
    return operation[0] === 'seal' ? [] : [operation];
  };
  return { processes: plan.processes.map((each) => ({ ...each, operations: each.operations.flatMap(kept) })) };
}

const WHO = /^id=(\S+) uid=(\d+) pid=(\d+)\r?\n/;

/** Executes it twice; both say who they are. @returns what each printed behind that */
async function twice(
  here: Ground,
  helper: Helper,
  scenario: Scenario,
  between?: () => Promise<void>,
): Promise<(Executed & { rest: string })[]> {
  const plan = await planFor(here, helper, scenario);
  const results: (Executed & { rest: string; id: string })[] = [];
  for (let count = 0; count < 2; count++) {
    const executed = await here.execute(helper, plan, scenario.terminal);
    assert.equal(executed.stderr, '');
    const said = WHO.exec(executed.stdout) ?? assert.fail(executed.stdout);
    const id = executed.report.started?.id ?? said[1] ?? '';
    assert.ok(said[1] === id.slice(0, 12) || !/^[0-9a-f]{12}$/.test(said[1] ?? ''), `${said[1]} is the beginning of ${id}`);
    results.push({ ...executed, id, rest: executed.stdout.slice(said[0].length) });
    await between?.();
  }
  const [first, second] = results;
  assert.notEqual(first?.id, second?.id);
  return results;
}

async function replayRun(here: Ground, helper: Helper, scenario: Scenario): Promise<void> {
  for (const { code, rest, stdout } of await twice(here, helper, scenario)) {
    assert.deepEqual([code, rest], [0, scenario.terminal ? '/dev/pts/0\r\n' : '']);
    const first = scenario.sharesPid ? '([2-9]|\\d\\d+)' : '1';
    const uid = scenario.userns === 'keep-id' ? here.place.who.uid : 0;
    assert.match(stdout, new RegExp(`uid=${uid} pid=${first}\\b`));
  }
  assertNone(here, 'transient');
  assert.deepEqual(readdirSync(join(here.store, 'volumes')), []);
}

async function replayVolumes(here: Ground, helper: Helper, scenario: Scenario): Promise<void> {
  const { volumes } = await here.facts(scenario);
  const before = readdirSync(join(volumes, 'out')).length;
  for (const { code, rest } of await twice(here, helper, scenario)) {
    // The caller's files are those of the container's root, whatever his uid.
    assert.deepEqual([code, rest], [0, `hello\nhello\n${'0:0\n'.repeat(3)}`]);
  }
  assert.equal(readdirSync(join(volumes, 'out')).length, before + 2);
  assertNone(here, 'transient');
}

async function replayKept(here: Ground, helper: Helper, scenario: Scenario): Promise<void> {
  const remove = async () => {
    const [id = ''] = readdirSync(join(here.store, 'containers'));
    const directory = join(here.store, 'containers', id);
    assert.deepEqual(statusOf(directory), { status: 'stopped', exitCode: '7' });
    assert.equal(readlinkSync(join(here.store, 'names/kept')), directory);
    assert.ok(readFileSync(join(directory, 'config.json'), 'utf8').includes('GREETING=hello \\"you\\"'));
    await removed(here, id);
  };
  for (const { code, stdout } of await twice(here, helper, scenario, remove)) {
    assert.equal(code, 7);
    assert.match(stdout, /uid=1000 pid=2\n$/, 'the reaper is pid 1');
  }
}

async function replayExec(here: Ground, helper: Helper, scenario: Scenario): Promise<void> {
  const names = ['user', 'mnt', 'pid', 'net', 'ipc', 'uts', 'cgroup'];
  const spaces = names.map((name) => `${readlinkSync(`/proc/${here.running.pid}/ns/${name}`)}\n`).join('');
  for (const { code, rest, stdout } of await twice(here, helper, scenario)) {
    // No path leads to the terminal: its number is that of the container's own.
    if (scenario.terminal) assert.match(rest, /^\/dev\/pts\/\d+\r\n$/);
    else assert.equal(rest, spaces, 'all seven are the container’s');
    assert.equal(code, 0);
    assert.match(stdout, /uid=0 pid=([2-9]|\d\d+)\b/, 'a neighbour of its first process');
  }
}

/** A program of the host's, its working directory the container's root. */
async function replayVisit(here: Ground, helper: Helper, scenario: Scenario): Promise<void> {
  const plan = await planFor(here, helper, scenario);
  for (let count = 0; count < 2; count++) {
    const { code, stdout, stderr } = await here.execute(helper, plan);
    assert.deepEqual({ code, stdout, stderr }, { code: 0, stdout: 'etc\n', stderr: '' });
  }
}

/** Made by one plan, started twice by another: what it wrote is there the second time. */
async function replayCreate(here: Ground, helper: Helper, scenario: Scenario): Promise<void> {
  const facts = await here.facts(scenario);
  const plan = await planFor(here, helper, scenario);
  const ids = [await detached(here, helper, plan), await detached(here, helper, plan)];
  assert.notEqual(ids[0], ids[1]);
  for (const id of ids) {
    const directory = join(here.store, 'containers', id);
    assert.deepEqual(statusOf(directory), { status: 'created' });
    const start = startPlan(facts, id);
    for (let count = 1; count <= 2; count++) {
      const { code, stderr } = await here.execute(helper, helper === sanitized ? withoutCopy(start) : start);
      assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
      assert.ok(await until(() => statusOf(directory).status === 'stopped' && !isHeld(directory as HostPath)));
      assert.deepEqual(logOf(directory), Array(count).fill({ log: `id=${id.slice(0, 12)} uid=0 pid=1\n`, stream: 'stdout' }));
    }
    await removed(here, id);
  }
}

/** Volumes come with `create`, are filled by the first start and by no other, and go with `rm -v`. */
async function replayCreateOwn(here: Ground, helper: Helper, scenario: Scenario): Promise<void> {
  const facts = await here.facts(scenario);
  const id = await detached(here, helper, await planFor(here, helper, scenario));
  const directory = join(here.store, 'containers', id);
  assert.equal(readdirSync(join(here.store, 'volumes')).length, 3);
  const start = startPlan(facts, id, JSON.parse(readFileSync(join(directory, 'config.json'), 'utf8')));
  for (const [count, left] of ['/home:\nada\n\n/new:\n', '/home:\n\n/new:\n'].entries()) {
    const { code, stderr } = await here.execute(helper, helper === sanitized ? withoutCopy(start) : start);
    assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
    assert.ok(await until(() => statusOf(directory).status === 'stopped' && !isHeld(directory as HostPath)));
    const lines = logOf(directory).map(({ log }) => log);
    assert.equal(lines.slice(count === 0 ? 0 : 4).join(''), left);
  }
  const { code, stderr } = await here.place.box.tsrun(['rm', '-v', id]);
  assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
  assert.deepEqual(readdirSync(join(here.store, 'volumes')), []);
}

async function replayDetached(here: Ground, helper: Helper, scenario: Scenario): Promise<void> {
  const plan = await planFor(here, helper, scenario);
  const ids = [await detached(here, helper, plan), await detached(here, helper, plan)];
  assert.notEqual(ids[0], ids[1]);
  for (const id of ids) {
    const directory = join(here.store, 'containers', id);
    assert.ok(await until(() => statusOf(directory).status === 'stopped'), 'its supervisor sees its end');
    assert.deepEqual(statusOf(directory), { status: 'stopped', exitCode: '0' });
    assert.deepEqual(logOf(directory), [{ log: `id=${id.slice(0, 12)} uid=0 pid=1\n`, stream: 'stdout' }]);
    await removed(here, id);
  }
}

async function replayRestart(here: Ground, helper: Helper, scenario: Scenario): Promise<void> {
  const plan = await planFor(here, helper, scenario);
  const ids = [await detached(here, helper, plan), await detached(here, helper, plan)];
  for (const id of ids) {
    const directory = join(here.store, 'containers', id);
    assert.ok(await until(() => statusOf(directory).status === 'stopped'), 'two more times, and then it is given up');
    assert.deepEqual(statusOf(directory), { status: 'stopped', exitCode: '3' });
    assert.deepEqual(logOf(directory), Array(3).fill({ log: `id=${id.slice(0, 12)} uid=0 pid=1\n`, stream: 'stdout' }));
    await removed(here, id);
  }
}

/** Whoever attends it sees all of them. */
async function replayAttendedRestart(here: Ground, helper: Helper, scenario: Scenario): Promise<void> {
  const { code, stdout, stderr } = await here.execute(helper, await planFor(here, helper, scenario), scenario.terminal);
  assert.deepEqual([code, stderr], [3, '']);
  const runs = stdout.split('\r\n').slice(0, -1);
  assert.deepEqual(runs, Array(3).fill(runs[0]));
  const [id = ''] = readdirSync(join(here.store, 'containers')).filter((name) => runs[0]?.includes(`id=${name.slice(0, 12)} `));
  assert.deepEqual(statusOf(join(here.store, 'containers', id)), { status: 'stopped', exitCode: '3' });
  await removed(here, id);
}

async function replayOciCreate(here: Ground, helper: Helper, scenario: Scenario): Promise<void> {
  const plan = await planFor(here, helper, scenario);
  const ids = [await detached(here, helper, plan), await detached(here, helper, plan)];
  assert.notEqual(ids[0], ids[1]);
  for (const id of ids) {
    const directory = join(here.store, 'containers', id);
    assert.equal(statusOf(directory).status, 'created');
    assert.deepEqual(logOf(directory), [], 'it has not started');
    const start = compileOciStartPlan(directory);
    assert.equal((await here.execute(helper, start)).code, 0);
    assert.ok(await until(() => statusOf(directory).status === 'stopped' && !isHeld(directory as HostPath)));
    assert.deepEqual(logOf(directory), [{ log: `id=${id.slice(0, 12)} uid=0 pid=1\n`, stream: 'stdout' }]);
    assert.notEqual((await here.execute(helper, start)).code, 0, 'nobody waits there any more');
    await removed(here, id);
  }
}

function logOf(directory: string): { log: string; stream: string }[] {
  return readFileSync(join(directory, 'log'), 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => {
      const { time, ...rest } = JSON.parse(line);
      assert.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/);
      return rest;
    });
}

/** Executes a plan whose container outlives it. @returns the id that it printed */
async function detached(here: Ground, helper: Helper, plan: Plan): Promise<string> {
  const { code, stdout, stderr } = await here.execute(helper, plan);
  assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
  return /^([0-9a-f]{64})\n$/.exec(stdout)?.[1] ?? assert.fail(stdout);
}

function statusOf(directory: string): { status: string; exitCode?: string } {
  const { status, exitCode } = JSON.parse(readFileSync(join(directory, 'status.json'), 'utf8'));
  return { status, ...(exitCode === undefined ? {} : { exitCode }) };
}

async function removed(here: Ground, id: string): Promise<void> {
  const { code, stderr } = await here.place.box.tsrun(['rm', id]);
  assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
  assert.ok(!existsSync(join(here.store, 'containers', id)));
}

/** The container that runs beside is there for `exec`. */
function assertNone(here: Ground, kind: string): void {
  assert.equal(readdirSync(join(here.store, kind)).length, 1);
}
