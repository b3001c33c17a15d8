/** ^C in the middle of a pull: gone at once, the terminal as it was, and what is finished is kept. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { identities } from '../../harness/identity.js';
import { busyboxTar } from '../../harness/images.js';
import { writeLayout } from '../../harness/layout.js';
import { leftovers } from '../../harness/leftovers.js';
import { succeed } from '../../harness/process.js';
import { COOKED, openTerminal } from '../../harness/pty.js';
import { temporaryDirectory } from '../../harness/temporary.js';
import { type Sandbox, sandbox } from '../../harness/tsrun.js';
import { startSlowRegistry } from './slow-registry.js';

let layout: string;

before(async () => {
  const directory = temporaryDirectory();
  writeFileSync(join(directory, 'data'), randomBytes(1 << 20));
  await succeed(['tar', '-C', directory, '-cf', join(directory, 'tar'), 'data']);
  layout = join(directory, 'layout');
  const layers = [{ tar: await busyboxTar() }, { tar: readFileSync(join(directory, 'tar')) }];
  writeLayout(layout, [{ tag: 'v1', layers, config: { Cmd: ['wc', '-c', '/data'] } }]);
});

const CURSOR = { hidden: '\x1b[?25l', shown: '\x1b[?25h' };

for (const who of identities()) {
  describe(`as ${who.name}`, { skip: who.unavailable ?? false }, () => {
    const hasBlob = (place: Sandbox, digest: string) =>
      existsSync(join(place.root, 'v1/image/blobs/sha256', digest.slice('sha256:'.length)));

    for (const verb of who.name === 'range' ? ['run', 'pull'] : ['run']) {
      it(`^C ends \`${verb}\` with 130 while a layer is still on its way; the other layer is kept, nothing is referenced, the terminal is restored`, async () => {
        await using registry = await startSlowRegistry(layout);
        await using place = sandbox(who);
        const [finished = '', unfinished = ''] = registry.layers;
        const args = [place.program, verb, ...(verb === 'run' ? ['--rm'] : []), registry.image];
        const shell = ['sh', '-c', 'trap : INT; "$@"; echo "ended with $?"; read end', 'sh'];
        const terminal = await openTerminal([...shell, ...args], { as: who, env: place.env, cwd: place.home });
        // The bars: the first layer is there, the other one has stopped half-way.
        await terminal.waitFor(new RegExp(`${finished.slice(7, 19)}  downloaded`));
        await terminal.waitFor(new RegExp(`${unfinished.slice(7, 19)}  downloading .*[1-9]\\d*(\\.\\d+)?kB/`));
        terminal.type('\x03');
        await terminal.waitFor(/ended with 130/);
        assert.deepEqual(await terminal.modes(), COOKED);
        terminal.type('\r');
        await terminal.finished;
        const output = terminal.output();
        assert.ok(output.includes(CURSOR.hidden));
        assert.ok(output.lastIndexOf(CURSOR.shown) > output.lastIndexOf(CURSOR.hidden), 'the cursor is visible');

        assert.match(output, /interrupted: 1 of 2 layers are kept, and the next pull goes on from there\r\n/);
        assert.deepEqual([hasBlob(place, finished), hasBlob(place, unfinished)], [true, false]);
        assert.deepEqual(JSON.parse((await place.tsrun(['images', '--json'])).stdout), []);
        assert.deepEqual(leftovers(place), { processes: [], mounts: [], directories: [] });

        registry.release();
        const again = await place.tsrun(['run', '--rm', registry.image]);
        assert.deepEqual([again.code, again.stdout], [0, `${1 << 20} /data\n`], again.stderr);
        const fetched = (digest: string) => registry.urls().filter((url) => url.endsWith(digest)).length;
        assert.deepEqual([fetched(finished), fetched(unfinished)], [1, 2]);
        assert.deepEqual(readdirSync(join(place.root, 'v1/ingest')), []);
      });
    }

    it('SIGTERM ends a run that is still pulling with 143, SIGHUP with 129', async () => {
      await using registry = await startSlowRegistry(layout);
      await using place = sandbox(who);
      for (const [signal, code] of [
        ['SIGTERM', 143],
        ['SIGHUP', 129],
      ] as const) {
        const running = place.start(['run', '--rm', registry.image]);
        await running.waitFor(/downloading/, 'stderr');
        running.child.kill(signal);
        const { code: ended, stdout, stderr } = await running.finished;
        assert.deepEqual([ended, stdout], [code, ''], stderr);
        assert.doesNotMatch(stderr, /Error|^ +at /m);
        assert.deepEqual(JSON.parse((await place.tsrun(['images', '--json'])).stdout), []);
        assert.deepEqual(leftovers(place), { processes: [], mounts: [], directories: [] });
      }
    });
  });
}
