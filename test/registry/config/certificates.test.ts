import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { certificatesIn } from '../../../src/registry/config/certificates.js';
import { NO_SETTINGS } from '../../../src/registry/config/settings.js';
import { createPullClient } from '../../../src/registry/failover.js';
import { temporaryDirectory } from '../../harness/temporary.js';
import { createAuthority } from '../certificates.js';
import { clientFor, collect, descriptorOf, failureOf, MANIFEST, openRegistry, refTo, sendManifest } from '../fake-server.js';

const authority = createAuthority();
const stranger = createAuthority();
const CA = readFileSync(authority.file, 'utf8');
const server = authority.issue('IP:127.0.0.1');
const client = authority.issue('DNS:client');
const other = authority.issue('DNS:other');
const BYTES = Buffer.from('layer bytes');

function folder(files: Record<string, string>, at = temporaryDirectory()): string {
  mkdirSync(at, { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(at, name), text);
  return at;
}

/** A certs.d with this for one host. */
function certsD(host: string, files: Record<string, string>): string {
  const at = temporaryDirectory();
  folder(files, join(at, host));
  return at;
}

const mine = { 'ca.crt': CA, 'client.cert': client.cert, 'client.key': client.key };
const asking = (rejectUnauthorized: boolean) => ({ ...server, requestCert: true, rejectUnauthorized, ca: CA }) as const;

test('an authority in certs.d is trusted for exactly its host and port', async () => {
  await using registry = await openRegistry((_, response) => sendManifest(response), server);
  await using trusting = clientFor({ certificates: certificatesIn([temporaryDirectory(), certsD(registry.host, { 'ca.crt': CA })]) });
  assert.equal((await trusting.manifest(refTo(registry), 'v1')).bytes.toString(), MANIFEST);
  for (const host of ['127.0.0.1', '127.0.0.1:1', `x.${registry.host}`]) {
    await using wary = clientFor({ certificates: certificatesIn([certsD(host, { 'ca.crt': CA })]) });
    await failureOf(wary.manifest(refTo(registry), 'v1'), 'ERR_TSRUN_REGISTRY_TLS');
  }
  const wrong = readFileSync(stranger.file, 'utf8');
  await using misled = clientFor({
    certificates: certificatesIn([certsD(registry.host, { 'ca.crt': wrong }), certsD(registry.host, { 'ca.crt': CA })]),
  });
  await failureOf(misled.manifest(refTo(registry), 'v1'), 'ERR_TSRUN_REGISTRY_TLS');
});

test('a server that asks who we are is shown the certificate of its folder, and nobody that it redirects to is', async () => {
  const shown: (string | undefined)[] = [];
  await using elsewhere = await openRegistry((request, response) => {
    shown.push((request.socket as TLSSocket).getPeerCertificate().subject?.CN as string | undefined);
    response.end(BYTES);
  }, asking(false));
  await using registry = await openRegistry((request, response) => {
    if (request.url?.includes('/blobs/')) response.writeHead(307, { location: `${elsewhere.origin}/there` }).end();
    else sendManifest(response);
  }, asking(true));
  const folders = [certsD(registry.host, mine)];
  folder({ 'ca.crt': CA }, join(folders[0] as string, elsewhere.host));
  await using known = clientFor({ certificates: certificatesIn(folders) });
  await known.manifest(refTo(registry), 'v1');
  assert.deepEqual(await collect(known.blob(refTo(registry), descriptorOf(BYTES))), BYTES);
  assert.deepEqual(shown, [undefined]);
  await using nameless = clientFor({ certificates: certificatesIn([certsD(registry.host, { 'ca.crt': CA })]) });
  // Whether the alert or the end of the connection comes first is the network's
  await assert.rejects(nameless.manifest(refTo(registry), 'v1'), { code: /^ERR_TSRUN_REGISTRY_(?:TLS|FAILED)$/ });
});

test('--cert-dir is for the registry of the image, in place of certs.d, and not for its mirror', async () => {
  await using mirror = await openRegistry((_, response) => sendManifest(response), server);
  await using registry = await openRegistry((_, response) => sendManifest(response), asking(true));
  const rule = { prefix: registry.host, location: registry.host, insecure: false, blocked: false, file: '/conf' };
  const mirrors = [{ location: mirror.host, insecure: false, use: 'all' as const }];
  const facts: string[] = [];
  const certDir = folder(mine);
  await using pulling = disposable(
    createPullClient({
      env: {},
      userAgent: 'test',
      settings: { ...NO_SETTINGS, rules: [{ ...rule, mirrors }], certificates: [certsD(registry.host, { 'ca.crt': 'never read' })] },
      certDir,
      onDebug: (fact) => facts.push(fact),
    }),
  );
  await pulling.manifest(refTo(registry), 'v1');
  assert.ok(facts.includes(`certificates for ${registry.host}: ${certDir}`));
  assert.ok(!facts.some((fact) => fact.startsWith(`certificates for ${mirror.host}`)));
  assert.match(facts.join('\n'), new RegExp(`^${mirror.host}: no secure connection`, 'm'));
});

test('docker.io is called by its name, and https has a port', () => {
  const found = (host: string, url: string) => certificatesIn([certsD(host, { 'ca.crt': CA })])(new URL(url))?.authorities.length;
  assert.equal(found('docker.io', 'https://registry-1.docker.io/v2/'), 1);
  assert.equal(found('r.example:443', 'https://r.example/'), 1);
  assert.equal(found('r.example', 'https://r.example:444/'), undefined);
  assert.equal(found('empty', 'https://r.example/'), undefined);
});

describe('what cannot be used is an error that names the file, and shows nothing of it', () => {
  const cases: [string, Record<string, string>, RegExp][] = [
    ['a certificate without its key', { 'a.cert': client.cert }, /a\.cert: its key a\.key is not there/],
    ['a key without its certificate', { 'a.key': client.key }, /a\.key: its certificate a\.cert is not there/],
    ['the key of another', { 'a.cert': client.cert, 'a.key': other.key }, /a\.key: it is not the key of a\.cert/],
    [
      'several',
      { 'a.cert': client.cert, 'a.key': client.key, 'b.cert': other.cert, 'b.key': other.key },
      /several client certificates \(a, b\)/,
    ],
    ['an authority that is none', { 'ca.crt': 'planted' }, /ca\.crt: no PEM certificate in it/],
    [
      'an authority that is broken',
      { 'ca.crt': '-----BEGIN CERTIFICATE-----\nplanted\n-----END CERTIFICATE-----' },
      /ca\.crt: it is not a certificate/,
    ],
    ['a key that is none', { 'a.cert': client.cert, 'a.key': 'planted' }, /a\.key: it is not a private key/],
    ['a certificate that is none', { 'a.cert': 'planted', 'a.key': client.key }, /a\.cert: it is not a certificate/],
  ];
  for (const [what, files, message] of cases) {
    test(what, () => {
      assert.throws(
        () => certificatesIn([certsD('r.example', files)])(new URL('https://r.example/')),
        (error: Error & { code?: string }) => {
          assert.equal(error.code, 'ERR_TSRUN_CONFIG_INVALID');
          assert.match(error.message, message);
          assert.doesNotMatch(`${JSON.stringify(error)}${error.stack}`, /planted|PRIVATE/);
          return true;
        },
      );
    });
  }

  test('a --cert-dir that is not there', () => {
    const find = certificatesIn([], { folder: '/nowhere', host: 'r.example' });
    assert.throws(() => find(new URL('https://r.example/')), { code: 'ERR_TSRUN_USAGE', message: /\/nowhere: no such file/ });
    assert.equal(find(new URL('https://s.example/')), undefined);
    assert.throws(() => createPullClient({ env: {}, userAgent: 'test', settings: NO_SETTINGS, certDir: '/nowhere' }), {
      code: 'ERR_TSRUN_USAGE',
    });
  });
});

function disposable<T extends { close(): Promise<void> }>(one: T): T & AsyncDisposable {
  return { ...one, [Symbol.asyncDispose]: () => one.close() };
}
