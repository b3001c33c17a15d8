import assert from 'node:assert/strict';
import { createServer, request as httpRequest, type IncomingMessage, type Server } from 'node:http';
import { connect, type Socket } from 'node:net';
import { test } from 'node:test';
import type { RegistryReference } from '../../src/reference/parse.js';
import { proxyFor } from '../../src/registry/proxy.js';
import { createAuthority } from './certificates.js';
import { clientFor, collect, descriptorOf, failureOf, listening, openRegistry, sendManifest } from './fake-server.js';

const authority = createAuthority();
const ref: RegistryReference = { transport: 'docker', registry: 'registry.example.test', repository: 'team/app', tag: 'v1' };
const PASSWORD = 'sw%2Fordfish';
const AUTHORIZATION = `Basic ${Buffer.from('ada:sw/ordfish').toString('base64')}`;

/** An HTTP proxy that connects every name to one server on loopback, and records what it was asked. */
async function proxyTo(host: string, options: { password?: boolean; tunnels?: boolean } = {}) {
  const seen: { line: string; authorization: string | undefined }[] = [];
  const allows = (request: IncomingMessage) => {
    seen.push({ line: `${request.method} ${request.url}`, authorization: request.headers['proxy-authorization'] });
    return !options.password || request.headers['proxy-authorization'] === AUTHORIZATION;
  };
  const [address, port] = host.split(':') as [string, string];
  const server: Server = createServer((request, response) => {
    if (!allows(request)) return response.writeHead(407).end();
    const { pathname } = new URL(request.url ?? '');
    httpRequest({ host: address, port, path: pathname, headers: request.headers }, (answer) => {
      answer.pipe(response.writeHead(answer.statusCode ?? 500, answer.headers));
    }).end();
  });
  server.on('connect', (request: IncomingMessage, socket: Socket) => {
    if (!allows(request)) return socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
    if (options.tunnels === false) return socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
    const upstream = connect(Number(port), address, () => socket.write('HTTP/1.1 200 OK\r\n\r\n'));
    upstream.on('error', () => socket.destroy()).on('close', () => socket.destroy());
    socket.on('error', () => {}).on('close', () => upstream.destroy());
    upstream.pipe(socket).pipe(upstream);
  });
  return { seen, ...(await listening(server, 'http')) };
}

const BYTES = Buffer.from('layer bytes');
const secure = () =>
  openRegistry(
    (request, response) => (request.url?.includes('/blobs/') ? response.end(BYTES) : sendManifest(response)),
    authority.issue('DNS:registry.example.test'),
  );

test('https goes through the proxy of the environment in a tunnel, TLS checked end to end', async () => {
  await using server = await secure();
  await using proxy = await proxyTo(server.host, { password: true });
  const env = { HTTPS_PROXY: `http://ada:${PASSWORD}@${proxy.host}`, NODE_EXTRA_CA_CERTS: authority.file };
  await using client = clientFor({ env });
  await client.manifest(ref, 'v1');
  assert.deepEqual(await collect(client.blob(ref, descriptorOf(BYTES))), BYTES);
  assert.deepEqual(proxy.seen[0], { line: 'CONNECT registry.example.test:443', authorization: AUTHORIZATION });
  assert.ok(
    server.requests.every(({ headers }) => headers['proxy-authorization'] === undefined && headers.host === 'registry.example.test'),
  );
});

test('an unknown authority behind a proxy is still refused', async () => {
  await using server = await secure();
  await using proxy = await proxyTo(server.host);
  await using client = clientFor({ env: { https_proxy: proxy.host } });
  await failureOf(client.manifest(ref, 'v1'), 'ERR_TSRUN_REGISTRY_TLS');
});

