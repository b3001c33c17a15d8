import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { mergeSettings } from '../../src/registry/config/merge.js';
import { parseRegistriesConf } from '../../src/registry/config/parse.js';
import { createPullClient, type FallbackEvent } from '../../src/registry/failover.js';
import { temporaryDirectory } from '../harness/temporary.js';
import { createAuthority } from './certificates.js';
import {
  collect,
  descriptorOf,
  digestOf,
  type FakeServer,
  failureOf,
  MANIFEST,
  openRegistry,
  sendError,
  sendManifest,
  serve,
} from './fake-server.js';

const BLOB = Buffer.from('the bytes of a layer, long enough to be cut in two');
const blob = descriptorOf(BLOB);
const REF = { transport: 'docker', registry: 'registry.example.test', repository: 'team/app', tag: 'v1' } as const;
const QUICK = { connect: 2_000, headers: 200, stall: 300, smallBody: 500, attempts: 2, backoff: 4, backoffCap: 20 };

/** Serves the image, but for what `fault` answers itself. */
const registry = (fault: (...asked: Parameters<RequestListener>) => boolean = () => false) =>
  openRegistry((request, response) => {
    if (fault(request, response)) return;
    if (request.url?.includes('/blobs/')) serveBlob(request, response);
    else sendManifest(response);
  });

const serveBlob: RequestListener = ({ headers }, response) => {
  const from = Number(/^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1] ?? 0);
  if (from > 0) response.writeHead(206, { 'content-range': `bytes ${from}-${BLOB.length - 1}/${BLOB.length}` });
  response.end(BLOB.subarray(from));
};

/** A client for REF, whose place is the last of the servers; the others are its mirrors. */
function clientFor(hosts: string[], options: { lines?: string; env?: NodeJS.ProcessEnv; tlsVerify?: boolean } = {}) {
  const own = hosts.at(-1);
  const mirrors = hosts.slice(0, -1).map((host) => `[[registry.mirror]]\nlocation = "${host}/mirrored"\n`);
  const text = `[[registry]]\nprefix = "registry.example.test"\nlocation = "${own}"\n${options.lines ?? ''}\n${mirrors.join('')}`;
  const settings = mergeSettings([{ file: '/conf', says: parseRegistriesConf(text, '/conf') }]);
  const events: FallbackEvent[] = [];
  const facts: string[] = [];
  const client = createPullClient(
    {
      settings,
      env: options.env ?? {},
      userAgent: 'test',
      onFallback: (event) => events.push(event),
      onDebug: (fact) => facts.push(fact),
      ...(options.tlsVerify === undefined ? {} : { tlsVerify: options.tlsVerify }),
    },
    QUICK,
  );
  return { ...client, events, facts, [Symbol.asyncDispose]: () => client.close() };
}

/** Several servers that end together. */
async function all<T extends Promise<FakeServer>[]>(...starting: [...T]) {
  const list = (await Promise.all(starting)) as { [Each in keyof T]: FakeServer };
  const end = async () => {
    for (const server of list) await server[Symbol.asyncDispose]();
  };
  return { list, [Symbol.asyncDispose]: end };
}

/** It is answered, whatever the answer returned. */
const done = (_answer: unknown) => true;

const hostsOf = (...servers: FakeServer[]) => servers.map(({ host }) => host);
const path = (kind: string, repository = 'team/app') => `/v2/${repository}/${kind}`;

test('a mirror that has the image serves all of it, and nobody else is asked', async () => {
  await using servers = await all(registry(), registry());
  const [mirror, own] = servers.list;
  await using client = clientFor(hostsOf(mirror, own));
  assert.equal((await client.manifest(REF, 'v1')).bytes.toString(), MANIFEST);
  assert.deepEqual(await collect(client.blob(REF, blob)), BLOB);
  assert.deepEqual(mirror.urls(), ['/v2/', path('manifests/v1', 'mirrored/team/app'), path(`blobs/${blob.digest}`, 'mirrored/team/app')]);
  assert.deepEqual([own.urls(), client.events], [[], []]);
  assert.match(
    client.facts.join('\n'),
    new RegExp(`^manifest sha256:.*: from ${mirror.host}/mirrored/team/app:v1\nblob sha256:.* from ${mirror.host}`),
  );
});

