import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { test } from 'node:test';
import { pieces } from '../content/fixture.js';
import { descriptorOf, digestOf, failureOf, refTo, sendError } from './fake-server.js';
import { calmClient, cutAfter, type Fault, pushServer } from './push-server.js';

const BLOB = randomBytes(50_000);
const LARGE = randomBytes(130_000);

function bytesOf(blob: Buffer): AsyncIterable<Uint8Array> {
  return { [Symbol.asyncIterator]: () => pieces(blob, 7_000)[Symbol.asyncIterator]() };
}

/** Uploads one blob to a registry with this fault, and tells what it saw. */
async function uploaded(blob: Buffer, fault: Fault | undefined, headers: Record<string, string> = {}) {
  const server = await pushServer({ ...(fault ? { fault } : {}), headers });
  await using _server = server;
  const retries: string[] = [];
  await using client = calmClient({ onRetry: ({ reason }) => retries.push(reason) });
  const error = await client.uploadBlob(refTo(server), descriptorOf(blob), bytesOf(blob)).then(
    () => undefined,
    (failure: Error & { code: string; hint: string }) => failure,
  );
  const arrived = server.blobs.get(digestOf(blob));
  return { error, retries, seen: server.seen, isThere: arrived?.equals(blob) === true, urls: server.urls(), host: server.host };
}

function refuse(request: IncomingMessage, response: ServerResponse, status: number): true {
  request.resume();
  sendError(response, status, 'X', 'words', { location: 'http://elsewhere.example/?signature=abc' });
  return true;
}

/** The n-th request of this method is spoilt. */
function nth(method: string, n: number, spoil: Fault): Fault {
  let count = 0;
  return (request, response, registry) => (request.method === method && ++count === n ? spoil(request, response, registry) : undefined);
}

test('a blob goes at once, and is then there', async () => {
  await using server = await pushServer();
  await using client = calmClient();
  const [ref, descriptor] = [refTo(server), descriptorOf(BLOB)];
  assert.equal(await client.hasBlob(ref, descriptor), false);
  await client.uploadBlob(ref, descriptor, bytesOf(BLOB));
  assert.equal(await client.hasBlob(ref, descriptor), true);
  assert.deepEqual(server.blobs.get(descriptor.digest), BLOB);
  assert.deepEqual(
    server.requests.map(({ method }) => method),
    ['GET', 'HEAD', 'POST', 'PUT', 'HEAD'],
  );
  await client.uploadBlob(ref, descriptorOf(Buffer.alloc(0)), bytesOf(Buffer.alloc(0)));
  assert.equal(server.blobs.get(digestOf(''))?.length, 0);
});

test('a large blob goes in pieces, and where the registry wants it any other', async () => {
  const large = await uploaded(LARGE, undefined);
  assert.ok(large.isThere);
  assert.deepEqual(
    large.seen.map(({ line }) => line),
    ['PATCH 0-39999', 'PATCH 40000-79999', 'PATCH 80000-119999', 'PATCH 120000-129999', 'PUT whole'],
  );
  const asked = await uploaded(BLOB, undefined, { 'oci-chunk-min-length': '45000' });
  assert.ok(asked.isThere);
  assert.deepEqual(
    asked.seen.map(({ line }) => line),
    ['PATCH 0-44999', 'PATCH 45000-49999', 'PUT whole'],
  );
});

test('after a cut it goes on with what the registry lacks', async () => {
  const whole = await uploaded(
    BLOB,
    nth('PUT', 1, (request, _response, { sessions }) => cutAfter(20_000, request, sessions)),
  );
  assert.ok(whole.isThere, String(whole.error));
  assert.deepEqual(whole.seen, [
    { line: 'PATCH 20000-49999', bytes: 30_000 },
    { line: 'PUT whole', bytes: 0 },
  ]);
  assert.equal(whole.retries.length, 1);
  const piece = await uploaded(
    LARGE,
    nth('PATCH', 2, (request, _response, { sessions }) => cutAfter(60_000, request, sessions)),
  );
  assert.ok(piece.isThere, String(piece.error));
  assert.deepEqual(
    piece.seen.map(({ line }) => line),
    ['PATCH 0-39999', 'PATCH 60000-99999', 'PATCH 100000-129999', 'PUT whole'],
  );
});

test('a session that is lost, or knows nothing of what came, is begun anew with the whole', async () => {
  const lost = await uploaded(
    BLOB,
    nth('PUT', 1, (request, _response, { sessions }) => {
      sessions.clear();
      request.socket.destroy();
      return true;
    }),
  );
  assert.ok(lost.isThere, String(lost.error));
  assert.deepEqual(lost.seen, [{ line: 'PUT whole', bytes: BLOB.length }]);
  assert.equal(lost.urls.filter((url) => url.endsWith('/uploads/')).length, 2);
  const silent: Fault = (request, response, registry) => {
    if (request.method === 'GET') return response.writeHead(204).end() !== undefined;
    return cutOnce(request, response, registry);
  };
  const cutOnce = nth('PUT', 1, (request, _response, { sessions }) => cutAfter(20_000, request, sessions));
  const untold = await uploaded(BLOB, silent);
  assert.ok(untold.isThere, String(untold.error));
  assert.deepEqual(untold.seen, [{ line: 'PUT whole', bytes: BLOB.length }]);
});

