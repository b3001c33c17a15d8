/** push and copy as a program calls them, against Debian's docker-registry and against registries that fail. */
import assert from 'node:assert/strict';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import { copyImage, images, inspectImage, pull, push, type SendEvent, tagImage } from '../../src/index.js';
import type { Descriptor } from '../../src/spec/image.js';
import { OCI_MANIFEST } from '../../src/spec/media-types.js';
import { type Registry, startRegistry } from '../harness/registry.js';
import { temporaryDirectory } from '../harness/temporary.js';
import { HOST } from '../image/fixture.js';
import { createAuthority } from '../registry/certificates.js';
import { failureOf } from '../registry/fake-server.js';
import { pushServer } from '../registry/push-server.js';
import { storeOf } from './store.js';

let registry: Registry;
before(async () => {
  registry = await startRegistry();
});
after(() => registry?.stop());

const ARM = { os: 'linux', architecture: HOST.architecture === 'arm64' ? 'amd64' : 'arm64' };

/** What the registry has under a name: the digest, and the type. */
async function headOf(name: string): Promise<string | null> {
  const [host, ...rest] = name.split('/');
  const [repository, tag] = rest.join('/').split(':');
  const accept = 'application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json';
  const response = await fetch(`http://${host}/v2/${repository}/manifests/${tag}`, { method: 'HEAD', headers: { accept } });
  return response.headers.get('docker-content-digest');
}

const emptyRoots = () => ({ root: temporaryDirectory(), runRoot: temporaryDirectory() });

test('a pushed image keeps its digest, what is next door is mounted, and it comes back as it went', async (t) => {
  const { roots, tags, session } = await storeOf(t, ['one']);
  const name = `${registry.host}/team/app:1`;
  await tagImage('example.com/app:one', [name], roots);
  const events: SendEvent[] = [];
  const sent = await push(name, undefined, { ...roots, onProgress: (event) => events.push(event) });
  assert.deepEqual(sent, { name, digest: tags['one']?.digest });
  assert.equal(await headOf(name), sent.digest);
  assert.deepEqual(
    events.map(({ type }) => type),
    ['resolve', 'manifest', 'upload', 'uploaded', 'done'],
  );

  const next = `${registry.host}/team/other:2`;
  await push(name, next, { ...roots, onProgress: (event) => events.push(event) });
  const uploads = registry.log().match(/"(?:POST|PUT) \/v2\/team\/other\/blobs\S* HTTP\/1\.1" \d+/g) ?? [];
  assert.equal(uploads.length, 2, 'a config and a layer');
  assert.ok(
    uploads.every((line) => /POST .*mount=.*from=team%2Fapp HTTP\/1\.1" 201$/.test(line)),
    uploads.join('\n'),
  );
  assert.deepEqual(events.at(-2), { type: 'uploaded', digest: (events[2] as { digest: string }).digest, alreadyPresent: true });

  const back = emptyRoots();
  assert.equal((await pull(next, back)).digest, sent.digest);
  const told = readFileSync(session.paths.events, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).Action);
  assert.deepEqual(told, ['tag', 'push', 'push']);
  const id = (await images(back))[0]?.id ?? '';
  assert.match((await failureOf(push(id, undefined, back), 'ERR_TSRUN_USAGE')).hint, /name a place behind it/);
  assert.equal((await push(id, `${registry.host}/by/id`, back)).digest, sent.digest);
});

/** An index for two platforms with a statement about one of them, in a store that has all of it, under `example.com/app:all`. */
async function wholeIndex(t: TestContext) {
  const made = await storeOf(t, [], (blobs) => {
    const [mine, other] = [blobs.image(['base', 'mine'], { platform: HOST }), blobs.image(['base', 'other'], { platform: ARM })];
    const statement = blobs.put(OCI_MANIFEST, {
      schemaVersion: 2,
      mediaType: OCI_MANIFEST,
      config: blobs.put('application/vnd.oci.image.config.v1+json', { architecture: 'unknown', os: 'unknown', rootfs: {} }),
      layers: [blobs.put('application/vnd.in-toto+json', { statement: mine.digest })],
    });
    const unknown = { ...statement, platform: { os: 'unknown', architecture: 'unknown' } };
    return { mine, other, all: blobs.index([{ ...mine, platform: HOST }, { ...other, platform: ARM }, unknown]) };
  });
  return { ...made, index: made.tags['all'] as Descriptor, mine: made.tags['mine'] as Descriptor, other: made.tags['other'] as Descriptor };
}