describe('what sends a pull from a mirror to the next source, which is said', () => {
  const wrong = Buffer.from('{"schemaVersion":2}');
  const faults: [string, (...asked: Parameters<RequestListener>) => boolean, RegExp][] = [
    ['404', (_, response) => done(sendError(response, 404, 'MANIFEST_UNKNOWN', 'words')), /has no tag v1/],
    ['a login', (_, response) => done(sendError(response, 401, 'UNAUTHORIZED', 'words')), /not found, or private/],
    ['500', (_, response) => done(sendError(response, 500, 'UNKNOWN', 'words')), /has a failure/],
    ['a limit', (_, response) => done(sendError(response, 429, 'TOOMANYREQUESTS', 'words', { 'retry-after': '9999' })), /limits pulls/],
    ['a page', (_, response) => done(response.end('<html>')), /not a JSON object/],
    [
      'another digest',
      (_, response) => done(sendManifest(response, MANIFEST, { 'docker-content-digest': digestOf(wrong) })),
      /should have digest/,
    ],
    ['silence', () => true, /broke/],
    ['a hang-up', ({ socket }) => done(socket.destroy()), /broke/],
  ];
  for (const [what, fault, reason] of faults) {
    test(what, async () => {
      await using servers = await all(registry(fault), registry());
      const [mirror, own] = servers.list;
      await using client = clientFor(hostsOf(mirror, own));
      await client.manifest(REF, 'v1');
      assert.deepEqual(await collect(client.blob(REF, blob)), BLOB);
      assert.deepEqual(own.urls(), ['/v2/', path('manifests/v1'), path(`blobs/${blob.digest}`)]);
      assert.equal(client.events.length, 1);
      assert.deepEqual([client.events[0]?.from, client.events[0]?.to], [mirror.host, own.host]);
      assert.match(client.events[0]?.reason ?? '', reason);
      assert.ok(!mirror.urls().some((url) => url.includes('/blobs/')), 'blobs come from whoever served the manifest');
    });
  }

  test('nobody listening', async () => {
    await using own = await registry();
    await using client = clientFor(['127.0.0.1:1', own.host]);
    await client.manifest(REF, 'v1');
    await client.manifest(REF, 'v1');
    assert.equal(client.events.length, 1, 'it is asked once');
    assert.match(client.events[0]?.reason ?? '', /connection was refused/);
  });
});

test('mirrors are tried in order; when all fail the own place of the image says why, and so do they', async () => {
  const none = () => registry((_, response) => done(sendError(response, 404, 'MANIFEST_UNKNOWN', 'words')));
  await using servers = await all(none(), registry(), none());
  const [first, second, own] = servers.list;
  await using client = clientFor(hostsOf(first, second, own));
  await client.manifest(REF, 'v1');
  assert.deepEqual([first.requests.length, second.requests.length, own.requests.length], [2, 2, 0]);
  await using hopeless = clientFor(['127.0.0.1:1', ...hostsOf(first, own)]);
  const error = await failureOf(hopeless.manifest(REF, 'v1'), 'ERR_TSRUN_REGISTRY_NOT_FOUND');
  assert.match(
    error.message,
    new RegExp(`^${own.host}/team/app has no tag v1 \\(before that: cannot reach 127.0.0.1:1: .*; ${first.host}/mirrored/team/app has`),
  );
});

test('a blob that a mirror lacks, or breaks off, comes from the next one, from where it was', async () => {
  const half = BLOB.length >> 1;
  await using servers = await all(
    registry(({ url }, response) => url?.includes('/blobs/') === true && done(sendError(response, 404, 'BLOB_UNKNOWN', 'words'))),
    registry(({ url, headers, socket }, response) => {
      if (!url?.includes('/blobs/')) return false;
      if (headers.range !== undefined) return done(sendError(response, 404, 'BLOB_UNKNOWN', 'gone'));
      response.writeHead(200, { 'content-length': BLOB.length }).write(BLOB.subarray(0, half), () => socket.destroy());
      return true;
    }),
    registry(),
  );
  const [lacking, cutting, own] = servers.list;
  await using client = clientFor(hostsOf(lacking, cutting, own));
  await client.manifest(REF, 'v1');
  assert.deepEqual(await collect(client.blob(REF, blob)), BLOB);
  assert.equal(own.requests.at(-1)?.headers.range, `bytes=${half}-`);
  assert.deepEqual(
    client.events.map(({ from, digest }) => [from, digest]),
    [
      [lacking.host, blob.digest],
      [cutting.host, blob.digest],
    ],
  );
});

test('bytes of another digest are taken from elsewhere next time, until nobody is left', async () => {
  const lying = () => registry(({ url }, response) => url?.includes('/blobs/') === true && done(response.end(Buffer.alloc(BLOB.length))));
  await using servers = await all(lying(), registry());
  const [mirror, own] = servers.list;
  await using client = clientFor(hostsOf(mirror, own));
  assert.notDeepEqual(await collect(client.blob(REF, blob)), BLOB);
  assert.equal(client.distrust(REF, blob), true);
  assert.deepEqual(await collect(client.blob(REF, blob)), BLOB);
  assert.match(client.events[0]?.reason ?? '', /not what their digest says/);
  assert.equal(client.distrust(REF, blob), false);
});

