/** A sandbox whose store has the images of these tests, and what the tests of `run` have in common. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { inCheckout } from '../../harness/checkout.js';
import type { Identity } from '../../harness/identity.js';
import { busyboxImage } from '../../harness/images.js';
import { type Leftovers, leftovers } from '../../harness/leftovers.js';
import type { NodeVersion } from '../../harness/nodes.js';
import type { CommandOptions, Finished, Running } from '../../harness/process.js';
import { withinReach } from '../../harness/reach.js';
import { type Sandbox, sandbox } from '../../harness/tsrun.js';

export interface Place extends AsyncDisposable {
  readonly who: Identity;
  readonly box: Sandbox;
  /** busybox: root, ada (1000, in wheel), nobody. */
  readonly image: string;
  /** `tsrun run --rm WORDS` to its end. */
  run(words: readonly string[], options?: CommandOptions): Promise<Finished>;
  /** `tsrun run --rm FLAGS IMAGE sh -c SCRIPT`: what it printed; it must exit 0 and say nothing else. */
  sh(script: string, flags?: readonly string[], options?: CommandOptions): Promise<string>;
  /** Starts `tsrun run --rm WORDS`. The process is the helper's. */
  start(words: readonly string[], options?: CommandOptions): Running;
}

/** Pulls the image, so that no later run has progress or notes to tell. */
export async function place(who: Identity, node?: NodeVersion): Promise<Place> {
  const { reference: image } = await busyboxImage();
  const box = sandbox(who, node);
  const first = await box.tsrun(['run', '--rm', image, 'true']);
  assert.equal(first.code, 0, first.stderr);
  const run = (words: readonly string[], options?: CommandOptions) => box.tsrun(['run', '--rm', ...words], options);
  return {
    who,
    box,
    image,
    run,
    sh: async (script, flags = [], options) => {
      const { code, stdout, stderr } = await run([...flags, image, 'sh', '-c', script], options);
      assert.deepEqual({ code, stderr }, { code: 0, stderr: '' }, stdout);
      return stdout;
    },
    start: (words, options) => box.start(['run', '--rm', ...words], options),
    [Symbol.asyncDispose]: () => box[Symbol.asyncDispose](),
  };
}

export const NOTHING: Leftovers = { processes: [], mounts: [], directories: [] };

/** Asserts that nothing of the place's containers is left. What is swept is removed by a process that nobody waits for: it gets a moment. */
export async function assertNothingLeft(box: Sandbox): Promise<void> {
  await until(() => {
    const { processes, mounts, directories } = leftovers(box);
    return processes.length + mounts.length + directories.length === 0;
  });
  assert.deepEqual(leftovers(box), NOTHING);
}

/** Waits until a condition holds. @returns whether it did */
export async function until(condition: () => boolean | Promise<boolean>, milliseconds = 5000): Promise<boolean> {
  for (const deadline = Date.now() + milliseconds; Date.now() < deadline; await pause(10)) if (await condition()) return true;
  return condition();
}

/** Processes that a process has started and that have not ended. */
export function childrenOf(pid: number): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

/** The first process of a container that runs, as the host counts: the child of the helper that is pid 1 somewhere (proc(5), NSpid). */
export function firstProcessOf(helper: Running): number {
  const first = childrenOf(helper.pid).find((pid) => /^NSpid:\t\d+\t1$/m.test(readFileSync(`/proc/${pid}/status`, 'utf8')));
  assert.ok(first !== undefined, 'the helper has a container');
  return first;
}

/** kill -9 of the helper and of what it has started besides the container. The helper is stopped first: its end is what the others wait for. */
export function killAllBut(helper: number, container: number): void {
  process.kill(helper, 'SIGSTOP');
  for (const pid of childrenOf(helper)) if (pid !== container) process.kill(pid, 'SIGKILL');
  process.kill(helper, 'SIGKILL');
}

/** True while the process is there and no zombie. */
export function isRunning(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) [ZX] /s.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

let probe: Promise<string> | undefined;

/** probe.c, compiled by the rules of the helper and readable by every test user. */
export function probeProgram(): Promise<string> {
  probe ??= (async () => {
    const native: typeof import('../../../scripts/native.mjs') = await import(inCheckout('scripts/native.mjs'));
    const source = inCheckout('test/integration/run/probe.c');
    const output = inCheckout('build/harness/probe');
    if (native.isStale(output, [source])) await native.compile({ sources: [source], output });
    return withinReach(output);
  })();
  return probe;
}

/** Tests of one identity that share a place; nothing may be left in it when they are through. */
export function describeAs(who: Identity, what: string, tests: (where: () => Place) => void): void {
  describe(`as ${who.name}: ${what}`, { skip: who.unavailable ?? false }, () => {
    let where: Place | undefined;
    before(async () => {
      where = await place(who);
    });
    after(async () => {
      if (where === undefined) return;
      await assertNothingLeft(where.box);
      await where[Symbol.asyncDispose]();
    });
    tests(() => {
      assert.ok(where, 'the place is made before the tests');
      return where;
    });
  });
}
