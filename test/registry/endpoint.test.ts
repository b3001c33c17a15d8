import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { candidates } from '../../src/registry/endpoint.js';
import { networkError } from '../../src/registry/failure.js';
import { createSecrets } from '../../src/registry/secrets.js';
import { clientFor, failureOf, listening, MANIFEST, openRegistry, refTo, sendManifest, serve } from './fake-server.js';

const urls = (registry: string, verify = true) => candidates(registry, verify).map(({ href }) => href);

test('docker.io is reached at registry-1.docker.io, others where they say, over https alone', () => {
  assert.deepEqual(urls('docker.io'), ['https://registry-1.docker.io/']);
  assert.deepEqual(urls('quay.io'), ['https://quay.io/']);
  assert.deepEqual(urls('r.example:80'), ['https://r.example:80/']);
  assert.deepEqual(urls('[2001:db8::1]:5000'), ['https://[2001:db8::1]:5000/']);
  assert.deepEqual(urls('localhost.example:5000'), ['https://localhost.example:5000/']);
});

test('plain http: loopback at once, others after https and only when verification is off', () => {
  for (const host of ['localhost:5000', '127.0.0.1:5000', '[::1]:5000'])
    assert.deepEqual(urls(host), [`http://${host}/`, `https://${host}/`]);
  assert.deepEqual(urls('localhost:443'), ['https://localhost/']);
  assert.deepEqual(urls('r.example', false), ['https://r.example/', 'http://r.example/']);
});

test('a port where nobody listens is unreachable, at once', async () => {
  await using server = await serve(() => {});
  const { host } = server;
  await server[Symbol.asyncDispose]();
  await using client = clientFor({}, { backoff: 5_000 });
  const begun = performance.now();
  const error = await failureOf(client.manifest(refTo({ host }), 'v1'), 'ERR_TSRUN_REGISTRY_UNREACHABLE');
  assert.match(error.message, /connection was refused/);
  assert.ok(performance.now() - begun < 2_000);
});

test('no network, an unknown name, TLS: each its own sentence', () => {
  const peer = { registry: 'docker.io', host: 'registry-1.docker.io', secrets: createSecrets() };
  const cases: Record<string, [string, RegExp]> = {
    ENOTFOUND: ['ERR_TSRUN_REGISTRY_UNREACHABLE', /cannot reach docker\.io \(registry-1\.docker\.io\): its name is not known/],
    EAI_AGAIN: ['ERR_TSRUN_REGISTRY_UNREACHABLE', /cannot be looked up/],
    ENETUNREACH: ['ERR_TSRUN_REGISTRY_UNREACHABLE', /network is unreachable/],
    UND_ERR_CONNECT_TIMEOUT: ['ERR_TSRUN_REGISTRY_UNREACHABLE', /timed out/],
    CERT_HAS_EXPIRED: ['ERR_TSRUN_REGISTRY_TLS', /no secure connection/],
    SELF_SIGNED_CERT_IN_CHAIN: ['ERR_TSRUN_REGISTRY_TLS', /no secure connection/],
    EPROTO: ['ERR_TSRUN_REGISTRY_TLS', /no secure connection/],
    ECONNRESET: ['ERR_TSRUN_REGISTRY_FAILED', /broke/],
    HPE_INVALID_CONSTANT: ['ERR_TSRUN_REGISTRY_PROTOCOL', /proper HTTP/],
    '': ['ERR_TSRUN_INTERNAL', /unexpected/],
  };
  for (const [code, [expected, message]] of Object.entries(cases)) {
    const error = networkError(Object.assign(new Error('words'), { code }), peer, new AbortController().signal);
    assert.equal(error.code, expected, code);
    assert.match(error.message, message);
    assert.ok(error.hint);
  }
});

test('something that is no HTTP server is no registry', async () => {
  await using server = await listening(
    createServer((socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n')),
    'tcp',
  );
  await using client = clientFor();
  await failureOf(client.manifest(refTo(server), 'v1'), 'ERR_TSRUN_REGISTRY_PROTOCOL');
});

test('headers that trickle in, and headers without end, are given up', async () => {
  await using slow = await listening(
    createServer((socket) => {
      socket.write('HTTP/1.1 200 OK\r\n');
      const timer = setInterval(() => socket.write('x-a: b\r\n'), 50);
      socket.on('error', () => {}).on('close', () => clearInterval(timer));
    }),
    'tcp',
  );
  await using endless = await listening(
    createServer((socket) => {
      socket.on('error', () => {});
      socket.write(`HTTP/1.1 200 OK\r\nx-a: ${'b'.repeat(1 << 20)}`);
    }),
    'tcp',
  );
  await using client = clientFor({}, { attempts: 1 });
  await failureOf(client.manifest(refTo(slow), 'v1'), 'ERR_TSRUN_REGISTRY_FAILED');
  await failureOf(client.manifest(refTo(endless), 'v1'), 'ERR_TSRUN_REGISTRY_PROTOCOL');
});

test('a server that never answers is tried again, then given up', async () => {
  await using server = await openRegistry(() => {});
  await using client = clientFor({}, { headers: 150 });
  await failureOf(client.manifest(refTo(server), 'v1'), 'ERR_TSRUN_REGISTRY_FAILED');
  assert.equal(server.requests.length, 4);
});

test('an abort ends waiting for an answer, and pauses between tries', async () => {
  await using silent = await openRegistry(() => {});
  await using failing = await openRegistry((_, response) => response.writeHead(503).end());
  for (const server of [silent, failing]) {
    const controller = new AbortController();
    await using client = clientFor({ signal: controller.signal }, { headers: 60_000, backoff: 60_000, backoffCap: 60_000 });
    setTimeout(() => controller.abort(), 50);
    const begun = performance.now();
    await failureOf(client.manifest(refTo(server), 'v1'), 'ERR_TSRUN_INTERRUPTED');
    assert.ok(performance.now() - begun < 2_000);
  }
  await using client = clientFor({ signal: AbortSignal.abort() });
  await failureOf(client.manifest(refTo(silent), 'v1'), 'ERR_TSRUN_INTERRUPTED');
});

test('one signal serves any number of requests without a warning, and is let go of', async () => {
  const warnings: Error[] = [];
  const note = (warning: Error) => warnings.push(warning);
  process.on('warning', note);
  const { signal } = new AbortController();
  await using server = await openRegistry((_, response) => setTimeout(() => sendManifest(response), 20));
  const client = clientFor({ signal });
  await Promise.all(Array.from({ length: 30 }, () => client.manifest(refTo(server), 'v1')));
  await client.close();
  await pause(10);
  process.off('warning', note);
  assert.deepEqual(warnings, []);
  assert.equal(getEventListeners(signal, 'abort').length, 0);
});

test('closing the client ends what is under way', async () => {
  await using server = await openRegistry(() => {});
  const client = clientFor({}, { headers: 60_000 });
  const outcome = failureOf(client.manifest(refTo(server), 'v1'), 'ERR_TSRUN_INTERRUPTED');
  await pause(50);
  await client.close();
  await outcome;
});

test('a loopback TLS port that answers plain http with a complaint is asked over https', async () => {
  await using server = await serve((request, response) => {
    if (request.url === '/v2/') response.writeHead(400).end('Client sent an HTTP request to an HTTPS server.\n');
    else sendManifest(response, MANIFEST);
  });
  await using client = clientFor();
  await failureOf(client.manifest(refTo(server), 'v1'), 'ERR_TSRUN_REGISTRY_TLS');
});
