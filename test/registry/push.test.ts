import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import type { HttpResponse } from '../../src/registry/http.js';
import { closingUrl, newSession, receivedOf, sessionAfter } from '../../src/registry/upload-location.js';
import { OCI_MANIFEST } from '../../src/spec/media-types.js';
import { pieces } from '../content/fixture.js';
import { descriptorOf, digestOf, failureOf, MANIFEST, openRegistry, refTo, sendError, serve } from './fake-server.js';
import { calmClient, guarded, pushServer } from './push-server.js';

const BLOB = Buffer.from('blob'.repeat(10_000));
const LAYER = descriptorOf(BLOB);
const TOP = { ...descriptorOf(Buffer.from(MANIFEST)), mediaType: OCI_MANIFEST };
const bytes = { [Symbol.asyncIterator]: () => pieces(BLOB, 7_000)[Symbol.asyncIterator]() };

test('a blob is mounted from next door, or its session serves for the upload', async () => {
  await using server = await pushServer({ mountable: { 'team/base': [LAYER.digest] } });
  await using client = calmClient();
  const ref = refTo(server);
  assert.equal(await client.mountBlob(ref, LAYER, 'team/base'), true);
  assert.equal(await client.mountBlob(ref, LAYER, 'team/app'), false);
  assert.equal(await client.mountBlob(ref, LAYER, 'team/other'), false);
  await client.uploadBlob(ref, LAYER, bytes);
  assert.ok(server.blobs.has(LAYER.digest));
  assert.deepEqual(
    server.requests.map(({ method, url }) => `${method} ${url.split('?')[0]}`),
    ['GET /v2/', 'POST /v2/team/app/blobs/uploads/', 'POST /v2/team/app/blobs/uploads/', 'PUT /v2/team/app/blobs/uploads/u1'],
  );
  await failureOf(client.mountBlob(ref, LAYER, '../../secret'), 'ERR_TSRUN_REFERENCE_INVALID');
});

test('a registry that forbids a mount, or knows none, is not a failure', async () => {
  for (const status of [401, 403, 404, 405]) {
    await using server = await openRegistry((_, response) => sendError(response, status, 'DENIED', 'no'));
    await using client = calmClient();
    assert.equal(await client.mountBlob(refTo(server), LAYER, 'team/base'), false);
  }
});

test('what the registry has is believed when its size and digest are right', async () => {
  const cases: [number, Record<string, string | number>, boolean][] = [
    [200, { 'content-length': LAYER.size }, true],
    [200, { 'content-length': 3 }, false],
    [200, { 'content-length': LAYER.size, 'docker-content-digest': digestOf('x') }, false],
    [405, {}, false],
  ];
  for (const [status, headers, expected] of cases) {
    await using server = await openRegistry((_, response) => response.writeHead(status, headers).end());
    await using client = calmClient();
    assert.equal(await client.hasBlob(refTo(server), LAYER), expected, JSON.stringify([status, headers]));
  }
  for (const [status, code] of [
    [401, 'UNAUTHORIZED'],
    [403, 'DENIED'],
    [429, 'RATE_LIMITED'],
    [500, 'FAILED'],
  ] as const) {
    await using server = await openRegistry((_, response) => response.writeHead(status).end());
    await using client = calmClient();
    await failureOf(client.hasBlob(refTo(server), LAYER), `ERR_TSRUN_REGISTRY_${code}`);
  }
});

test('a storage service that signs no HEAD does not end a push', async () => {
  await using storage = await serve((_, response) => response.writeHead(403).end());
  await using server = await openRegistry((_, response) => response.writeHead(307, { location: `${storage.origin}/x` }).end());
  await using client = calmClient();
  assert.equal(await client.hasBlob(refTo(server), LAYER), false);
});