test('when only the answer is lost, nothing is sent again', async () => {
  const { isThere, seen, error } = await uploaded(
    BLOB,
    nth('PUT', 1, (request, response) => {
      response.writeHead = () => response.destroy() as never;
      request.on('end', () => {});
      return false;
    }),
  );
  assert.ok(isThere);
  assert.equal(error, undefined);
  assert.deepEqual(seen, [{ line: 'PUT whole', bytes: BLOB.length }]);
});

test('a registry without pieces gets all at once, one without that gets pieces, and one with a limit smaller ones', async () => {
  const refusing =
    (method: string): Fault =>
    (request, response) =>
      request.method === method && refuse(request, response, 405);
  const noPieces = await uploaded(LARGE, refusing('PATCH'));
  assert.ok(noPieces.isThere, String(noPieces.error));
  assert.deepEqual(noPieces.seen, [{ line: 'PUT whole', bytes: LARGE.length }]);
  const noWhole = await uploaded(BLOB, (request, response) =>
    request.headers['content-length'] === String(BLOB.length) ? refusing('PUT')(request, response, { sessions: new Map() }) : undefined,
  );
  assert.ok(noWhole.isThere, String(noWhole.error));
  assert.deepEqual(
    noWhole.seen.map(({ line }) => line),
    ['PATCH 0-39999', 'PATCH 40000-49999', 'PUT whole'],
  );
  const limited =
    (limit: number): Fault =>
    (request, response) => {
      if (Number(request.headers['content-length']) <= limit) return false;
      request.resume();
      response.writeHead(413).end('<html>too large</html>');
      return true;
    };
  const small = await uploaded(BLOB, limited(12_000));
  assert.ok(small.isThere, String(small.error));
  assert.equal(small.seen.length, 6);
  const none = await uploaded(BLOB, limited(100));
  assert.equal(none.error?.code, 'ERR_TSRUN_REGISTRY_TOO_LARGE');
  assert.match(none.error?.message ?? '', /takes nothing as large as blob sha256:\w+ \(50000 bytes\)$/);
  assert.equal(none.isThere, false);
});

test('failures of the registry are waited for, and in the end told', async () => {
  const once = await uploaded(
    BLOB,
    nth('PUT', 1, (request, response) => refuse(request, response, 503)),
  );
  assert.ok(once.isThere, String(once.error));
  assert.deepEqual(once.retries, ['HTTP 503']);
  for (const [status, code, message] of [
    [500, 'ERR_TSRUN_REGISTRY_FAILED', /has a failure \(HTTP 500\): words$/],
    [429, 'ERR_TSRUN_REGISTRY_RATE_LIMITED', /limits pushes: words$/],
    [403, 'ERR_TSRUN_REGISTRY_DENIED', /refuses a push to 127\.0\.0\.1:\d+\/team\/app: words$/],
    [401, 'ERR_TSRUN_REGISTRY_UNAUTHORIZED', /wants a login for a push to 127\.0\.0\.1:\d+\/team\/app$/],
    [
      307,
      'ERR_TSRUN_REGISTRY_PROTOCOL',
      /answered HTTP 307 to blob sha256:\w+ \(50000 bytes\), with a redirect to elsewhere\.example: words$/,
    ],
  ] as const) {
    const all = await uploaded(BLOB, (request, response) => request.method === 'PUT' && refuse(request, response, status));
    assert.equal(all.error?.code, code);
    assert.match(all.error?.message ?? '', message);
    assert.equal(all.isThere, false);
  }
});

test('a registry that took something else is not believed', async () => {
  const other = await uploaded(
    BLOB,
    nth('PUT', 1, (request, response) => {
      request.resume();
      response.writeHead(201, { 'docker-content-digest': digestOf('other') }).end();
      return true;
    }),
  );
  assert.equal(other.error?.code, 'ERR_TSRUN_BLOB_DIGEST');
  assert.match(other.error?.message ?? '', /and took it for sha256:/);
  const altered = await uploaded(BLOB, (request, _response, { sessions }) => {
    if (request.method === 'PUT') sessions.set('u1', Buffer.from('smuggled'));
    return false;
  });
  assert.equal(altered.error?.code, 'ERR_TSRUN_BLOB_DIGEST');
  assert.match(altered.error?.message ?? '', /received other bytes than were sent/);
});

test('a source that fails ends the upload with its own words, and nothing is closed', async () => {
  await using server = await pushServer();
  await using client = calmClient();
  const failing = {
    async *[Symbol.asyncIterator]() {
      yield BLOB.subarray(0, 30_000);
      throw new Error('the disk is gone');
    },
  };
  await assert.rejects(client.uploadBlob(refTo(server), descriptorOf(BLOB), failing), /the disk is gone/);
  await failureOf(client.uploadBlob(refTo(server), descriptorOf(BLOB), bytesOf(BLOB.subarray(1))), 'ERR_TSRUN_BLOB_SIZE');
  assert.equal(server.blobs.size, 0);
});

test('a registry that takes nothing more is not waited for without end', async () => {
  const huge = randomBytes(12 * 2 ** 20);
  await using server = await pushServer({ fault: nth('PUT', 1, (request) => request.pause() !== undefined) });
  const retries: string[] = [];
  await using client = calmClient({ onRetry: ({ reason }) => retries.push(reason) }, { large: 2 ** 30, stall: 1_500 });
  await client.uploadBlob(refTo(server), descriptorOf(huge), bytesOf(huge));
  assert.deepEqual(retries, ['stalled']);
  assert.equal(server.blobs.get(digestOf(huge))?.length, huge.length);
});