test('an image for several platforms: all of them where they are, else the one that is, and a sentence for what is not', async (t) => {
  const { roots, blobs, session, index, mine, other } = await wholeIndex(t);
  const notes: string[] = [];
  const options = { ...roots, onNote: (note: string) => notes.push(note) };
  const place = `${registry.host}/multi/app`;
  // Only this machine's was pulled by the index's name, and the statement by none
  const sparse = await push('example.com/app:all', `${place}:sparse`, { ...options, platform: `linux/${HOST.architecture}` });
  assert.deepEqual([sparse.digest, notes], [mine.digest, []]);
  const missing = await failureOf(
    push('example.com/app:all', `${place}:x`, { ...options, allPlatforms: true }),
    'ERR_TSRUN_PLATFORM_MISSING',
  );
  assert.match(missing.message, /does not have all of example\.com\/app:all: there is nothing, or not all, for unknown\/unknown$/);
  assert.equal((await push('example.com/app:all', `${place}:alone`, options)).digest, mine.digest);
  assert.match(notes.join(), /has no more than .*: linux\/\w+ is sent alone, with a digest of its own$/);
  assert.equal(
    (await push('example.com/app:all', `${place}:arm`, { ...options, platform: `linux/${ARM.architecture}` })).digest,
    other.digest,
  );
  await failureOf(push('example.com/app:all', `${place}:x`, { ...options, platform: 'linux/s390x' }), 'ERR_TSRUN_PLATFORM_MISSING');

  for (const [digest, bytes] of blobs) writeFileSync(session.paths.blob(digest as Descriptor['digest']), bytes);
  assert.equal((await push('example.com/app:all', `${place}:all`, options)).digest, index.digest);
  assert.equal(await headOf(`${place}:all`), index.digest);
  assert.equal(notes.length, 1);

  const copied = await copyImage(`docker://${place}:all`, `docker://${registry.host}/second/app:all`, { ...options, allPlatforms: true });
  assert.equal(copied.digest, index.digest);
  assert.equal((await copyImage(`docker://${place}:all`, `docker://${registry.host}/second/app:one`, options)).digest, mine.digest);
  const away = emptyRoots();
  const kept = await copyImage(`docker://${copied.name}`, 'kept:1', { ...away, allPlatforms: true });
  assert.deepEqual(kept, { name: 'docker.io/library/kept:1', digest: index.digest });
  assert.equal((await inspectImage('kept:1', { ...away, platform: `linux/${ARM.architecture}` })).Architecture, ARM.architecture);
  const layout = join(temporaryDirectory(), 'layout');
  assert.equal((await copyImage('kept:1', `oci:${layout}:v1`, away)).digest, index.digest);
  assert.equal(
    (await copyImage(`oci:${layout}:v1`, `docker://${registry.host}/third/app`, { ...away, allPlatforms: true })).digest,
    index.digest,
  );
  const both = { ...away, allPlatforms: true, platform: 'linux/amd64' };
  await failureOf(copyImage('kept:1', 'again:1', both), 'ERR_TSRUN_USAGE');
});

test('what is damaged in the store is not sent, and the name is not given', async (t) => {
  const { roots, blobs, tags, session } = await storeOf(t, ['one']);
  const layer = blobs.json(tags['one'] as Descriptor).layers[0].digest;
  const bytes = readFileSync(session.paths.blob(layer));
  bytes.writeUInt8(bytes.readUInt8(20) ^ 1, 20);
  writeFileSync(session.paths.blob(layer), bytes);
  await using server = await pushServer();
  const error = await failureOf(push('example.com/app:one', `${server.host}/team/app:1`, roots), 'ERR_TSRUN_BLOB_DIGEST');
  assert.ok(error.message.includes(layer));
  assert.deepEqual([server.blobs.has(layer), server.manifests.size], [false, 0]);
});

test('a digest in the destination is what is sent, or nothing is', async (t) => {
  const { roots, tags } = await storeOf(t, ['one', 'two']);
  await using server = await pushServer();
  const [one, two] = [tags['one']?.digest, tags['two']?.digest];
  await failureOf(push('example.com/app:one', `${server.host}/team/app@${two}`, roots), 'ERR_TSRUN_REFERENCE_INVALID');
  assert.equal(server.manifests.size, 0);
  assert.equal((await push('example.com/app:one', `${server.host}/team/app@${one}`, roots)).digest, one);
  assert.deepEqual([...server.manifests.keys()], [one]);
});

test('a copy into the store leaves the digest of what had the name', async (t) => {
  const { roots, tags } = await storeOf(t, ['one', 'two']);
  await copyImage('example.com/app:one', 'example.com/app:two', roots);
  const names = (await images(roots)).flatMap((image) => image.names).sort();
  assert.deepEqual(names, ['example.com/app:one', 'example.com/app:two', `example.com/app@${tags['two']?.digest}`]);
  await failureOf(copyImage('example.com/app:one', 'containers-storage:x', roots), 'ERR_TSRUN_REFERENCE_INVALID');
  await failureOf(copyImage('example.com/app:one', `x@${tags['two']?.digest}`, roots), 'ERR_TSRUN_REFERENCE_INVALID');
});

test('certificates are checked: by an authority of --cert-dir, or not at all where that is said', async (t) => {
  const { roots, tags } = await storeOf(t, ['one']);
  const authority = createAuthority();
  await using server = await pushServer({ tls: authority.issue('IP:127.0.0.1') });
  const [place, certDir] = [`${server.host}/team/app:1`, temporaryDirectory()];
  copyFileSync(authority.file, join(certDir, 'ca.crt'));
  await failureOf(push('example.com/app:one', place, roots), 'ERR_TSRUN_REGISTRY_TLS');
  await failureOf(copyImage('example.com/app:one', `docker://${place}`, { ...roots, srcTlsVerify: false }), 'ERR_TSRUN_REGISTRY_TLS');
  assert.equal(server.blobs.size, 0);
  assert.equal((await push('example.com/app:one', place, { ...roots, certDir })).digest, tags['one']?.digest);
  for (const options of [{ destCertDir: certDir }, { destTlsVerify: false }, { tlsVerify: false }])
    assert.equal((await copyImage('example.com/app:one', `docker://${place}`, { ...roots, ...options })).digest, tags['one']?.digest);
});
