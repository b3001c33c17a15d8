/** From options to a plan: what is refused before anything is done, and what a plan never holds. */
import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { planRun } from '../../src/api/compile-run.js';
import { encodePlan } from '../../src/plan/encode.js';
import { printPlan } from '../../src/plan/print.js';
import { pipedStreams } from '../../src/runtime/streams.js';
import { temporaryDirectory } from '../harness/temporary.js';
import { failureOf } from '../registry/fake-server.js';

const SECRET = 'correct-horse-battery';

describe('what is wrong with the options', () => {
  const cases = [
    [{ name: 'a/b' }, 'ERR_TSRUN_USAGE'],
    [{ cidfile: '/dev/null' }, 'ERR_TSRUN_FILE_EXISTS'],
    [{ cidfile: '/no/such/directory/cid' }, 'ERR_TSRUN_USAGE'],
  ] as const;
  for (const [options, code] of cases) {
    it(`${JSON.stringify(options)} is said before there is a store`, async () => {
      const root = join(temporaryDirectory(), 'store');
      await failureOf(planRun('alpine', [], { ...options, root }, { streams: pipedStreams() }), code);
      assert.ok(!existsSync(root));
    });
  }
});

describe('a source of -v that is not there', () => {
  const directory = temporaryDirectory();
  const options = { rootfs: true, root: join(directory, 'store'), runRoot: join(directory, 'run') };

  it('is said when the plan is made, and so by --dry-run, too', async () => {
    for (const volume of ['/no/such/source:/x', './nothing-here:/x']) {
      const error = await failureOf(
        planRun(directory, ['/true'], { ...options, volume: [volume] }, { streams: pipedStreams() }),
        'ERR_TSRUN_MOUNT_SOURCE',
      );
      assert.match(error.message, /^the mount source \/.*(source|nothing-here) does not exist$/);
    }
    await planRun(directory, ['/true'], { ...options, volume: [`${directory}:/x`, './:/y'] }, { streams: pipedStreams() });
  });
});

describe('the plan of a directory', () => {
  const directory = temporaryDirectory();
  const options = { rootfs: true, root: join(directory, 'store') };
  before(() => {
    process.env['TSRUN_TEST_TOKEN'] = SECRET;
  });
  after(() => {
    delete process.env['TSRUN_TEST_TOKEN'];
  });

  it('holds the caller’s variables as slots: by -e, by --env-file and for the terminal', async () => {
    const file = join(directory, 'names.env');
    writeFileSync(file, 'TSRUN_TEST_TOKEN\n');
    for (const more of [{ env: ['TSRUN_TEST_TOKEN'] }, { envFile: [file] }, { env: ['TSRUN_TEST_TOKEN'], tty: true, interactive: true }]) {
      const plan = await planRun(directory, ['/true'], { ...options, ...more }, { streams: pipedStreams() });
      assert.match(printPlan(plan), /TSRUN_TEST_TOKEN=\{env:TSRUN_TEST_TOKEN\}/);
      assert.ok(!Buffer.from(encodePlan(plan)).includes(SECRET));
    }
  });
});
