import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { redirecting } from '../../src/registry/redirect.js';
import { temporaryDirectory } from '../harness/temporary.js';
import { clientFor, collect, descriptorOf, failureOf, refTo, serve } from './fake-server.js';

const BYTES = Buffer.from('layer bytes');
const BLOB = descriptorOf(BYTES);

test('a blob is followed to another host, which sees neither Authorization nor cookies', async () => {
  await using storage = await serve((_, response) => response.end(BYTES));
  const auth = Buffer.from('ada:swordfish').toString('base64');
  await using server = await serve((request, response) => {
    if (request.headers.authorization === undefined) response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
    else response.writeHead(307, { location: `${storage.origin}/blob?signature=planted`, 'set-cookie': 'session=planted' }).end();
  });
  const home = temporaryDirectory();
  mkdirSync(join(home, '.docker'));
  writeFileSync(join(home, '.docker/config.json'), JSON.stringify({ auths: { [server.host]: { auth } } }));
  await using client = clientFor({ env: { HOME: home } });
  assert.deepEqual(await collect(client.blob(refTo(server), BLOB)), BYTES);
  assert.deepEqual(await collect(client.blob(refTo(server), BLOB)), BYTES);
  for (const { headers } of storage.requests) {
    assert.equal(headers.authorization, undefined);
    assert.equal(headers.cookie, undefined);
  }
  assert.ok(server.requests.every(({ headers }) => headers.cookie === undefined));
});

/** The chain of requests that a redirect policy makes, without a network: status 200 wherever no redirect is written down. */
async function follow(first: string, redirects: Record<string, string>) {
  const seen: { url: string; authorization: string | undefined }[] = [];
  const send = redirecting(async (request) => {
    seen.push({ url: request.url.href, authorization: request.headers['authorization'] });
    const location = redirects[request.url.href];
    const body = { destroy: () => {} } as never;
    return { status: location === undefined ? 200 : 302, url: request.url, headers: location === undefined ? {} : { location }, body };
  });
  await send({ method: 'GET', url: new URL(first), headers: { authorization: 'Bearer planted', accept: '*/*' }, about: { registry: 'r' } });
  return seen;
}

test('Authorization stays on the same origin', async () => {
  const seen = await follow('https://r.example/a', { 'https://r.example/a': '/b', 'https://r.example/b': 'c' });
  assert.deepEqual(
    seen.map(({ url }) => url),
    ['https://r.example/a', 'https://r.example/b', 'https://r.example/c'],
  );
  assert.ok(seen.every(({ authorization }) => authorization === 'Bearer planted'));
});

for (const other of ['https://other.example/b', 'https://r.example:8443/b', 'https://sub.r.example/b', '//other.example/b']) {
  test(`Authorization does not go to ${other}, nor back again`, async () => {
    const target = new URL(other, 'https://r.example/a').href;
    const seen = await follow('https://r.example/a', { 'https://r.example/a': other, [target]: 'https://r.example/z' });
    assert.deepEqual(
      seen.map(({ authorization }) => authorization),
      ['Bearer planted', undefined, undefined],
    );
  });
}

test('http may become https, without Authorization', async () => {
  const seen = await follow('http://127.0.0.1:5000/a', { 'http://127.0.0.1:5000/a': 'https://cdn.example/b' });
  assert.deepEqual(
    seen.map(({ authorization }) => authorization),
    ['Bearer planted', undefined],
  );
});

const refusals: [string, string, RegExp][] = [
  ['https to http', 'http://r.example/a', /https to http/],
  ['https to http on the way', 'http://cdn.example/a', /https to http/],
  ['a file', 'file:///etc/passwd', /redirect to file:/],
  ['data', 'data:text/plain,x', /redirect to data:/],
  ['no URL', 'https://', /not a URL/],
  ['credentials inside', 'https://user:pass@cdn.example/a', /credentials/],
  ['link-local', 'https://169.254.169.254/latest/meta-data', /inside this machine/],
  ['link-local in another spelling', 'https://2852039166/latest', /inside this machine/],
  ['link-local, mapped', 'https://[::ffff:169.254.169.254]/', /inside this machine/],
  ['link-local IPv6', 'https://[fe80::1]/', /inside this machine/],
  ['a metadata name', 'https://metadata.google.internal/', /inside this machine/],
  ['loopback from afar', 'https://127.0.0.1/', /inside this machine/],
  ['localhost from afar', 'https://localhost:8443/', /inside this machine/],
];
for (const [name, location, reason] of refusals) {
  test(`a redirect is refused: ${name}`, async () => {
    const error = await failureOf(follow('https://r.example/a', { 'https://r.example/a': location }), 'ERR_TSRUN_REGISTRY_PROTOCOL');
    assert.match(error.message, reason);
    assert.doesNotMatch(error.message, /pass/);
  });
}

test('ten hops are followed, not eleven', async () => {
  const chain = (length: number) => Object.fromEntries(Array.from({ length }, (_, n) => [`https://r.example/${n}`, `/${n + 1}`]));
  assert.equal((await follow('https://r.example/0', chain(10))).length, 11);
  const error = await failureOf(follow('https://r.example/0', chain(11)), 'ERR_TSRUN_REGISTRY_PROTOCOL');
  assert.match(error.message, /more than 10 redirects/);
});

test('a 401 from where a blob was redirected to is not answered with credentials', async () => {
  await using stranger = await serve((_, response) => response.writeHead(401, { 'www-authenticate': 'Basic realm="give me"' }).end());
  await using server = await serve((request, response) =>
    request.url === '/v2/' ? response.end() : response.writeHead(307, { location: `${stranger.origin}/blob` }).end(),
  );
  const home = temporaryDirectory();
  mkdirSync(join(home, '.docker'));
  const entry = { auth: Buffer.from('ada:swordfish').toString('base64') };
  writeFileSync(join(home, '.docker/config.json'), JSON.stringify({ auths: { [server.host]: entry, [stranger.host]: entry } }));
  await using client = clientFor({ env: { HOME: home } });
  await failureOf(collect(client.blob(refTo(server), BLOB)), 'ERR_TSRUN_REGISTRY_UNAUTHORIZED');
  assert.equal(stranger.requests.length, 1);
  assert.ok([...server.requests, ...stranger.requests].every(({ headers }) => headers.authorization === undefined));
});
