/** Tokens for tokens: what a token service is sent for an identity token, where it never goes, and which token is used for what. */
import assert from 'node:assert/strict';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { describe, it } from 'node:test';
import { pulling, pushing } from '../../src/registry/scope.js';
import { createSecrets } from '../../src/registry/secrets.js';
import { createTokens, type TokenContext } from '../../src/registry/token.js';
import { clientFor, failureOf, QUICK, refTo, sendManifest, serve } from './fake-server.js';
import { auth, homeWith } from './home.js';

const TOKEN = 'planted-identity';
const loggedIn = (host: string, entry: object) => ({ HOME: homeWith({ '.docker/config.json': { auths: { [host]: entry } } }) });

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) text += chunk;
  return text;
}

/** A registry whose tokens come from `answer`. */
function registry(answer: (request: IncomingMessage, response: ServerResponse, body: string) => void, realm?: string) {
  return serve(async (request, response) => {
    if (request.url?.startsWith('/token')) return answer(request, response, await bodyOf(request));
    if (request.headers.authorization === 'Bearer good') return sendManifest(response);
    const challenge = `Bearer realm="${realm ?? `http://${request.headers.host}/token`}",service="svc"`;
    response.writeHead(401, { 'www-authenticate': challenge }).end();
  });
}

/** What it failed with, which shows nothing secret. */
async function refusal(asking: Promise<unknown>): Promise<Error & { code: string }> {
  const error = await asking.then(
    (): never => assert.fail('it was answered'),
    (reason: Error & { code: string }) => reason,
  );
  assert.doesNotMatch(`${error.stack}`, /planted/);
  return error;
}

describe('an identity token', () => {
  it('is exchanged by POST, for the scope of this pull, and shown to nobody else', async () => {
    const bodies: string[] = [];
    await using server = await registry((request, response, body) => {
      bodies.push(`${request.method} ${request.url} ${request.headers['content-type']} ${request.headers.authorization} ${body}`);
      response.end('{"access_token":"good","refresh_token":"another"}');
    });
    await using client = clientFor({ env: loggedIn(server.host, { identitytoken: TOKEN }) });
    await client.manifest(refTo(server), 'v1');
    const form = `grant_type=refresh_token&client_id=tsrun&refresh_token=${TOKEN}&service=svc&scope=repository%3Ateam%2Fapp%3Apull`;
    assert.deepEqual(bodies, [`POST /token application/x-www-form-urlencoded undefined ${form}`]);
    assert.ok(!JSON.stringify(server.requests).includes(TOKEN));
  });

  for (const status of [401, 404, 405]) {
    it(`is a password where the token service knows no OAuth 2 (${status}) and there is a user`, async () => {
      const basic = `Basic ${Buffer.from(`ada:${TOKEN}`).toString('base64')}`;
      await using server = await registry((request, response) => {
        if (request.method === 'POST') response.writeHead(status).end();
        else response.end(request.headers.authorization === basic ? '{"token":"good"}' : '{}');
      });
      await using client = clientFor({ env: loggedIn(server.host, { ...auth('ada', ''), identitytoken: TOKEN }) });
      await client.manifest(refTo(server), 'v1');
      await using nobody = clientFor({ env: loggedIn(server.host, { identitytoken: TOKEN }) });
      await refusal(nobody.manifest(refTo(server), 'v1'));
      assert.deepEqual(
        server.requests.filter(({ url }) => url.startsWith('/token')).map(({ method }) => method),
        ['POST', 'GET', 'POST'],
      );
    });
  }

  it('follows no redirect, and goes to no stranger, no metadata service and over no plain http', async () => {
    await using stranger = await serve((_, response) => response.end('{"token":"good"}'));
    await using redirecting = await registry((_, response) => response.writeHead(307, { location: `${stranger.origin}/token` }).end());
    const realms = [
      'http://169.254.169.254/token',
      'https://tokens.example/',
      'http://registry.example/token',
      'file:///etc/passwd',
      'unix:/run/x',
    ];
    const hostile = await Promise.all(realms.map((realm) => registry((_, response) => response.end('{"token":"good"}'), realm)));
    for (const server of [redirecting, ...hostile]) {
      await using client = clientFor({ env: loggedIn(server.host, { ...auth('ada', ''), identitytoken: TOKEN }) });
      const error = await refusal(client.manifest(refTo(server), 'v1'));
      assert.match(error.code, /^ERR_TSRUN_REGISTRY_(PROTOCOL|UNAUTHORIZED)$/);
    }
    assert.deepEqual(stranger.urls(), []);
    for (const server of hostile) await server[Symbol.asyncDispose]();
  });

  it('is no password for a registry without a token service', async () => {
    await using server = await serve((_, response) => response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end());
    await using client = clientFor({ env: loggedIn(server.host, { identitytoken: TOKEN }) });
    const error = await failureOf(client.manifest(refTo(server), 'v1'), 'ERR_TSRUN_REGISTRY_UNAUTHORIZED');
    assert.match(error.message, /asks for a password, and the login for it is an identity token$/);
    assert.ok(server.requests.every(({ headers }) => headers.authorization === undefined));
  });
});

