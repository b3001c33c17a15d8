import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DOCKER_INDEX, DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST } from '../../src/spec/media-types.js';
import { clientFor, digestOf, failureOf, MANIFEST, openRegistry, refTo, sendManifest } from './fake-server.js';

test('a manifest comes with its media type, digest and size', async () => {
  await using server = await openRegistry((_, response) =>
    sendManifest(response, MANIFEST, { 'docker-content-digest': digestOf(MANIFEST) }),
  );
  await using client = clientFor();
  const { descriptor, bytes } = await client.manifest(refTo(server), 'v1');
  assert.equal(bytes.toString(), MANIFEST);
  assert.deepEqual(descriptor, { mediaType: OCI_MANIFEST, digest: digestOf(MANIFEST), size: MANIFEST.length });
  assert.equal(server.urls().at(-1), '/v2/team/app/manifests/v1');
  const accept = server.requests.at(-1)?.headers.accept ?? '';
  for (const type of [OCI_INDEX, OCI_MANIFEST, DOCKER_INDEX, DOCKER_MANIFEST]) assert.ok(accept.includes(type));
});

test('other bytes than the digest asked for are refused', async () => {
  await using server = await openRegistry((_, response) => sendManifest(response, `${MANIFEST} `));
  await using client = clientFor();
  const error = await failureOf(client.manifest(refTo(server), digestOf(MANIFEST)), 'ERR_TSRUN_BLOB_DIGEST');
  assert.ok(error.message.includes(digestOf(MANIFEST)));
});

test('bytes that are not what Docker-Content-Digest promises are refused', async () => {
  await using server = await openRegistry((_, response) =>
    sendManifest(response, MANIFEST, { 'docker-content-digest': digestOf('other') }),
  );
  await using client = clientFor();
  await failureOf(client.manifest(refTo(server), 'v1'), 'ERR_TSRUN_BLOB_DIGEST');
});

/** Content-Type, document → media type accepted, or the code of the refusal. */
const types: [string, string | undefined, object | string, string][] = [
  ['OCI index', OCI_INDEX, { mediaType: OCI_INDEX, manifests: [] }, OCI_INDEX],
  ['Docker list', DOCKER_INDEX, { mediaType: DOCKER_INDEX, manifests: [] }, DOCKER_INDEX],
  ['Docker manifest with parameters', `${DOCKER_MANIFEST}; charset=utf-8`, { mediaType: DOCKER_MANIFEST }, DOCKER_MANIFEST],
  ['OCI manifest without mediaType', OCI_MANIFEST, {}, OCI_MANIFEST],
  ['no Content-Type, but a mediaType', undefined, { mediaType: OCI_MANIFEST }, OCI_MANIFEST],
  ['application/json and a mediaType', 'application/json', { mediaType: OCI_INDEX }, OCI_INDEX],
  ['application/json without mediaType', 'application/json', {}, 'ERR_TSRUN_MEDIA_TYPE'],
  ['two types that disagree', OCI_INDEX, { mediaType: OCI_MANIFEST }, 'ERR_TSRUN_MEDIA_TYPE'],
  ['a mediaType that is no string', OCI_INDEX, { mediaType: 7 }, 'ERR_TSRUN_MEDIA_TYPE'],
  ['an unknown type', 'application/vnd.acme.thing+json', {}, 'ERR_TSRUN_MEDIA_TYPE'],
  ['a web page', 'text/html', '<html>', 'ERR_TSRUN_MANIFEST_INVALID'],
  ['an array', OCI_MANIFEST, [], 'ERR_TSRUN_MANIFEST_INVALID'],
  ['invalid UTF-8 before JSON', OCI_MANIFEST, '\ufeff{}', 'ERR_TSRUN_MANIFEST_INVALID'],
];

for (const [name, contentType, document, expected] of types) {
  test(`media type: ${name}`, async () => {
    const text = typeof document === 'string' ? document : JSON.stringify(document);
    await using server = await openRegistry((_, response) => {
      response.writeHead(200, contentType === undefined ? {} : { 'content-type': contentType }).end(text);
    });
    await using client = clientFor();
    const outcome = client.manifest(refTo(server), 'v1');
    if (expected.startsWith('ERR_')) await failureOf(outcome, expected);
    else assert.equal((await outcome).descriptor.mediaType, expected);
  });
}

test('Docker schema 1 is refused by name', async () => {
  await using server = await openRegistry((_, response) => {
    response.writeHead(200, { 'content-type': 'application/vnd.docker.distribution.manifest.v1+prettyjws' }).end('{"schemaVersion":1}');
  });
  await using client = clientFor();
  const error = await failureOf(client.manifest(refTo(server), 'v1'), 'ERR_TSRUN_MEDIA_TYPE');
  assert.match(error.message, /Docker schema 1/);
});

test('a manifest of more than 4 MiB is refused, announced or endless', async () => {
  await using server = await openRegistry((_, response) => {
    const more = () => {
      while (!response.destroyed && response.write(Buffer.alloc(1 << 20, ' ')));
    };
    response.writeHead(200, { 'content-type': OCI_MANIFEST }).on('drain', more);
    more();
  });
  await using client = clientFor();
  const error = await failureOf(client.manifest(refTo(server), 'v1'), 'ERR_TSRUN_REGISTRY_PROTOCOL');
  assert.match(error.message, /more than 4194304 bytes/);
});

test('a manifest cut in the middle is asked for again', async () => {
  let tries = 0;
  await using server = await openRegistry((_, response) => {
    if (++tries > 1) return sendManifest(response);
    response.writeHead(200, { 'content-type': OCI_MANIFEST, 'content-length': MANIFEST.length });
    response.write(MANIFEST.slice(0, 10), () => setTimeout(() => response.socket?.resetAndDestroy(), 10));
  });
  await using client = clientFor();
  assert.equal((await client.manifest(refTo(server), 'v1')).bytes.toString(), MANIFEST);
  assert.equal(tries, 2);
});

test('a manifest that trickles in is given up', async () => {
  await using server = await openRegistry((_, response) => {
    response.writeHead(200, { 'content-type': OCI_MANIFEST });
    const timer = setInterval(() => response.write(' '), 50);
    response.on('close', () => clearInterval(timer));
  });
  await using client = clientFor({}, { attempts: 1 });
  const error = await failureOf(client.manifest(refTo(server), 'v1'), 'ERR_TSRUN_REGISTRY_FAILED');
  assert.match(error.message, /did not end within/);
});

test('a tag or repository that would leave its place in the URL is refused before anything is sent', async () => {
  await using server = await openRegistry((_, response) => sendManifest(response));
  await using client = clientFor();
  for (const by of ['../../other/manifests/v1', 'v1?x=y', '', 'a b', 'sha256:../x']) {
    await failureOf(client.manifest(refTo(server), by), 'ERR_TSRUN_REFERENCE_INVALID');
  }
  await failureOf(client.manifest(refTo(server, 'team/../admin'), 'v1'), 'ERR_TSRUN_REFERENCE_INVALID');
  assert.deepEqual(server.requests, []);
});