test('plain http goes through the proxy without a tunnel', async () => {
  await using server = await openRegistry((_, response) => sendManifest(response));
  await using proxy = await proxyTo(server.host, { tunnels: false });
  const url = `http://ada:${PASSWORD}@${proxy.host}`;
  await using client = clientFor({ env: { HTTPS_PROXY: url, HTTP_PROXY: url }, tlsVerify: false });
  await client.manifest({ ...ref, registry: 'registry.example.test:5000' }, 'v1');
  assert.deepEqual(
    proxy.seen.map(({ line }) => line),
    [
      'CONNECT registry.example.test:5000',
      'GET http://registry.example.test:5000/v2/',
      'GET http://registry.example.test:5000/v2/team/app/manifests/v1',
    ],
  );
  assert.ok(proxy.seen.every(({ authorization }) => authorization === AUTHORIZATION));
});

test('https that fails never becomes plain http unless verification is off', async () => {
  await using server = await openRegistry((_, response) => sendManifest(response));
  await using proxy = await proxyTo(server.host, { tunnels: false });
  await using client = clientFor({ env: { HTTPS_PROXY: `http://${proxy.host}`, HTTP_PROXY: `http://${proxy.host}` } });
  await failureOf(client.manifest(ref, 'v1'), 'ERR_TSRUN_REGISTRY_UNREACHABLE');
  assert.ok(proxy.seen.every(({ line }) => line.startsWith('CONNECT')));
});

test('a proxy that wants a password says so, and the wrong one is not shown', async () => {
  await using server = await secure();
  await using proxy = await proxyTo(server.host, { password: true });
  await using client = clientFor({ env: { HTTPS_PROXY: `http://ada:planted-wrong@${proxy.host}` } });
  const error = await failureOf(client.manifest(ref, 'v1'), 'ERR_TSRUN_REGISTRY_UNREACHABLE');
  assert.match(error.message, /the proxy http:\/\/127\.0\.0\.1:\d+ refused \(HTTP 407\)/);
  assert.match(error.hint, /user and password of the proxy/);
});

test('the same without a tunnel', async () => {
  await using server = await openRegistry((_, response) => sendManifest(response));
  await using proxy = await proxyTo(server.host, { password: true });
  await using client = clientFor({
    env: { HTTP_PROXY: `http://ada:planted-wrong@${proxy.host}`, HTTPS_PROXY: proxy.host },
    tlsVerify: false,
  });
  const error = await failureOf(client.manifest(ref, 'v1'), 'ERR_TSRUN_REGISTRY_UNREACHABLE');
  assert.match(error.message, /HTTP 407/);
  assert.deepEqual(server.requests, []);
});

test('a proxy that does not run is named', async () => {
  await using client = clientFor({ env: { HTTPS_PROXY: 'http://ada:planted@127.0.0.1:9' } });
  const error = await failureOf(client.manifest(ref, 'v1'), 'ERR_TSRUN_REGISTRY_UNREACHABLE');
  assert.match(error.message, /through the proxy http:\/\/127\.0\.0\.1:9: the connection was refused/);
});

const https = new URL('https://registry.example.com/');
const direct: [string, string][] = [
  ['*', 'https://registry.example.com/'],
  ['registry.example.com', 'https://registry.example.com/'],
  ['other, .example.com', 'https://registry.example.com/'],
  ['*.example.com', 'https://registry.example.com/'],
  ['EXAMPLE.com', 'https://registry.example.com/'],
  ['registry.example.com:443', 'https://registry.example.com/'],
  ['10.0.0.0/8', 'https://10.1.2.3/'],
  ['10.1.2.3', 'https://10.1.2.3:5000/'],
  ['2001:db8::/32', 'https://[2001:db8::7]/'],
  ['[2001:db8::7]:5000', 'https://[2001:db8::7]:5000/'],
  ['2001:db8::7', 'https://[2001:db8::7]:5000/'],
  ['2001:DB8:0:0::7', 'https://[2001:db8::7]:5000/'],
  ['[2001:db8:0::7]', 'https://[2001:db8::7]/'],
  ['[2001:db8:0::7]:443', 'https://[2001:db8::7]/'],
  ['.registry.example.com', 'https://registry.example.com/'],
  ['registry.example.com.', 'https://registry.example.com/'],
  ['registry.example.com', 'https://registry.example.com./'],
  ['192.168.0.0/16\t10.1.2.3:5000', 'https://10.1.2.3:5000/'],
  ['', 'http://localhost:5000/'],
  ['', 'http://127.0.0.1:5000/'],
  ['', 'http://[::1]:5000/'],
];
for (const [noProxy, url] of direct) {
  test(`NO_PROXY=${noProxy}: ${url} is reached directly`, () => {
    assert.equal(proxyFor(new URL(url), { HTTPS_PROXY: 'http://p:1', HTTP_PROXY: 'http://p:1', NO_PROXY: noProxy }), undefined);
  });
}

