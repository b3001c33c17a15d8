/** Which pull policy asks whom, and what is said when there is nobody to ask. */
import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { describe, it } from 'node:test';
import type { PullPolicy } from '../../src/api/options.js';
import { resolveImage } from '../../src/api/resolve-image.js';
import { openStore, type Session } from '../../src/api/session.js';
import { imageId } from '../../src/image/image.js';
import { writeLayout } from '../harness/layout.js';
import { temporaryDirectory } from '../harness/temporary.js';
import { startSlowRegistry } from '../integration/first-minutes/slow-registry.js';
import { archive, file } from '../layer/tar-builder.js';
import { failureOf, listening } from '../registry/fake-server.js';

async function startRegistry() {
  const layout = temporaryDirectory();
  writeLayout(layout, [{ tag: 'v1', layers: [{ tar: archive(file('one', Buffer.from('1'))) }], config: { Cmd: ['/one'] } }]);
  const registry = await startSlowRegistry(layout);
  registry.release();
  return { ...registry, asked: () => registry.urls().filter((url) => url.includes('/manifests/v1')).length };
}

const newStore = (): Promise<Session> => openStore({ root: `${temporaryDirectory()}/store` });

describe('the pull policy', () => {
  const expected: [policy: PullPolicy, whenAbsent: number, whenPresent: number][] = [
    ['missing', 1, 0],
    ['newer', 1, 1],
    ['always', 1, 1],
  ];
  for (const [policy, whenAbsent, whenPresent] of expected) {
    it(`${policy}: the registry is asked ${whenPresent === 0 ? 'only for what is not there' : 'each time, and nothing is fetched twice'}`, async () => {
      await using registry = await startRegistry();
      const session = await newStore();
      const first = await resolveImage(session, registry.image, policy, {});
      assert.equal(registry.asked(), whenAbsent);
      const second = await resolveImage(session, registry.image, policy, {});
      assert.equal(registry.asked(), whenAbsent + whenPresent);
      assert.equal(imageId(first), imageId(second));
      assert.equal(registry.urls().filter((url) => url.endsWith(registry.layers[0] ?? '')).length, 1);
    });
  }

  it('never: the registry is not asked at all', async () => {
    await using registry = await startRegistry();
    const session = await newStore();
    const error = await failureOf(resolveImage(session, registry.image, 'never', {}), 'ERR_TSRUN_IMAGE_NOT_FOUND');
    assert.equal(error.hint, `pull it first: tsrun pull ${registry.image}`);
    assert.deepEqual(registry.urls(), []);
    const image = await resolveImage(session, registry.image, 'always', {});
    const asked = registry.urls().length;
    assert.equal(imageId(await resolveImage(session, registry.image, 'never', {})), imageId(image));
    assert.equal(registry.urls().length, asked);
  });

  it('an id means what is in the store, whatever the policy', async () => {
    await using registry = await startRegistry();
    const session = await newStore();
    const id = imageId(await resolveImage(session, registry.image, 'missing', {}));
    const asked = registry.urls().length;
    for (const policy of ['missing', 'newer', 'always', 'never'] as const) {
      assert.equal(imageId(await resolveImage(session, id, policy, {})), id);
    }
    assert.equal(registry.urls().length, asked);
  });
});

it('--offline: no registry is asked, whatever the policy; what is there is used', async () => {
  await using registry = await startRegistry();
  const session = await newStore();
  const notes: string[] = [];
  const options = { offline: true, onNote: (note: string) => notes.push(note) };
  for (const policy of ['missing', 'newer', 'always'] as const) {
    const error = await failureOf(resolveImage(session, registry.image, policy, options), 'ERR_TSRUN_OFFLINE');
    assert.match(error.message, /^127\.0\.0\.1:\d+\/\S+ would have to be asked for at 127\.0\.0\.1:\d+, and --offline asks no registry$/);
  }
  assert.deepEqual(registry.urls(), []);
  const image = await resolveImage(session, registry.image, 'missing', {});
  const asked = registry.urls().length;
  assert.equal(imageId(await resolveImage(session, registry.image, 'missing', options)), imageId(image));
  assert.deepEqual(notes, []);
  assert.equal(imageId(await resolveImage(session, registry.image, 'newer', options)), imageId(image));
  assert.match(notes.join(), /--offline asks no registry: the image is run as the store has it$/);
  await failureOf(resolveImage(session, registry.image, 'always', options), 'ERR_TSRUN_OFFLINE');
  assert.equal(registry.urls().length, asked);
});

describe('a registry out of reach', () => {
  it('missing needs it only for what is not there; newer makes do with what is, and says so; always fails', async () => {
    const session = await newStore();
    const image = await (async () => {
      await using registry = await startRegistry();
      await resolveImage(session, registry.image, 'missing', {});
      return registry.image;
    })();
    const notes: string[] = [];
    const options = { onNote: (note: string) => notes.push(note) };
    await resolveImage(session, image, 'missing', options);
    assert.deepEqual(notes, []);
    await resolveImage(session, image, 'newer', options);
    assert.equal(notes.length, 1);
    assert.match(notes[0] ?? '', /^cannot reach 127\.0\.0\.1:\d+: the connection was refused: the image is run as the store has it$/);
    await failureOf(resolveImage(session, image, 'always', options), 'ERR_TSRUN_REGISTRY_UNREACHABLE');
  });

  it('is named as the user wrote it, beside what is missing', async () => {
    const { host, [Symbol.asyncDispose]: close } = await listening(createServer(), 'tcp');
    await close();
    const error = await failureOf(resolveImage(await newStore(), `${host}/team/app`, 'missing', {}), 'ERR_TSRUN_REGISTRY_UNREACHABLE');
    assert.equal(error.message, `cannot reach ${host}: the connection was refused, and ${host}/team/app is not in the store`);
    assert.match(error.hint, /check that the registry runs/);
  });
});