test('a manifest has its name when the registry took that very one', async () => {
  await using server = await pushServer();
  await using client = calmClient();
  await client.putManifest(refTo(server), 'v1', TOP, Buffer.from(MANIFEST));
  assert.equal(server.manifests.get('v1')?.toString(), MANIFEST);
  assert.equal(server.requests.at(-1)?.headers['content-type'], OCI_MANIFEST);
  await using liar = await openRegistry((_, response) => response.writeHead(201, { 'docker-content-digest': digestOf('x') }).end());
  const error = await failureOf(calmClient().putManifest(refTo(liar), 'v1', TOP, Buffer.from(MANIFEST)), 'ERR_TSRUN_BLOB_DIGEST');
  assert.match(error.message, /was sent sha256:\w+ and took it for sha256:/);
});

test('each refusal of a manifest has its sentence', async () => {
  const cases: [number, string, string, RegExp][] = [
    [401, 'UNAUTHORIZED', 'ERR_TSRUN_REGISTRY_UNAUTHORIZED', /wants a login for a push to .*: log in with .tsrun login/],
    [403, 'DENIED', 'ERR_TSRUN_REGISTRY_DENIED', /refuses a push to .*app: words: log in/],
    [
      404,
      'NAME_UNKNOWN',
      'ERR_TSRUN_REGISTRY_NOT_FOUND',
      /has no repository team\/app to push to: words: check the spelling; some registries/,
    ],
    [405, 'UNSUPPORTED', 'ERR_TSRUN_REGISTRY_DENIED', /takes no pushes: words/],
    [412, 'PRECONDITION', 'ERR_TSRUN_REGISTRY_DENIED', /does not take the tag v1 \(HTTP 412\): words/],
    [400, 'TAG_INVALID', 'ERR_TSRUN_REGISTRY_DENIED', /does not take the tag v1: words/],
    [400, 'MANIFEST_BLOB_UNKNOWN', 'ERR_TSRUN_REGISTRY_FAILED', /lacks a part of what was just sent to it: words: push again/],
    [413, 'X', 'ERR_TSRUN_REGISTRY_TOO_LARGE', /takes nothing as large as the tag v1: words/],
    [429, 'TOOMANYREQUESTS', 'ERR_TSRUN_REGISTRY_RATE_LIMITED', /limits pushes: words: wait and try again/],
    [502, 'X', 'ERR_TSRUN_REGISTRY_FAILED', /has a failure \(HTTP 502\): words/],
    [418, 'X', 'ERR_TSRUN_REGISTRY_PROTOCOL', /answered HTTP 418 to the tag v1: words/],
  ];
  for (const [status, word, code, sentence] of cases) {
    await using server = await openRegistry((_, response) => sendError(response, status, word, 'words'));
    await using client = calmClient();
    const error = await failureOf(client.putManifest(refTo(server), 'v1', TOP, Buffer.from(MANIFEST)), code);
    assert.match(`${error.message}: ${error.hint}`, sentence);
  }
});

const ACCOUNT = (registry: string) => ({ registry, credentials: { user: 'ada', password: 'swordfish' } });

test('a push asks for a token to push with, and for a mount to read next door; one that ends is renewed, and the body comes again', async () => {
  const { scopes, start } = guarded((token, method) => token !== '' && !(method === 'PUT' && token === 'token-number-1'));
  await using server = await start();
  await using client = calmClient({ account: ACCOUNT(server.host) });
  const ref = refTo(server);
  await client.hasBlob(ref, LAYER);
  await client.mountBlob(ref, LAYER, 'team/base');
  await client.uploadBlob(ref, LAYER, bytes);
  const push = 'repository:team/app:pull,push';
  assert.deepEqual(scopes, [[push], [push, 'repository:team/base:pull'], [push]]);
  assert.equal(server.blobs.get(LAYER.digest)?.length, BLOB.length);
});

