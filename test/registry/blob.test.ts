import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { clientFor, collect, descriptorOf, failureOf, openRegistry, refTo } from './fake-server.js';

const BYTES = randomBytes(900_000);
const WHOLE = descriptorOf(BYTES);

/** Sends `length` bytes of an answer that promised more, then cuts the connection. */
function cutAfter(response: ServerResponse, bytes: Buffer, length: number): void {
  response.write(bytes.subarray(0, length), () => setTimeout(() => response.socket?.resetAndDestroy(), 10));
}

function startOf(request: IncomingMessage): number {
  return Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
}

function partial(response: ServerResponse, from: number, headers: Record<string, string | number> = {}): ServerResponse {
  return response.writeHead(206, {
    'content-range': `bytes ${from}-${BYTES.length - 1}/${BYTES.length}`,
    'content-length': BYTES.length - from,
    ...headers,
  });
}

test('a blob arrives whole, asked for by its digest and without compression', async () => {
  await using server = await openRegistry((_, response) => response.end(BYTES));
  await using client = clientFor();
  assert.deepEqual(await collect(client.blob(refTo(server), WHOLE)), BYTES);
  assert.equal(server.urls().at(-1), `/v2/team/app/blobs/${WHOLE.digest}`);
  assert.equal(server.requests.at(-1)?.headers['accept-encoding'], 'identity');
  assert.equal(server.requests.at(-1)?.headers['user-agent'], 'tsrun/test');
});

test('an empty blob is empty', async () => {
  await using server = await openRegistry((_, response) => response.end());
  await using client = clientFor();
  assert.equal((await collect(client.blob(refTo(server), descriptorOf(Buffer.alloc(0))))).length, 0);
});

test('connections cut in the middle are resumed where they broke, with Range and If-Range', async () => {
  const events: object[] = [];
  await using server = await openRegistry((request, response) => {
    const from = startOf(request);
    if (from === 0) response.writeHead(200, { 'content-length': BYTES.length, etag: '"blob"' });
    else partial(response, from, { etag: '"blob"' });
    if (from < 600_000) cutAfter(response, BYTES.subarray(from), 300_000);
    else response.end(BYTES.subarray(from));
  });
  await using client = clientFor({ onRetry: (event) => events.push(event) });
  assert.deepEqual(await collect(client.blob(refTo(server), WHOLE)), BYTES);
  const ranges = server.requests.slice(1).map(({ headers }) => [headers.range, headers['if-range']]);
  assert.deepEqual(ranges[0], [undefined, undefined]);
  assert.ok(ranges.length >= 3, `resumed: ${JSON.stringify(ranges)}`);
  assert.ok(ranges.slice(1).every(([range, condition]) => String(range).startsWith('bytes=') && condition === '"blob"'));
  assert.ok(events.every((event) => (event as { digest?: string }).digest === WHOLE.digest));
  assert.equal(events.length, ranges.length - 1);
});

test('a stall is cut and resumed', async () => {
  await using server = await openRegistry((request, response) => {
    const from = startOf(request);
    if (from > 0) partial(response, from).end(BYTES.subarray(from));
    else response.writeHead(200, { 'content-length': BYTES.length }).write(BYTES.subarray(0, 400_000));
  });
  await using client = clientFor();
  assert.deepEqual(await collect(client.blob(refTo(server), WHOLE)), BYTES);
});

test('a blob that trickles is given up after a few tries without progress', async () => {
  await using server = await openRegistry((request, response) => {
    const from = startOf(request);
    if (from > 0) partial(response, from);
    else response.writeHead(200, { 'content-length': BYTES.length });
    const timer = setInterval(() => response.write('x'), 50);
    response.on('close', () => clearInterval(timer));
  });
  await using client = clientFor();
  const begun = performance.now();
  const error = await failureOf(collect(client.blob(refTo(server), WHOLE)), 'ERR_TSRUN_REGISTRY_FAILED');
  assert.match(error.message, /bytes in/);
  assert.ok(performance.now() - begun < 3_000);
});

test('a slow consumer is not a stall', async () => {
  await using server = await openRegistry((_, response) => response.end(BYTES));
  await using client = clientFor();
  let total = 0;
  for await (const chunk of client.blob(refTo(server), WHOLE)) {
    if (total === 0) await pause(700);
    total += chunk.length;
  }
  assert.equal(total, BYTES.length);
  assert.equal(server.requests.length, 2);
});

test('a server that ignores Range and sends all again is skipped over, byte for byte', async () => {
  let tries = 0;
  await using server = await openRegistry((_, response) => {
    response.writeHead(200, { 'content-length': BYTES.length });
    tries++;
    if (tries < 3) cutAfter(response, BYTES, tries * 300_000);
    else response.end(BYTES);
  });
  await using client = clientFor();
  assert.deepEqual(await collect(client.blob(refTo(server), WHOLE)), BYTES);
  assert.equal(tries, 3);
});