test('credentials of the registry never reach a mirror, nor a token of one the other; a mirror gets its own', async () => {
  const wanting = (name: string) =>
    serve((request, response) => {
      if (request.url?.startsWith('/token')) return response.end(JSON.stringify({ token: `token-of-${name}` }));
      if (request.headers.authorization !== `Bearer token-of-${name}`) {
        const challenge = `Bearer realm="http://${request.headers.host}/token",service="${name}"`;
        return response.writeHead(401, { 'www-authenticate': challenge }).end();
      }
      if (name === 'mirror' && request.url !== '/v2/') return sendError(response, 404, 'MANIFEST_UNKNOWN', 'words');
      return sendManifest(response);
    });
  await using servers = await all(wanting('mirror'), wanting('mirror'), wanting('own'));
  const [mirror, other, own] = servers.list;
  const auth = (text: string) => ({ auth: Buffer.from(text).toString('base64') });
  const home = temporaryDirectory();
  mkdirSync(join(home, '.docker'));
  const auths = {
    [mirror.host]: auth('m:mirror-password'),
    [own.host]: auth('o:own-password'),
    'registry.example.test': auth('n:name-password'),
  };
  writeFileSync(join(home, '.docker/config.json'), JSON.stringify({ auths }));
  await using client = clientFor(hostsOf(mirror, other, own), { env: { HOME: home } });
  await client.manifest(REF, 'v1');
  const sent = (server: FakeServer) => [...new Set(server.requests.flatMap(({ headers }) => headers.authorization ?? []))];
  const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;
  assert.deepEqual(sent(mirror), [basic('m:mirror-password'), 'Bearer token-of-mirror']);
  assert.deepEqual(sent(other), ['Bearer token-of-mirror']);
  assert.deepEqual(sent(own), [basic('o:own-password'), 'Bearer token-of-own']);
  assert.ok(mirror.urls().some((url) => url.includes(`scope=${encodeURIComponent('repository:mirrored/team/app:pull')}`)));
});

describe('https and plain http (CVE-2019-10214)', () => {
  const authority = createAuthority();
  const tls = authority.issue('IP:127.0.0.1');
  // Loopback itself may speak plain http: a proxy makes a server of ours look like any other host
  const proxied = (server: FakeServer) => ({ HTTPS_PROXY: server.origin, HTTP_PROXY: server.origin });

  test('a registry without https is asked over http only where its rule says insecure', async () => {
    await using proxy = await registry();
    const env = proxied(proxy);
    await using strict = clientFor(['plain.example.test:5000'], { env });
    await failureOf(strict.manifest(REF, 'v1'), 'ERR_TSRUN_REGISTRY_FAILED');
    assert.deepEqual(proxy.urls(), []);
    await using loose = clientFor(['plain.example.test:5000'], { env, lines: 'insecure = true' });
    await loose.manifest(REF, 'v1');
    assert.equal(proxy.urls().at(-1), 'http://plain.example.test:5000/v2/team/app/manifests/v1');
    await using overruled = clientFor(['plain.example.test:5000'], { env, lines: 'insecure = true', tlsVerify: true });
    await failureOf(overruled.manifest(REF, 'v1'), 'ERR_TSRUN_REGISTRY_FAILED');
  });

  test('insecure is of one source alone: an insecure registry does not make its mirror so', async () => {
    await using servers = await all(
      openRegistry((_, response) => sendManifest(response), tls),
      openRegistry((_, response) => sendManifest(response), tls),
    );
    const [mirror, own] = servers.list;
    await using client = clientFor(hostsOf(mirror, own), { lines: 'insecure = true' });
    await client.manifest(REF, 'v1');
    assert.match(client.events[0]?.reason ?? '', /no secure connection/);
    assert.deepEqual([mirror.urls(), own.urls().length], [[], 2]);
  });
});

test('what is blocked is asked nowhere; an interruption is no reason to go on', async () => {
  let hasAsked = () => {};
  const asked = new Promise<void>((resolve) => {
    hasAsked = resolve;
  });
  await using own = await registry(() => done(hasAsked()));
  await using blocked = clientFor(['127.0.0.1:1', own.host], { lines: 'blocked = true' });
  const error = await failureOf(blocked.manifest(REF, 'v1'), 'ERR_TSRUN_REGISTRY_BLOCKED');
  assert.match(error.message, /registry\.example\.test\/team\/app:v1 is refused: \/conf blocks registry\.example\.test/);
  await failureOf(collect(blocked.blob(REF, blob)), 'ERR_TSRUN_REGISTRY_BLOCKED');
  assert.deepEqual(own.urls(), []);
  const client = clientFor(hostsOf(own, own));
  const outcome = failureOf(client.manifest(REF, 'v1'), 'ERR_TSRUN_INTERRUPTED');
  await asked;
  await client.close();
  await outcome;
  assert.deepEqual(client.events, []);
});
