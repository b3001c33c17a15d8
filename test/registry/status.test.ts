import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULT_TUNING } from '../../src/registry/http.js';
import { backoff, retryAfter } from '../../src/registry/retry.js';
import {
  clientFor,
  collect,
  descriptorOf,
  digestOf,
  failureOf,
  openRegistry,
  refTo,
  sendError,
  sendManifest,
  serve,
} from './fake-server.js';

async function manifestFailure(status: number, code: string, expected: string, headers: Record<string, string> = {}, by = 'v1') {
  await using server = await openRegistry((_, response) => sendError(response, status, code, 'words of the registry', headers));
  await using client = clientFor();
  const error = await failureOf(client.manifest(refTo(server), by), expected);
  return { error, tries: server.requests.length - 1, host: server.host };
}

test('401: not found, or private', async () => {
  const { error, host } = await manifestFailure(401, 'UNAUTHORIZED', 'ERR_TSRUN_REGISTRY_UNAUTHORIZED');
  assert.equal(
    `${error.message}: ${error.hint}`,
    `${host}/team/app: not found, or private: check the spelling, or log in with \`tsrun login ${host}\``,
  );
});

test('403 denied: the same sentence', async () => {
  const { error, tries } = await manifestFailure(403, 'DENIED', 'ERR_TSRUN_REGISTRY_DENIED');
  assert.match(`${error.message}: ${error.hint}`, /not found, or private: check the spelling, or log in with .tsrun login \S+.$/);
  assert.equal(tries, 1);
});

test('403 with another reason: the reason', async () => {
  const { error } = await manifestFailure(403, 'QUOTA', 'ERR_TSRUN_REGISTRY_DENIED');
  assert.match(error.message, /words of the registry/);
});

test('404 tells an unknown tag from an unknown repository and an unknown digest', async () => {
  const tag = await manifestFailure(404, 'MANIFEST_UNKNOWN', 'ERR_TSRUN_REGISTRY_NOT_FOUND');
  assert.match(tag.error.message, /team\/app has no tag v1$/);
  const name = await manifestFailure(404, 'NAME_UNKNOWN', 'ERR_TSRUN_REGISTRY_NOT_FOUND');
  assert.match(name.error.message, /has no repository team\/app$/);
  const digest = await manifestFailure(404, 'MANIFEST_UNKNOWN', 'ERR_TSRUN_REGISTRY_NOT_FOUND', {}, digestOf('x'));
  assert.match(digest.error.message, /has no manifest sha256:/);
  const other = await manifestFailure(404, '', 'ERR_TSRUN_REGISTRY_NOT_FOUND');
  assert.match(other.error.message, /team\/app:v1 is not in 127\.0\.0\.1/);
});

test('a missing blob is named', async () => {
  await using server = await openRegistry((_, response) => sendError(response, 404, 'BLOB_UNKNOWN', 'blob unknown'));
  await using client = clientFor();
  const descriptor = descriptorOf(Buffer.from('x'));
  const error = await failureOf(collect(client.blob(refTo(server), descriptor)), 'ERR_TSRUN_REGISTRY_NOT_FOUND');
  assert.ok(error.message.includes(descriptor.digest));
});

test('429 after all tries names the limit', async () => {
  const { error, tries } = await manifestFailure(429, 'TOOMANYREQUESTS', 'ERR_TSRUN_REGISTRY_RATE_LIMITED', {
    'ratelimit-limit': '100;w=21600',
  });
  assert.match(error.message, /limits pulls to 100 in 6 hours$/);
  assert.match(error.hint, /or, for a higher limit, log in with/);
  assert.equal(tries, 3);
});

test('429 without that header repeats the registry’s words', async () => {
  const { error } = await manifestFailure(429, 'TOOMANYREQUESTS', 'ERR_TSRUN_REGISTRY_RATE_LIMITED');
  assert.match(error.message, /limits pulls: words of the registry/);
});

test('a Retry-After that is too long ends the tries and is told', async () => {
  const { error, tries } = await manifestFailure(429, 'TOOMANYREQUESTS', 'ERR_TSRUN_REGISTRY_RATE_LIMITED', { 'retry-after': '7200' });
  assert.equal(tries, 1);
  assert.match(error.hint, /wait 2 hours/);
});

