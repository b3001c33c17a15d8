/** A process that is killed, a disk that is full and power that goes, at every step that changes something on the disk. */
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { findImage } from '../../src/image/find.js';
import { pullImage } from '../../src/image/pull.js';
import { checkStore, removeImage } from '../../src/index.js';
import { Blobs, memoryClient, registryReference } from '../image/fixture.js';
import { memoryDirectory, storeAt } from './fixture.js';
import { keyOf, PowerModel, type State, write } from './power.js';
import { diskFull, type Step, stepByStep } from './steps.js';

const NAME = 'example.com/app:one';
const REF = registryReference(NAME);
const blobs = new Blobs();
const OLD = blobs.image(['shared', 'old']);
const NEW = blobs.image(['shared', 'new']);

function sessionAt(directory: string, target = NEW) {
  const store = storeAt(directory);
  return { store, paths: store.paths, client: memoryClient(blobs, { one: target }) };
}

const rootsOf = (root: string) => ({ root, runRoot: join(root, 'run') });

/** Names of what is done → how the store was before, and the work. */
const WORK: Record<string, [before: (root: string) => Promise<unknown>, work: (root: string) => Promise<unknown>]> = {
  'a first pull': [async () => undefined, (root) => pullImage(sessionAt(root), REF)],
  'a pull that takes a tag from another image': [(root) => pullImage(sessionAt(root, OLD), REF), (root) => pullImage(sessionAt(root), REF)],
  'the removal of an image': [(root) => pullImage(sessionAt(root, OLD), REF), (root) => removeImage(NAME, rootsOf(root))],
};

/** Nothing is damaged, and the next pull succeeds and clears what was left. */
async function assertSound(root: string, what: string): Promise<void> {
  const found = await checkStore(rootsOf(root));
  assert.deepEqual(found.findings, [], what);
  await pullImage(sessionAt(root), REF);
  const again = await checkStore(rootsOf(root));
  assert.deepEqual([again.findings, again.leftovers], [[], 0], `${what}, after the next pull`);
  assert.equal((await findImage(sessionAt(root), NAME))?.target.digest, NEW.digest, what);
}

/** The disk as it may be before each step and after the last. */
async function statesOf(t: TestContext, [before, work]: (typeof WORK)[string]) {
  const root = join(memoryDirectory(t), 'data');
  const model = new PowerModel(root);
  const states: { what: string; state: State }[] = [];
  const take = (what: string) => {
    states.push({ what: `killed ${what}`, state: model.now() });
    states.push({ what: `names first, power gone ${what}`, state: model.namesFirst() });
    states.push({ what: `nothing but what was flushed, power gone ${what}`, state: model.flushedOnly() });
  };
  // What was there before is on the disk, if it was flushed.
  await stepByStep(root, model, () => before(root));
  const watch = {
    before: (step: Step) => {
      if (step.path !== root) take(`before ${step.what} of ${step.path.slice(root.length)}`);
      model.before(step);
    },
    after: (step: Step) => model.after(step),
  };
  await stepByStep(root, watch, () => work(root));
  take('at the end');
  return states;
}

for (const [name, each] of Object.entries(WORK)) {
  test(`${name}: killed, or without power, at any step`, async (t) => {
    const seen = new Set<string>();
    const states = await statesOf(t, each);
    for (const { what, state } of states) {
      if (seen.has(keyOf(state))) continue;
      seen.add(keyOf(state));
      const root = join(memoryDirectory(t), 'data');
      write(state, root);
      await assertSound(root, what);
      rmSync(root, { recursive: true });
    }
    assert.ok(seen.size > 10, `${seen.size} states`);
    t.diagnostic(`${seen.size} states`);
    const last = states.at(-1)?.state as State;
    const root = join(memoryDirectory(t), 'data');
    write(last, root);
    const image = await findImage(sessionAt(root), NAME);
    assert.equal(image !== undefined, !name.includes('removal'), 'what was said to be done is on the disk');
  });

  test(`${name}: the disk full at any step`, async (t) => {
    const [before, work] = each;
    for (let full = 0, ended = false; !ended; full += 1) {
      const root = join(memoryDirectory(t), 'data');
      await before(root);
      let count = 0;
      let what = '';
      const watch = {
        before: (step: Step) => {
          // What is only told (events) never stops a verb.
          if (!step.allocates || step.path.endsWith('/events') || count++ < full) return;
          what ||= `${step.what} of ${step.path.slice(root.length)}`;
          throw diskFull(step);
        },
      };
      const failure = await stepByStep(root, watch, () => work(root)).then(
        () => undefined,
        (error: { code?: string }) => error,
      );
      ended = what === '';
      if (!ended) assert.equal(failure?.code, 'ERR_TSRUN_DISK_FULL', what);
      await assertSound(root, `full at ${what}`);
      assert.ok(full < 100);
    }
  });
}
