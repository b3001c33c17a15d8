/** The images and the registry of the other tests, seen by the real tools. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { identity } from '../harness/identity.js';
import { busyboxImage, debianImage, layeredDebianImage } from '../harness/images.js';
import { succeed } from '../harness/process.js';
import { ACCOUNT, startRegistry } from '../harness/registry.js';
import { removeTemporary, temporaryDirectory } from '../harness/temporary.js';

test('the busybox image can be read by an ordinary user, pushed, and pulled by skopeo', async () => {
  const image = await busyboxImage();
  const who = identity('single');
  await succeed(
    ['skopeo', '--insecure-policy', 'inspect', image.reference],
    who.unavailable ? {} : { as: who, env: { PATH: process.env['PATH'] } },
  );
  await using registry = await startRegistry();
  const pulled = await registry.push(image.reference, 'busybox:latest');
  const inspected = JSON.parse(await succeed(['skopeo', 'inspect', '--tls-verify=false', `docker://${pulled}`]));
  assert.equal(inspected.Layers.length, 1);
  assert.match(registry.log(), /GET \/v2\/busybox\/manifests\/latest/);
});

test('a registry with an account refuses those without', async () => {
  const image = await busyboxImage();
  await using registry = await startRegistry({ account: true });
  const pulled = await registry.push(image.reference, 'busybox:latest', { format: 'v2s2' });
  const inspect = ['skopeo', 'inspect', '--tls-verify=false'];
  await assert.rejects(succeed([...inspect, `docker://${pulled}`]), /unauthorized|authentication required/);
  const raw = JSON.parse(await succeed([...inspect, '--raw', '--creds', `${ACCOUNT.user}:${ACCOUNT.password}`, `docker://${pulled}`]));
  assert.equal(raw.mediaType, 'application/vnd.docker.distribution.manifest.v2+json');
});

test('the Debian image has one layer, its variant three with whiteouts', async () => {
  const layersOf = async (reference: string) =>
    JSON.parse(await succeed(['skopeo', '--insecure-policy', 'inspect', '--raw', reference])).layers;
  assert.equal((await layersOf((await debianImage()).reference)).length, 1);
  const { directory, reference } = await layeredDebianImage();
  const layers: { digest: string }[] = await layersOf(reference);
  assert.equal(layers.length, 3);
  const blob = join(directory, 'blobs/sha256', (layers[1]?.digest ?? '').replace('sha256:', ''));
  assert.match(await succeed(['tar', '-tzf', blob]), /^(\.\/)?etc\/\.wh\.issue$/m);
});

test('a temporary directory can be removed early', () => {
  const path = temporaryDirectory();
  removeTemporary(path);
  assert.ok(!existsSync(path));
});
