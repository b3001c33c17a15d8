/** pull(), images(), and containers that are kept. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { identity } from '../../harness/identity.js';
import { busyboxImage } from '../../harness/images.js';
import { describeAs } from '../../harness/place.js';
import { type Registry, startRegistry } from '../../harness/registry.js';
import { program } from './program.js';

const who = identity('range');

interface Event {
  type: string;
  digest?: string;
  bytes?: number;
  size?: number;
}

/** Options for a store of its own, that has no image yet. */
const elsewhere = (name: string) =>
  `const elsewhere = { root: process.env.HOME + '/${name}', runRoot: process.env.HOME + '/${name}-run' };`;

describe('with a registry', () => {
  let registry: Registry;
  let reference = '';
  before(async () => {
    registry = await startRegistry();
    reference = await registry.push((await busyboxImage()).reference, 'busybox:latest');
  });
  after(() => registry?.stop());

  describeAs(who, 'pull()', (where) => {
    it('tells of each step in order, then gives the image', async () => {
      const lines = `
        const events = [];
        const reference = ${JSON.stringify(reference)};
        const pulled = await pull(reference, { ...elsewhere, onProgress: (event) => events.push(event) });
        print(events);
        print(pulled);
        const again = [];
        await pull(reference, { ...elsewhere, onProgress: (event) => again.push(event) });
        print(again.map(({ type }) => type));
        print((await tsrun.images(elsewhere)).length);`;
      const [events, pulled, again, listed] = (await program(where(), elsewhere('first') + lines)) as [
        Event[],
        { digest: string },
        string[],
        number,
      ];
      const types = events.map(({ type }) => type).filter((type, index, all) => type !== all[index - 1]);
      assert.deepEqual(types, ['resolve', 'manifest', 'download', 'downloaded', 'done', 'unpack', 'unpacked']);
      assert.equal(listed, 1);
      for (const { type, bytes = 0, size = 0 } of events) if (type === 'download') assert.ok(bytes <= size);
      assert.match(pulled.digest, /^sha256:[0-9a-f]{64}$/);
      assert.equal(events.find(({ type }) => type === 'manifest')?.digest, pulled.digest);
      assert.ok(again.includes('done') && !again.includes('download'), 'the second time there is nothing to download');
    });

    it('an aborted pull rejects with ERR_TSRUN_INTERRUPTED', async () => {
      const lines = `
        const controller = new AbortController();
        const pulling = pull(${JSON.stringify(reference)}, { ...elsewhere,  signal: controller.signal, onProgress: () => controller.abort() });
        print(await failure(pulling).then(({ typed, code }) => [typed, code]));`;
      assert.deepEqual(await program(where(), elsewhere('second') + lines), [[true, 'ERR_TSRUN_INTERRUPTED']]);
    });
  });
});
