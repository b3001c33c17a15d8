import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryDirectory } from '../harness/temporary.js';
import { clientFor, collect, descriptorOf, failureOf, refTo, sendError, sendManifest, serve } from './fake-server.js';

const BASIC = `Basic ${Buffer.from('ada:swordfish').toString('base64')}`;

/** Where `docker login HOST` would have left its credentials. */
function loggedIn(host: string, entry: object = { auth: BASIC.slice(6) }): NodeJS.ProcessEnv {
  const home = temporaryDirectory();
  mkdirSync(join(home, '.docker'));
  writeFileSync(join(home, '.docker/config.json'), JSON.stringify({ auths: { [host]: entry } }));
  return { HOME: home };
}

function challenge(response: ServerResponse, realm: string, extra = ''): void {
  response.writeHead(401, { 'www-authenticate': `Bearer realm="${realm}",service="svc"${extra}` }).end();
}

/** A registry whose tokens are `t<n>` for the scope they were asked with; `accepts` says which are good. */
function tokenRegistry(options: { expires?: number; accepts?: (token: string, request: IncomingMessage) => boolean } = {}) {
  const scopes = new Map<string, string>();
  let count = 0;
  return serve((request, response) => {
    const url = new URL(request.url ?? '', `http://${request.headers.host}`);
    if (url.pathname === '/token') {
      const token = `t${++count}`;
      scopes.set(token, url.searchParams.get('scope') ?? '');
      response.end(JSON.stringify({ token, ...(options.expires === undefined ? {} : { expires_in: options.expires }) }));
      return;
    }
    const token = /^Bearer (\S+)$/.exec(request.headers.authorization ?? '')?.[1] ?? '';
    const repository = /^\/v2\/(.+)\/(?:manifests|blobs)\//.exec(url.pathname)?.[1];
    const isGood = scopes.get(token) === `repository:${repository}:pull` && (options.accepts?.(token, request) ?? true);
    if (!isGood) challenge(response, `http://${request.headers.host}/token`, ',scope="repository:everything:pull,push"');
    else if (url.pathname.includes('/blobs/')) response.end('blob');
    else sendManifest(response);
  });
}

const tokenUrls = (urls: string[]) => urls.filter((url) => url.startsWith('/token'));

test('an anonymous token is fetched once, for the scope of this pull alone', async () => {
  await using server = await tokenRegistry();
  await using client = clientFor();
  const ref = refTo(server);
  await Promise.all([client.manifest(ref, 'v1'), client.manifest(ref, 'v2'), collect(client.blob(ref, descriptorOf(Buffer.from('blob'))))]);
  assert.deepEqual(tokenUrls(server.urls()), ['/token?service=svc&scope=repository%3Ateam%2Fapp%3Apull']);
  assert.ok(server.requests.filter(({ url }) => url.startsWith('/token')).every(({ headers }) => headers.authorization === undefined));
});

test('the token of one repository is never shown for another', async () => {
  await using server = await tokenRegistry();
  await using client = clientFor();
  await client.manifest(refTo(server, 'a/one'), 'v1');
  await client.manifest(refTo(server, 'b/two'), 'v1');
  const used = server.requests.filter(({ url }) => url.includes('/manifests/')).map(({ url, headers }) => [url, headers.authorization]);
  assert.deepEqual(used, [
    ['/v2/a/one/manifests/v1', 'Bearer t1'],
    ['/v2/b/two/manifests/v1', 'Bearer t2'],
  ]);
});

test('a token near its end is renewed before it is used', async () => {
  await using server = await tokenRegistry({ expires: 1 });
  await using client = clientFor();
  await client.manifest(refTo(server), 'v1');
  await client.manifest(refTo(server), 'v1');
  assert.equal(tokenUrls(server.urls()).length, 2);
});

test('a 401 in the middle of a pull gets a new token, once', async () => {
  await using server = await tokenRegistry({ accepts: (token) => token !== 't1' });
  await using client = clientFor();
  await client.manifest(refTo(server), 'v1');
  assert.equal(tokenUrls(server.urls()).length, 2);
});

test('many requests whose token has ended fetch one new token together', async () => {
  for (const options of [{ accepts: (token: string) => token !== 't1' }, { expires: 1 }]) {
    await using server = await tokenRegistry(options);
    await using client = clientFor();
    if ('expires' in options) await client.manifest(refTo(server), 'v1');
    await Promise.all(Array.from({ length: 20 }, () => client.manifest(refTo(server), 'v1')));
    assert.equal(tokenUrls(server.urls()).length, 2);
  }
});

test('a 401 to every token is the end', async () => {
  await using server = await tokenRegistry({ accepts: () => false });
  await using client = clientFor();
  const error = await failureOf(client.manifest(refTo(server), 'v1'), 'ERR_TSRUN_REGISTRY_UNAUTHORIZED');
  assert.match(
    `${error.message}: ${error.hint}`,
    /team\/app: not found, or private: check the spelling, or log in with .tsrun login 127\.0\.0\.1:\d+.$/,
  );
  assert.equal(tokenUrls(server.urls()).length, 2);
});

for (const status of [401, 403]) {
  test(`a token service that answers ${status} to nobody in particular: not found, or private`, async () => {
    await using server = await serve((request, response) =>
      request.url?.startsWith('/token')
        ? sendError(response, status, 'DENIED', 'denied')
        : challenge(response, `http://${request.headers.host}/token`),
    );
    await using client = clientFor();
    const error = await client.manifest(refTo(server), 'v1').catch((reason: Error) => reason);
    assert.match((error as Error).message, /team\/app: not found, or private$/);
  });
}