it('a registry token is sent as it is, to the registry alone, and once', async () => {
  await using server = await registry((_, response) => response.writeHead(500).end());
  await using good = clientFor({ env: loggedIn(server.host, { registrytoken: 'good' }) });
  await good.manifest(refTo(server), 'v1');
  await using other = clientFor({ env: loggedIn(server.host, { registrytoken: 'planted-other' }) });
  assert.equal((await refusal(other.manifest(refTo(server), 'v1'))).code, 'ERR_TSRUN_REGISTRY_UNAUTHORIZED');
  assert.ok(!server.urls().some((url) => url.startsWith('/token')));
  assert.equal(server.requests.filter(({ headers }) => headers.authorization === 'Bearer planted-other').length, 1);
});

describe('a token', () => {
  const challenge = { scheme: 'bearer', params: new Map([['realm', 'https://auth.r.example/token']]) };
  const endpoint = (host: string) => ({ base: new URL(`https://${host}/`), challenges: [challenge], status: 401 });
  const ref = (registry: string, repository = 'team/app') => ({ transport: 'docker', registry, repository }) as const;

  function tokens(account?: TokenContext['account']) {
    const asked: { url: URL; authorization: string | undefined }[] = [];
    const send: TokenContext['send'] = async ({ url, headers }) => {
      asked.push({ url, authorization: headers['authorization'] });
      const { Readable } = await import('node:stream');
      return { status: 200, url, headers: {}, body: Readable.from([Buffer.from(`{"token":"t${asked.length}","expires_in":900}`)]) };
    };
    const env = {};
    const signal = new AbortController().signal;
    return {
      asked,
      ...createTokens({ send, sendStraight: send, env, tuning: QUICK, secrets: createSecrets(), signal, account, onNote: () => {} }),
    };
  }

  it('is kept for its registry, its repository and its actions, and used for nothing else', async () => {
    const { get, asked } = tokens();
    const ask = async (scopes: Parameters<typeof get>[2], to = ref('r.example'), host = 'r.example') =>
      (await get(to, endpoint(host), scopes)).header;
    const first = await ask(pulling('team/app'));
    assert.equal(await ask(pulling('team/app')), first);
    const push = await ask(pushing('team/app'));
    const mount = await ask(pushing('team/app', 'base/image'));
    const others = [
      await ask(pulling('other/app'), ref('r.example', 'other/app')),
      await ask(pulling('team/app'), ref('mirror.example'), 'mirror.example').catch((error: Error) => error.message),
      await ask([]),
    ];
    assert.equal(new Set([first, push, mount, ...others]).size, 6);
    assert.equal(await ask([...pushing('team/app', 'base/image')].reverse()), mount);
    assert.deepEqual(
      asked.map(({ url }) => url.searchParams.getAll('scope')),
      [
        ['repository:team/app:pull'],
        ['repository:team/app:pull,push'],
        ['repository:base/image:pull', 'repository:team/app:pull,push'],
        ['repository:other/app:pull'],
        ['repository:team/app:pull'],
        [],
      ],
    );
  });

  it('is asked for with the credentials that were given for this registry, and for no other', async () => {
    const { get, asked } = tokens({ registry: 'r.example', credentials: { user: 'ada', password: 'swordfish' } });
    await get(ref('r.example'), endpoint('r.example'), pulling('team/app'));
    await get(ref('mirror.example'), endpoint('mirror.example'), pulling('team/app'));
    assert.deepEqual(
      asked.map(({ authorization }) => authorization),
      [`Basic ${Buffer.from('ada:swordfish').toString('base64')}`, undefined],
    );
  });
});
