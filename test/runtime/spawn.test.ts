import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterEach, describe, it } from 'node:test';
import type { Operation, Plan } from '../../src/plan/operations.js';
import { launch, launchDetached } from '../../src/runtime/spawn.js';
import { inCheckout } from '../harness/checkout.js';
import { temporaryDirectory } from '../harness/temporary.js';

process.env['TSRUN_HELPER'] = inCheckout('native/build/tsrun-helper');
const helper = process.env['TSRUN_HELPER'];
afterEach(() => {
  process.env['TSRUN_HELPER'] = helper;
});

const QUIET = ['ignore', 'ignore', 'ignore'] as const;
const plan = (parent: Operation[], child?: Operation[]): Plan => ({
  processes: [{ name: 'parent', operations: parent }, ...(child ? [{ name: 'child', operations: child }] : [])],
});
/** A child in no namespace of its own that runs a shell. */
const shell = (script: string, then: Operation[] = []): Plan =>
  plan(
    [['clone', 'child', 0], ['await-exec', 'child'], ['started', 'child'], ['forward-signals', 'child', 0], ['wait', 'child'], ...then],
    [['die-with-parent'], ['exec', ['sh', '-c', script], ['PATH=/bin'], '/bin']],
  );

describe('the helper, launched with a plan', () => {
  it('tells when the child has begun, and how it ended', async () => {
    const launched = launch(shell('echo $$; exit 7'), ['ignore', 'pipe', 'ignore']);
    const { id, pid } = await launched.started;
    assert.match(id, /^[0-9a-f]{64}$/);
    assert.equal(await text(launched.process.stdout as Readable), `${pid}\n`);
    assert.equal(await launched.ended, 7);
  });

  it('gives 128+n when a signal ended the child', async () => {
    assert.equal(await launch(shell('kill -TERM $$'), [...QUIET]).ended, 143);
  });

  it('rejects with the explanation of what failed, before the start', async () => {
    const { started, ended } = launch(
      plan([
        ['stage', 'prepare'],
        ['mkdir', '/nowhere/at/all', 0o700],
      ]),
      [...QUIET],
    );
    const expected = { name: 'TsrunError', code: 'ERR_TSRUN_STORE_UNREADABLE', message: /\/nowhere\/at\/all/ };
    await assert.rejects(started, expected);
    await assert.rejects(ended, expected);
  });

  it('gives the status of what ran when only the clean-up failed: the next start does that again', async () => {
    const launched = launch(shell('exit 5', [['on-exit', 0, [['mkdir', '/nowhere/at/all', 0o700]]]]), [...QUIET]);
    assert.equal(await launched.ended, 5);
  });

  it('says so when a plan starts nothing', async () => {
    const launched = launch(plan([['print', 'stdout', 'hello']]), ['ignore', 'pipe', 'ignore']);
    assert.equal(await text(launched.process.stdout as Readable), 'hello');
    assert.equal(await launched.ended, 0);
    await assert.rejects(launched.started, { code: 'ERR_TSRUN_LAUNCH', message: /without starting/ });
  });

  it('is told by kill() to end what runs, and still cleans up', async () => {
    const directory = temporaryDirectory();
    const mark = join(directory, 'mark');
    const launched = launch(shell('trap "" TERM; sleep 60', [['on-exit', 0, [['mkdir', mark, 0o700]]]]), [...QUIET]);
    await launched.started;
    launched.kill();
    assert.equal(await launched.ended, 137);
    launched.kill();
    assert.ok(existsSync(mark), 'what was to be done at the end was done');
  });

  it('that is killed itself is a failure, not a status', async () => {
    const launched = launch(shell('sleep 60'), [...QUIET]);
    await launched.started;
    launched.process.kill('SIGKILL');
    await assert.rejects(launched.ended, { code: 'ERR_TSRUN_LAUNCH', message: /ended without saying how/ });
  });

  it('that cannot be executed is a failure of the launch', async () => {
    process.env['TSRUN_HELPER'] = inCheckout('package.json');
    const { started, ended } = launch(shell('true'), [...QUIET]);
    await assert.rejects(started, { code: 'ERR_TSRUN_LAUNCH', message: /cannot start the native helper/ });
    await assert.rejects(ended, { code: 'ERR_TSRUN_LAUNCH' });
  });

  it('works detached, when nobody waits', async () => {
    const mark = join(temporaryDirectory(), 'mark');
    launchDetached(plan([['mkdir', mark, 0o700]]));
    while (!existsSync(mark)) await new Promise((resolve) => setTimeout(resolve, 5));
  });
});