test('credentials go to the token service, and only the token to the registry', async () => {
  await using server = await tokenRegistry();
  await using client = clientFor({ env: loggedIn(server.host) });
  await client.manifest(refTo(server), 'v1');
  for (const { url, headers } of server.requests) {
    assert.equal(headers.authorization?.startsWith('Basic ') ?? false, url.startsWith('/token'), url);
  }
  assert.equal(server.requests.find(({ url }) => url.startsWith('/token'))?.headers.authorization, BASIC);
});

test('refused credentials are told from a missing image', async () => {
  await using server = await serve((request, response) =>
    request.url?.startsWith('/token') ? response.writeHead(401).end() : challenge(response, `http://${request.headers.host}/token`),
  );
  await using client = clientFor({ env: loggedIn(server.host) });
  const error = await failureOf(client.manifest(refTo(server), 'v1'), 'ERR_TSRUN_REGISTRY_UNAUTHORIZED');
  assert.match(error.message, /does not accept your credentials/);
});

test('Basic is sent when it is asked for, also beside other challenges', async () => {
  await using server = await serve((request, response) => {
    if (request.headers.authorization === BASIC) return request.url === '/v2/' ? response.end() : sendManifest(response);
    response.writeHead(401, { 'www-authenticate': ['Negotiate', 'Basic realm="a, b", Digest nonce=xyz'] }).end();
  });
  await using client = clientFor({ env: loggedIn(server.host) });
  await client.manifest(refTo(server), 'v1');
  assert.deepEqual(
    server.requests.map(({ headers }) => headers.authorization),
    [undefined, BASIC],
  );
});

test('wrong Basic credentials are sent once', async () => {
  await using server = await serve((_, response) => response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end());
  await using client = clientFor({ env: loggedIn(server.host) });
  await failureOf(client.manifest(refTo(server), 'v1'), 'ERR_TSRUN_REGISTRY_UNAUTHORIZED');
  assert.equal(server.requests.filter(({ headers }) => headers.authorization !== undefined).length, 1);
});

test('a registry that asks for credentials only at the manifest gets them there', async () => {
  await using server = await serve((request, response) => {
    if (request.url === '/v2/') response.end();
    else if (request.headers.authorization === BASIC) sendManifest(response);
    else response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
  });
  await using client = clientFor({ env: loggedIn(server.host) });
  await client.manifest(refTo(server), 'v1');
});

test('a registry that never asks never sees credentials', async () => {
  await using server = await serve((request, response) => (request.url === '/v2/' ? response.end() : sendManifest(response)));
  await using client = clientFor({ env: loggedIn(server.host) });
  await client.manifest(refTo(server), 'v1');
  assert.ok(server.requests.every(({ headers }) => headers.authorization === undefined));
});

test('a login by other means than Basic or Bearer is named', async () => {
  await using server = await serve((_, response) => response.writeHead(401, { 'www-authenticate': 'Negotiate' }).end());
  await using client = clientFor();
  const error = await failureOf(client.manifest(refTo(server), 'v1'), 'ERR_TSRUN_REGISTRY_UNAUTHORIZED');
  assert.match(error.message, /negotiate/);
});

const uselessTokens: Record<string, string> = {
  'no JSON': '<html>',
  'no token': '{}',
  'a number': '{"token":7}',
  'a line break': '{"token":"a\\r\\nx-evil: 1"}',
  'a huge token': JSON.stringify({ token: 'x'.repeat(40_000) }),
  'a huge answer': JSON.stringify({ token: 'x', padding: 'x'.repeat(2_000_000) }),
};
for (const [name, answer] of Object.entries(uselessTokens)) {
  test(`a token service that answers with ${name} is refused`, async () => {
    await using server = await serve((request, response) =>
      request.url?.startsWith('/token') ? response.end(answer) : challenge(response, `http://${request.headers.host}/token`),
    );
    await using client = clientFor();
    await failureOf(client.manifest(refTo(server), 'v1'), 'ERR_TSRUN_REGISTRY_PROTOCOL');
  });
}

test('a realm on another loopback server gets a token request, as registries beside their token service do', async () => {
  await using tokens = await serve((_, response) => response.end('{"access_token":"abc"}'));
  await using server = await serve((request, response) =>
    request.headers.authorization === 'Bearer abc' ? sendManifest(response) : challenge(response, `${tokens.origin}/auth?x=1`),
  );
  await using client = clientFor({ env: loggedIn(server.host) });
  await client.manifest(refTo(server), 'v1');
  assert.equal(tokens.requests[0]?.headers.authorization, BASIC);
  assert.equal(tokens.requests[0]?.url, '/auth?x=1&service=svc&scope=repository%3Ateam%2Fapp%3Apull&account=ada');
});

test('a token service that redirects takes no credentials along', async () => {
  await using stranger = await serve((_, response) => response.end('{"token":"abc"}'));
  await using server = await serve((request, response) => {
    if (request.url?.startsWith('/token')) response.writeHead(307, { location: `${stranger.origin}/token` }).end();
    else if (request.headers.authorization === 'Bearer abc') sendManifest(response);
    else challenge(response, `http://${request.headers.host}/token`);
  });
  await using client = clientFor({ env: loggedIn(server.host) });
  await client.manifest(refTo(server), 'v1');
  assert.equal(stranger.requests[0]?.headers.authorization, undefined);
});
