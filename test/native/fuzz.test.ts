/** A beginning of `npm run fuzz`, the same each time: less than a minute of one processor. */
import assert from 'node:assert/strict';
import { chmodSync, copyFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { inCheckout } from '../harness/checkout.js';
import { identities } from '../harness/identity.js';
import { type CommandOptions, execute } from '../harness/process.js';
import { temporaryDirectory } from '../harness/temporary.js';

const { countBranches, LEAST_PERCENT }: typeof import('../../scripts/fuzz.mjs') = await import(inCheckout('scripts/fuzz.mjs'));

const SEED = 1;
const built = (name: string) => inCheckout('build/fuzz', name);
const skip = existsSync(built('sanitized/fuzz')) ? false : 'there are no fuzzers: npm test makes them';

/** Where every user may read them. */
const folder = temporaryDirectory();

async function nothingFound(target: string, cases: number, options: CommandOptions = {}): Promise<void> {
  const words = [join(folder, 'fuzz'), target, String(SEED), String(cases), join(folder, 'corpus')];
  const { code, stdout, stderr } = await execute(words, { timeoutMs: 300_000, ...options });
  assert.equal(code, 0, stdout + stderr);
  assert.match(stdout, new RegExp(`^${target}: ${cases} cases`, 'm'));
}

describe('what the helper reads', { skip }, () => {
  for (const [name, file] of [
    ['sanitized/fuzz', 'fuzz'],
    ['corpus', 'corpus'],
  ] as const) {
    if (skip) break;
    copyFileSync(built(name), join(folder, file));
    chmodSync(join(folder, file), 0o755);
  }

  it('plans', () => nothingFound('plans', 60_000));
  it('failure records', () => nothingFound('record', 4_000));
  it('text inside JSON', () => nothingFound('json', 20_000));
  it('output that is logged', () => nothingFound('log', 200));
  it('messages of its own processes', () => nothingFound('channel', 6_000));
  it('frames of clients', () => nothingFound('serve', 2_000));
  it('frames of a container, and keys', () => nothingFound('attach', 3_000));

  for (const who of identities()) {
    it(`plans that are executed, ${who.name}`, { skip: who.unavailable ?? false }, () =>
      nothingFound('executed', who.name === 'range' ? 50 : 120, { as: who, env: { TMPDIR: temporaryDirectory(who) } }),
    );
  }

  it('takes nine of ten branches of what decodes and validates plans', async () => {
    const { percent, said } = await countBranches({ counted: built('counted/fuzz'), corpus: built('corpus') }, SEED, 30_000);
    assert.ok(percent >= LEAST_PERCENT, said);
  });
});