test('a short Retry-After is obeyed', async () => {
  let tries = 0;
  await using server = await openRegistry((_, response) => {
    if (++tries === 1) sendError(response, 429, 'TOOMANYREQUESTS', '', { 'retry-after': '1' });
    else sendManifest(response);
  });
  await using client = clientFor();
  const begun = performance.now();
  await client.manifest(refTo(server), 'v1');
  assert.ok(performance.now() - begun >= 990);
});

test('Retry-After may be seconds, a date, or epoch seconds', () => {
  const now = Date.parse('2026-01-01T00:00:00Z');
  const at = (value: string) =>
    retryAfter({ status: 429, url: new URL('https://r/'), headers: { 'retry-after': value }, body: null as never }, now);
  assert.equal(at('5'), 5_000);
  assert.equal(at('Thu, 01 Jan 2026 00:00:07 GMT'), 7_000);
  assert.equal(at('Thu, 01 Jan 2020 00:00:07 GMT'), 0);
  assert.equal(at(String(now / 1000 + 9)), 9_000);
  for (const junk of ['', '-1', '1e9', 'soon', 'NaN', '99999999999999999999']) assert.equal(at(junk), undefined, junk);
});

test('pauses grow, are jittered, and have an end', () => {
  for (let attempt = 1; attempt < 40; attempt++) {
    const full = Math.min(250 * 2 ** (attempt - 1), 8_000);
    const pause = backoff(attempt, DEFAULT_TUNING);
    assert.ok(pause >= full / 2 && pause <= full);
  }
});

for (const status of [408, 500, 502, 503]) {
  test(`${status} is tried again, and told to the caller`, async () => {
    let tries = 0;
    const events: object[] = [];
    await using server = await openRegistry((_, response) => (++tries < 3 ? response.writeHead(status).end() : sendManifest(response)));
    await using client = clientFor({ onRetry: (event) => events.push(event) });
    await client.manifest(refTo(server), 'v1');
    assert.deepEqual(events, [
      { reason: `HTTP ${status}`, attempt: 2 },
      { reason: `HTTP ${status}`, attempt: 3 },
    ]);
  });
}

test('5xx for ever ends as a failure of the registry', async () => {
  const { error, tries } = await manifestFailure(500, 'UNKNOWN', 'ERR_TSRUN_REGISTRY_FAILED');
  assert.match(error.message, /HTTP 500.*words of the registry/);
  assert.equal(tries, 3);
});

test('a reset connection is tried again', async () => {
  let tries = 0;
  await using server = await openRegistry((request, response) => (++tries < 3 ? request.socket.resetAndDestroy() : sendManifest(response)));
  await using client = clientFor();
  await client.manifest(refTo(server), 'v1');
  assert.equal(tries, 3);
});

test('any other status is not taken for an answer', async () => {
  for (const status of [204, 304, 418, 400]) {
    const { error } = await manifestFailure(status, 'X', 'ERR_TSRUN_REGISTRY_PROTOCOL');
    assert.match(error.message, new RegExp(`HTTP ${status}`));
  }
});

test('terminal escapes and endless texts of a registry do not reach the message', async () => {
  await using server = await openRegistry((_, response) => sendError(response, 403, 'ODD', `\u001b[2J\u202e${'x'.repeat(50_000)}\n`));
  await using client = clientFor();
  const error = await failureOf(client.manifest(refTo(server), 'v1'), 'ERR_TSRUN_REGISTRY_DENIED');
  assert.match(error.message, /^[\x20-\x7e]{10,500}$/);
});

test('a registry that does not know /v2/ may still serve manifests', async () => {
  await using server = await serve((request, response) =>
    request.url === '/v2/' ? response.writeHead(404).end() : sendManifest(response),
  );
  await using client = clientFor();
  await client.manifest(refTo(server), 'v1');
});

test('a registry that fails its ping is told from an image that is missing', async () => {
  await using server = await serve((_, response) => response.writeHead(503).end());
  await using client = clientFor();
  await failureOf(client.manifest(refTo(server), 'v1'), 'ERR_TSRUN_REGISTRY_FAILED');
  assert.deepEqual(server.urls(), ['/v2/', '/v2/', '/v2/']);
});

test('the ping is done once, also for many requests at once', async () => {
  await using server = await openRegistry((_, response) => sendManifest(response));
  await using client = clientFor();
  await Promise.all(Array.from({ length: 8 }, () => client.manifest(refTo(server), 'v1')));
  assert.equal(server.urls().filter((url) => url === '/v2/').length, 1);
});