const lies: Record<string, (response: ServerResponse, from: number) => void> = {
  'another start': (response) => void partial(response, 0).end(BYTES),
  'another total': (response, from) =>
    void response.writeHead(206, { 'content-range': `bytes ${from}-${BYTES.length - 1}/12345678` }).end(BYTES.subarray(from)),
  'an early end': (response, from) =>
    void response.writeHead(206, { 'content-range': `bytes ${from}-${from + 9}/${BYTES.length}` }).end(BYTES.subarray(0, 10)),
  'no Content-Range': (response) => void response.writeHead(206).end(BYTES),
  'another ETag': (response, from) => void partial(response, from, { etag: '"other"' }).end(Buffer.alloc(BYTES.length - from)),
  'a 416': (response) => void response.writeHead(416).end(),
};

for (const [name, lie] of Object.entries(lies)) {
  test(`a range answered with ${name} is not used: the blob is read again from zero`, async () => {
    let first = true;
    await using server = await openRegistry((request, response) => {
      const from = startOf(request);
      if (from > 0) return lie(response, from);
      response.writeHead(200, { 'content-length': BYTES.length, etag: '"blob"' });
      if (first) cutAfter(response, BYTES, 300_000);
      else response.end(BYTES);
      first = false;
    });
    await using client = clientFor();
    assert.deepEqual(await collect(client.blob(refTo(server), WHOLE)), BYTES);
  });
}

test('a weak ETag is not sent as If-Range', async () => {
  let first = true;
  await using server = await openRegistry((request, response) => {
    if (!first) return partial(response, startOf(request)).end(BYTES.subarray(startOf(request)));
    first = false;
    response.writeHead(200, { 'content-length': BYTES.length, etag: 'W/"blob"' });
    cutAfter(response, BYTES, 300_000);
  });
  await using client = clientFor();
  assert.deepEqual(await collect(client.blob(refTo(server), WHOLE)), BYTES);
  assert.equal(server.requests.at(-1)?.headers['if-range'], undefined);
});

test('an announced length that is not the descriptor’s is refused before a byte is read', async () => {
  await using server = await openRegistry((_, response) => response.writeHead(200, { 'content-length': BYTES.length }).end(BYTES));
  await using client = clientFor();
  const error = await failureOf(collect(client.blob(refTo(server), { ...WHOLE, size: 10 })), 'ERR_TSRUN_BLOB_SIZE');
  assert.match(error.message, /sends 900000 bytes .* says 10$/);
});

test('an endless body yields at most one byte too many', async () => {
  await using server = await openRegistry((_, response) => {
    const more = () => {
      while (!response.destroyed && response.write(BYTES));
    };
    response.on('drain', more);
    more();
  });
  await using client = clientFor();
  assert.equal((await collect(client.blob(refTo(server), { ...WHOLE, size: 100_000 }))).length, 100_001);
});

test('a body that ends well but early is a wrong size, not a hang', async () => {
  await using server = await openRegistry((_, response) => {
    response.write(BYTES.subarray(0, 100));
    response.end();
  });
  await using client = clientFor();
  const error = await failureOf(collect(client.blob(refTo(server), WHOLE)), 'ERR_TSRUN_BLOB_SIZE');
  assert.match(error.message, /only 100 of the 900000 bytes/);
});

test('a compressed transfer is refused', async () => {
  await using server = await openRegistry((_, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(BYTES));
  await using client = clientFor();
  await failureOf(collect(client.blob(refTo(server), WHOLE)), 'ERR_TSRUN_REGISTRY_PROTOCOL');
});

test('foreign layer urls are never contacted', async () => {
  await using stranger = await openRegistry((_, response) => response.end(BYTES));
  await using server = await openRegistry((_, response) => response.writeHead(404).end());
  await using client = clientFor();
  const descriptor = { ...WHOLE, urls: [`${stranger.origin}/layer`] };
  await failureOf(collect(client.blob(refTo(server), descriptor)), 'ERR_TSRUN_REGISTRY_NOT_FOUND');
  assert.deepEqual(stranger.requests, []);
});

test('an abort in the middle ends the stream at once', async () => {
  await using server = await openRegistry((_, response) =>
    response.writeHead(200, { 'content-length': BYTES.length }).write(BYTES.subarray(0, 1000)),
  );
  const controller = new AbortController();
  await using client = clientFor({ signal: controller.signal }, { stall: 60_000 });
  setTimeout(() => controller.abort(), 50);
  const begun = performance.now();
  await failureOf(collect(client.blob(refTo(server), WHOLE)), 'ERR_TSRUN_INTERRUPTED');
  assert.ok(performance.now() - begun < 1_000);
});

test('a consumer that stops reading closes the connection', async () => {
  let closed = false;
  await using server = await openRegistry((_, response) => {
    response.on('close', () => {
      closed = true;
    });
    response.writeHead(200, { 'content-length': BYTES.length }).write(BYTES.subarray(0, 1000));
  });
  await using client = clientFor();
  for await (const chunk of client.blob(refTo(server), WHOLE)) {
    assert.ok(chunk.length > 0);
    break;
  }
  for (let turns = 0; !closed && turns < 100; turns++) await pause(10);
  assert.ok(closed);
});
