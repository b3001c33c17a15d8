/** Against the reference implementation of the specification: Debian's docker-registry, filled by skopeo. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { after, before, test } from 'node:test';
import { parseReference, type RegistryReference } from '../../src/reference/parse.js';
import type { ImageManifest } from '../../src/spec/image.js';
import { DOCKER_MANIFEST, OCI_MANIFEST } from '../../src/spec/media-types.js';
import { pieces } from '../content/fixture.js';
import { writeLayout } from '../harness/layout.js';
import { ACCOUNT, type Registry, startRegistry } from '../harness/registry.js';
import { temporaryDirectory } from '../harness/temporary.js';
import { clientFor, collect, descriptorOf, digestOf, failureOf, listening } from './fake-server.js';
import { calmClient } from './push-server.js';

let open: Registry;
let closed: Registry;
let layout: string;

before(async () => {
  [open, closed] = await Promise.all([startRegistry(), startRegistry({ account: true })]);
  layout = join(temporaryDirectory(), 'layout');
  // Not a tar, and large enough to come in many pieces: a registry does not look inside
  writeLayout(layout, [{ tag: 'v1', layers: [{ tar: randomBytes(3_000_000) }] }]);
});
after(() => Promise.all([open?.stop(), closed?.stop()]));

const refOf = (text: string) => parseReference(text) as RegistryReference;

async function push(registry: Registry, name: string, format: 'oci' | 'v2s2' = 'oci'): Promise<RegistryReference> {
  return refOf(await registry.push(`oci:${layout}:v1`, name, { format }));
}

for (const [format, mediaType] of [
  ['oci', OCI_MANIFEST],
  ['v2s2', DOCKER_MANIFEST],
] as const) {
  test(`manifest, config and layers pushed as ${format} come back byte for byte`, async () => {
    const ref = await push(open, `team/${format}:v1`, format);
    await using client = clientFor();
    const { descriptor, bytes } = await client.manifest(ref, 'v1');
    assert.equal(descriptor.mediaType, mediaType);
    assert.deepEqual((await client.manifest(ref, descriptor.digest)).bytes, bytes);
    const { config, layers } = JSON.parse(bytes.toString()) as ImageManifest;
    for (const blob of [config, ...layers]) {
      const content = await collect(client.blob(ref, blob));
      assert.equal(content.length, blob.size);
      assert.equal(digestOf(content), blob.digest);
    }
  });
}

/** The way to a registry, cut once, when so many bytes have gone. */
async function cutting(registry: Registry, bytes: number) {
  let left = bytes;
  return listening(
    createServer((socket) => {
      const [host, port] = registry.host.split(':');
      const to = connect(Number(port), host).on('error', () => socket.destroy());
      socket.on('data', (chunk) => {
        const isCut = left > 0 && left <= chunk.length;
        left -= chunk.length;
        to.write(chunk);
        // What has gone is to be read before the end comes
        if (isCut) socket.destroy();
      });
      socket.on('close', () => to.end());
      to.on('data', (chunk) => socket.write(chunk)).on('close', () => socket.destroy());
    }),
    'http',
  );
}

test('a blob comes whole in one piece, in several, and after a cut; a mount needs no bytes', async () => {
  const ref = refOf(`${open.host}/pushed/app:v1`);
  for (const [tuning, methods] of [
    [{}, ['HEAD', 'POST', 'PUT']],
    [{ large: 1_000_000, piece: 1_000_000 }, ['HEAD', 'POST', 'PATCH', 'PATCH', 'PATCH', 'PUT']],
  ] as const) {
    const bytes = randomBytes(3_000_000);
    const descriptor = descriptorOf(bytes);
    await using client = calmClient({}, { large: 2 ** 30, ...tuning });
    const before = open.log().length;
    assert.equal(await client.hasBlob(ref, descriptor), false);
    await client.uploadBlob(ref, descriptor, Readable.from([bytes]));
    const seen = [
      ...open
        .log()
        .slice(before)
        .matchAll(/"(HEAD|POST|PATCH|PUT) /g),
    ].map(([, method]) => method);
    assert.deepEqual(seen, methods);
    assert.deepEqual(await collect(client.blob(ref, descriptor)), bytes);
    const next = refOf(`${open.host}/pushed/next:v1`);
    assert.equal(await client.mountBlob(next, descriptor, 'pushed/app'), true);
    assert.equal(await client.hasBlob(next, descriptor), true);
  }
  const bytes = randomBytes(6_000_000);
  await using cut = await cutting(open, 3_000_000);
  const retries: string[] = [];
  await using client = calmClient({ onRetry: ({ reason }) => retries.push(reason) }, { large: 2 ** 30 });
  const through = { ...ref, registry: cut.host };
  await client.uploadBlob(through, descriptorOf(bytes), { [Symbol.asyncIterator]: () => pieces(bytes, 65_536)[Symbol.asyncIterator]() });
  assert.match(retries.join(), /^connection (reset|closed)$/);
  assert.deepEqual(await collect(client.blob(ref, descriptorOf(bytes))), bytes);
});

test('what is not there is told apart', async () => {
  const ref = await push(open, 'team/oci:v1');
  await using client = clientFor();
  const tag = await failureOf(client.manifest(ref, 'nope'), 'ERR_TSRUN_REGISTRY_NOT_FOUND');
  assert.match(tag.message, /team\/oci has no tag nope$/);
  await failureOf(client.manifest(refOf(`${open.host}/team/alpnie`), 'latest'), 'ERR_TSRUN_REGISTRY_NOT_FOUND');
});

test('a registry with accounts: with the login of config.json it serves, without it says so', async () => {
  const ref = await push(closed, 'team/secret:v1');
  const home = temporaryDirectory();
  mkdirSync(join(home, '.docker'));
  const auth = Buffer.from(`${ACCOUNT.user}:${ACCOUNT.password}`).toString('base64');
  writeFileSync(join(home, '.docker/config.json'), JSON.stringify({ auths: { [closed.host]: { auth } } }));
  await using known = clientFor({ env: { HOME: home } });
  assert.equal((await known.manifest(ref, 'v1')).descriptor.mediaType, OCI_MANIFEST);
  await using stranger = clientFor();
  const error = await failureOf(stranger.manifest(ref, 'v1'), 'ERR_TSRUN_REGISTRY_UNAUTHORIZED');
  assert.match(
    `${error.message}: ${error.hint}`,
    /team\/secret: not found, or private: check the spelling, or log in with .tsrun login 127\.0\.0\.1:\d+.$/,
  );
});
