/** A sandbox whose store has the busybox image, and what the tests that run containers have in common. */
import assert from 'node:assert/strict';
import { after, before, describe } from 'node:test';
import type { Identity } from './identity.js';
import { busyboxImage } from './images.js';
import { type Leftovers, leftovers } from './leftovers.js';
import type { NodeVersion } from './nodes.js';
import type { CommandOptions, Finished, Running } from './process.js';
import { type Sandbox, sandbox } from './tsrun.js';
import { until } from './wait.js';

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

/** A network costs more than all the rest of a start: who does not speak of it has none. */
export function withoutNetwork(words: readonly string[]): readonly string[] {
  const speaks = words.some((word) => /^(--net|-p|-P|--publish|--expose|--add-host|--dns|--no-hosts|--ip|--mac|--dry-run)/.test(word));
  return speaks ? words : ['--network', 'none', ...words];
}

/** Pulls the image, so that no later run has progress or notes to tell. */
export async function place(who: Identity, node?: NodeVersion): Promise<Place> {
  const { reference: image } = await busyboxImage();
  const box = sandbox(who, node);
  const first = await box.tsrun(['run', '--rm', image, 'true']);
  assert.equal(first.code, 0, first.stderr);
  const run = (words: readonly string[], options?: CommandOptions) => box.tsrun(['run', '--rm', ...withoutNetwork(words)], options);
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
    start: (words, options) => box.start(['run', '--rm', ...withoutNetwork(words)], options),
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

/** Tests of one identity that share a place; nothing may be left in it when they are through. */
export function describeAs(who: Identity, what: string, tests: (where: () => Place) => void): void {
  describeIn(who, what, () => place(who), tests);
}

/**
 * The same in any place of tsrun's.
 * @param more clear: what is to go before it is asked whether anything is left; unavailable: why the place cannot be had
 */
export function describeIn<Where extends AsyncDisposable & { box: Sandbox }>(
  who: Identity,
  what: string,
  make: () => Promise<Where>,
  tests: (where: () => Where) => void,
  more: { clear?: (where: Where) => Promise<unknown>; unavailable?: string | false } = {},
): void {
  describe(`as ${who.name}: ${what}`, { skip: (who.unavailable ?? more.unavailable) || false }, () => {
    let where: Where | undefined;
    before(async () => {
      where = await make();
    });
    after(async () => {
      if (where === undefined) return;
      await more.clear?.(where);
      await assertNothingLeft(where.box);
      await where[Symbol.asyncDispose]();
    });
    tests(() => {
      assert.ok(where, 'the place is made before the tests');
      return where;
    });
  });
}
