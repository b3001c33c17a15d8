/** The library leaves its process as it was. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { identities } from '../../harness/identity.js';
import { describeAs } from '../../harness/place.js';
import { program } from './program.js';

/** Everything of a process that a library could change behind its back. */
const STATE = `
import { readdirSync, readlinkSync } from 'node:fs';
const state = () => ({
  cwd: process.cwd(),
  umask: process.umask(),
  env: { ...process.env },
  listeners: process.eventNames().map((name) => [String(name), process.listenerCount(name)]).sort(),
  title: process.title,
  exitCode: process.exitCode ?? null,
  rejections: process.listenerCount('unhandledRejection'),
});
const descriptors = () => readdirSync('/proc/self/fd').flatMap((fd) => { try { return [fd + ' ' + readlinkSync('/proc/self/fd/' + fd).replace(/\\d+/, '')]; } catch { return []; } });
`;

const USE = `
  for (const command of [['echo', 'x'], ['nope']]) {
    const container = await run(image, command, { rm: true }).catch(() => undefined);
    if (container) { await text(container.stdout); await container.wait(); }
  }
  await pull(image);
  await tsrun.images();
  await tsrun.containers({ all: true });
`;

for (const who of identities()) {
  describeAs(who, 'a program that uses the library', (where) => {
    it('keeps its working directory, umask, environment and listeners, and has no more descriptors the tenth time than the first', async () => {
      const lines = `${STATE}
        const use = async () => { ${USE} };
        const before = state();
        await use();
        await pause(50);
        const first = { state: state(), descriptors: descriptors().length };
        for (let i = 0; i < 3; i++) await use();
        await pause(50);
        const last = { state: state(), descriptors: descriptors().length };
        print([before, first.state, last.state]);
        print([first.descriptors, last.descriptors]);`;
      const [states, descriptors] = (await program(where(), lines)) as [object[], number[]];
      assert.deepEqual(states[1], states[0]);
      assert.deepEqual(states[2], states[0]);
      assert.equal(descriptors[1], descriptors[0]);
    });

    it('ends by itself once its containers have, also when nobody read their output', async () => {
      const lines = `
        const container = await run(image, ['seq', '1', '1000'], { rm: true, interactive: true });
        print(await container.wait());`;
      assert.deepEqual(await program(where(), lines), [0]);
    });

    it('hears of a failure once, where it awaits it', async () => {
      const lines = `
        process.on('unhandledRejection', (reason) => print(String(reason)));
        const controller = new AbortController();
        const container = await run(image, ['sleep', '60'], { rm: true, signal: controller.signal });
        controller.abort();
        await pause(300);
        print(await failure(container.wait()).then(({ code }) => code));
        print(await failure(run(image, ['nope'], { rm: true })).then(({ code }) => code));`;
      assert.deepEqual(await program(where(), lines), ['ERR_TSRUN_INTERRUPTED', 'ERR_TSRUN_COMMAND_NOT_FOUND']);
    });
  });
}