const proxied: [string, string][] = [
  ['ample.com', 'https://registry.example.com/'],
  ['registry.example.com:5000', 'https://registry.example.com/'],
  ['10.0.0.0/8', 'https://11.1.2.3/'],
  ['1.2.3', 'https://10.1.2.3/'],
  ['*.registry.example.com', 'https://registry.example.com/'],
  ['10.1.2.3:5000', 'https://10.1.2.3/'],
  ['[2001:db8::7]:5000', 'https://[2001:db8::7]/'],
  ['2001:db8::/32', 'https://[2001:db9::7]/'],
  ['10.0.0.0/8', 'https://ten.example/'],
  ['registry*.com', 'https://registry.example.com/'],
  ['/8, 10.0.0.0/99', 'https://10.1.2.3/'],
  ['.', 'https://registry.example.com/'],
];
for (const [noProxy, url] of proxied) {
  test(`NO_PROXY=${noProxy}: ${url} goes through the proxy`, () => {
    assert.equal(proxyFor(new URL(url), { HTTPS_PROXY: 'p:1', NO_PROXY: noProxy })?.uri, 'http://p:1');
  });
}

test('each scheme has its own variable, lower case first, ALL_PROXY last', () => {
  const uri = (env: NodeJS.ProcessEnv, url = https) => proxyFor(url, env)?.uri;
  assert.equal(uri({ https_proxy: 'a:1', HTTPS_PROXY: 'b:1' }), 'http://a:1');
  assert.equal(uri({ https_proxy: '', HTTPS_PROXY: 'b:1' }), 'http://b:1');
  assert.equal(uri({ HTTP_PROXY: 'a:1' }), undefined);
  assert.equal(uri({ HTTPS_PROXY: 'a:1' }, new URL('http://registry.example.com/')), undefined);
  assert.equal(uri({ ALL_PROXY: 'a:1' }), 'http://a:1');
  assert.equal(uri({ ALL_PROXY: 'a:1', HTTPS_PROXY: 'https://b:1' }), 'https://b:1');
  assert.equal(uri({ HTTPS_PROXY: 'a:1', no_proxy: '', NO_PROXY: '*' }), undefined);
});

test('a proxy variable that makes no sense is refused without being shown', () => {
  for (const value of [
    'http://ada:planted@',
    'socks5://ada:planted@p:1',
    'ht tp://planted',
    'http://ada:planted%zz@p:1',
    'http://p:planted',
  ]) {
    assert.throws(
      () => proxyFor(https, { HTTPS_PROXY: value }),
      (error: unknown) => {
        assert.equal((error as { code?: string }).code, 'ERR_TSRUN_USAGE', value);
        assert.doesNotMatch(`${JSON.stringify(error)}${(error as Error).stack}`, /planted/);
        return true;
      },
    );
  }
});

test('a proxy that hangs up without a word is tried as often as any other, not without end', async () => {
  let connections = 0;
  const server = createServer().on('connect', (_, socket) => socket.destroy());
  server.on('connection', () => connections++);
  await using proxy = await listening(server, 'http');
  await using client = clientFor({ env: { HTTPS_PROXY: proxy.origin } });
  const error = await failureOf(client.manifest(ref, 'v1'), 'ERR_TSRUN_REGISTRY_FAILED');
  assert.match(error.message, /through the proxy http:.* broke: the proxy closed the connection/);
  assert.equal(connections, 3);
});
