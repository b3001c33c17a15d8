import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { createSecrets } from '../../src/registry/secrets.js';
import { temporaryDirectory } from '../harness/temporary.js';
import { clientFor, collect, descriptorOf, refTo, serve } from './fake-server.js';

const PASSWORD = 'planted-password';
const TOKEN = 'planted.token.signature';
const ENCODED = Buffer.from(`ada:${PASSWORD}`).toString('base64');

test('kept secrets are cut out of texts, the longer first', () => {
  const secrets = createSecrets();
  for (const secret of ['abcd', 'abcdef', 'x', '']) secrets.keep(secret);
  assert.equal(secrets.scrub('xabcdefx abcd x'), 'x***x *** x');
});

/** Registries that send back what they were told, in every place they can. */
const echoes: Record<string, (request: IncomingMessage, response: ServerResponse) => void> = {
  'an error message': (request, response) =>
    response.writeHead(403).end(JSON.stringify({ errors: [{ code: 'ODD', message: `you sent ${request.headers.authorization}` }] })),
  'an error code': (request, response) =>
    response.writeHead(400).end(JSON.stringify({ errors: [{ code: request.headers.authorization, message: 'x' }] })),
  'a failure': (request, response) => response.writeHead(500).end(JSON.stringify({ errors: [{ message: request.headers.authorization }] })),
  'the media type': (request, response) =>
    response.writeHead(200, { 'content-type': `application/${request.headers.authorization?.replace(/.* /, '')}` }).end('{}'),
  'the document': (request, response) =>
    response.writeHead(200, { 'content-type': 'application/json' }).end(`${request.headers.authorization}`),
  'a redirect': (request, response) =>
    response.writeHead(307, { location: `http://169.254.169.254/${encodeURI(request.headers.authorization ?? '')}` }).end(),
  'a redirect with a user': (request, response) =>
    response.writeHead(307, { location: `https://${request.headers.authorization?.replace(/.* /, '')}@cdn.example/` }).end(),
  'a host name': (request, response) =>
    response.writeHead(307, { location: `file://${request.headers.authorization?.replace(/.* /, '')}/` }).end(),
  'broken HTTP': (request, response) => response.socket?.end(`HTTP/1.1 ${request.headers.authorization}\r\n\r\n`),
  'a rate limit': (request, response) =>
    response
      .writeHead(429, { 'ratelimit-limit': request.headers.authorization ?? '' })
      .end(JSON.stringify({ details: request.headers.authorization })),
};

for (const [place, echo] of Object.entries(echoes)) {
  for (const scheme of ['Basic', 'Bearer']) {
    test(`a secret sent back in ${place} (${scheme}) is in no part of the error or event`, async () => {
      await using server = await serve((request, response) => {
        if (request.url?.startsWith('/token')) response.end(JSON.stringify({ token: TOKEN }));
        else if (request.headers.authorization === undefined) {
          const challenge = scheme === 'Basic' ? 'Basic realm="x"' : `Bearer realm="http://${request.headers.host}/token"`;
          response.writeHead(401, { 'www-authenticate': challenge }).end();
        } else echo(request, response);
      });
      const home = temporaryDirectory();
      mkdirSync(join(home, '.docker'));
      writeFileSync(join(home, '.docker/config.json'), JSON.stringify({ auths: { [server.host]: { auth: ENCODED } } }));
      const events: object[] = [];
      await using client = clientFor({ env: { HOME: home }, onRetry: (event) => events.push(event) }, { attempts: 2 });
      const attempts = [client.manifest(refTo(server), 'v1'), collect(client.blob(refTo(server), descriptorOf(Buffer.from('other'))))];
      const outcomes = await Promise.allSettled(attempts);
      assert.ok(
        server.requests.some(({ headers }) => headers.authorization !== undefined),
        'the secret was sent',
      );
      assert.equal(outcomes[0]?.status, 'rejected');
      for (const outcome of outcomes) {
        if (outcome.status === 'fulfilled') continue;
        assertClean(outcome.reason);
        assert.match(String((outcome.reason as { code?: string }).code), /^ERR_TSRUN_(?!INTERNAL)/);
      }
      assertClean(events);
    });
  }
}

function assertClean(value: unknown): void {
  const shown = [String(value), JSON.stringify(value), (value as Error).stack ?? '', inspect(value, { depth: 20, showHidden: true })].join(
    '\n',
  );
  for (const secret of [PASSWORD, TOKEN, ENCODED, encodeURIComponent(ENCODED)]) {
    assert.ok(!shown.toLowerCase().includes(secret.toLowerCase()), `${secret} is shown:\n${shown}`);
  }
}