test('what a registry says back never brings a secret', async () => {
  const { start } = guarded((token, method) => token !== '' && method === 'POST');
  await using server = await start();
  await using client = calmClient({ account: ACCOUNT(server.host) });
  const error = await failureOf(client.uploadBlob(refTo(server), LAYER, bytes), 'ERR_TSRUN_REGISTRY_UNAUTHORIZED');
  const shown = `${error.message} ${error.hint} ${error.stack} ${(error.cause as Error)?.stack}`;
  assert.match(shown, /does not let you push to/);
  assert.doesNotMatch(shown, /token-number|swordfish|c3dvcmRmaXNo|YWRhOnN3b3JkZmlzaA|secret-state/);
});

test('another host that a Location names gets the bytes and no credentials', async () => {
  await using storage = await serve(async (request, response) => {
    const body = Buffer.concat(await request.toArray());
    response.writeHead(201, { 'docker-content-digest': digestOf(body) }).end();
  });
  await using server = await openRegistry((request, response) => {
    const isMine = request.headers.authorization !== undefined;
    const headers = isMine ? { location: `${storage.origin}/up?signature=1` } : { 'www-authenticate': 'Basic realm="x"' };
    response.writeHead(isMine ? 202 : 401, headers).end();
  });
  await using client = calmClient({ account: ACCOUNT(server.host) });
  await client.uploadBlob(refTo(server), LAYER, bytes);
  assert.deepEqual(
    storage.requests.map(({ method, url, headers }) => [method, url, headers.authorization]),
    [['PUT', `/up?signature=1&digest=${encodeURIComponent(LAYER.digest)}`, undefined]],
  );
});

function answer(headers: Record<string, string>, from = 'https://registry.example/v2/a/blobs/uploads/'): HttpResponse {
  return { status: 202, url: new URL(from), headers, body: Readable.from([]) };
}

test('a Location is relative or absolute, and never less protected than the registry', () => {
  const base = new URL('https://registry.example/');
  const placed = (location: string, at = base) => newSession(answer({ location }), at).url.href;
  assert.equal(placed('/v2/a/blobs/uploads/1?x=%2F'), 'https://registry.example/v2/a/blobs/uploads/1?x=%2F');
  assert.equal(placed('2'), 'https://registry.example/v2/a/blobs/uploads/2');
  assert.equal(placed('https://storage.example/1#part'), 'https://storage.example/1');
  assert.equal(placed('http://registry.example/v2/1'), 'https://registry.example/v2/1');
  assert.equal(placed('http://registry.example:5000/1', new URL('https://registry.example:5000/')), 'https://registry.example:5000/1');
  for (const bad of [
    'http://storage.example/1',
    'file:///etc/passwd',
    'https://a:b@storage.example/',
    'https://127.0.0.1/',
    'https://169.254.169.254/',
  ])
    assert.throws(() => placed(bad), { code: 'ERR_TSRUN_REGISTRY_PROTOCOL' }, bad);
  for (const headers of [{}, { location: 'https://[' }])
    assert.throws(() => newSession(answer(headers), base), { code: 'ERR_TSRUN_REGISTRY_PROTOCOL' });
});

test('what a registry says it has is counted with care', () => {
  const has = (range: string, most: number) => receivedOf(answer({ range }), most);
  assert.equal(has('0-99', 100), 100);
  assert.equal(has('bytes=0-99', 200), 100);
  assert.equal(has('0-0', 100), 0);
  assert.equal(has('0-0', 1), 1);
  for (const range of ['0-100', '1-99', '', '0--1', '0-1e3', '0-99999999999999999']) assert.equal(has(range, 100), undefined, range);
  const session = newSession(answer({ location: '/1?a=b', 'oci-chunk-min-length': '1000' }), new URL('https://registry.example/'));
  assert.equal(session.least, 1000);
  assert.equal(sessionAfter(answer({}), new URL('https://registry.example/'), session, 50).offset, 50);
  assert.equal(closingUrl(session, 'sha256:00').search, '?a=b&digest=sha256%3A00');
});
