/** Registries that misbehave: real HTTP servers on loopback whose every answer the test writes. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Server, Socket } from 'node:net';
import type { RegistryReference } from '../../src/reference/parse.js';
import { createRegistryClient, type RegistryClient, type RegistryClientOptions } from '../../src/registry/client.js';
import type { Tuning } from '../../src/registry/http.js';
import type { Digest } from '../../src/spec/digest.js';
import type { Descriptor } from '../../src/spec/image.js';
import { OCI_MANIFEST } from '../../src/spec/media-types.js';

export interface FakeServer extends AsyncDisposable {
  /** 127.0.0.1:PORT */
  readonly host: string;
  readonly origin: string;
  /** Every request so far, in order. */
  readonly requests: { method: string; url: string; headers: IncomingMessage['headers'] }[];
  /** The URLs alone. */
  urls(): string[];
}

export interface TlsFiles {
  key: string;
  cert: string;
}

/** A server that asks who its clients are. */
export interface TlsAsking extends TlsFiles {
  requestCert: true;
  /** false: it asks, and answers all the same */
  rejectUnauthorized: boolean;
  ca: string;
}

/** Answers by `handler`; connections that are left open are cut when the test ends. */
export async function serve(handler: RequestListener, tls?: TlsFiles | TlsAsking): Promise<FakeServer> {
  const requests: FakeServer['requests'] = [];
  const listener: RequestListener = (request, response) => {
    requests.push({ method: request.method ?? '', url: request.url ?? '', headers: request.headers });
    response.on('error', () => {});
    handler(request, response);
  };
  const server = tls ? createTlsServer({ ...tls }, listener) : createServer(listener);
  server.on('tlsClientError', () => {});
  return { requests, urls: () => requests.map(({ url }) => url), ...(await listening(server, tls ? 'https' : 'http')) };
}

/** Any server on a free loopback port, with its connections cut at the end. */
export async function listening(server: Server, scheme: string) {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).on('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    host,
    origin: `${scheme}://${host}`,
    [Symbol.asyncDispose]: async () => {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, 'close');
    },
  };
}

/** A registry without login: pings are answered, the rest is the test's. */
export function openRegistry(handler: RequestListener, tls?: TlsFiles | TlsAsking): Promise<FakeServer> {
  return serve((request, response) => (request.url === '/v2/' ? response.end('{}') : handler(request, response)), tls);
}

export const QUICK: Tuning = {
  connect: 2_000,
  headers: 500,
  stall: 300,
  digesting: 1_000,
  smallBody: 500,
  large: 100_000,
  piece: 40_000,
  attempts: 3,
  backoff: 4,
  backoffCap: 20,
  retryAfterCap: 1_500,
  helper: 500,
};

/** A client that looks for nothing outside the test, is impatient, and closes at the end. */
export function clientFor(options: Partial<RegistryClientOptions> = {}, tuning: Partial<Tuning> = {}): RegistryClient & AsyncDisposable {
  const client = createRegistryClient({ env: {}, userAgent: 'tsrun/test', ...options }, { ...QUICK, ...tuning });
  return { ...client, [Symbol.asyncDispose]: () => client.close() };
}

export function refTo({ host }: { host: string }, repository = 'team/app'): RegistryReference {
  return { transport: 'docker', registry: host, repository, tag: 'v1' };
}

export function digestOf(bytes: string | Uint8Array): Digest {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}` as Digest;
}

export function descriptorOf(bytes: Uint8Array): Descriptor {
  return { mediaType: 'application/vnd.oci.image.layer.v1.tar', digest: digestOf(bytes), size: bytes.length };
}

export const MANIFEST = JSON.stringify({ schemaVersion: 2, mediaType: OCI_MANIFEST, config: {}, layers: [] });

export function sendManifest(response: ServerResponse, text = MANIFEST, headers: Record<string, string> = {}): void {
  response.writeHead(200, { 'content-type': OCI_MANIFEST, ...headers }).end(text);
}

export function sendError(
  response: ServerResponse,
  status: number,
  code: string,
  message: string,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify({ errors: [{ code, message }] }));
}

export async function collect(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** The TsrunError with this code, or a failed test. */
export async function failureOf(promise: Promise<unknown>, code: string): Promise<Error & { code: string; hint: string; cause?: unknown }> {
  const outcome = await promise.then(
    (value) => new Error(`resolved to ${String(value)}`),
    (error: unknown) => error,
  );
  if ((outcome as { code?: string }).code !== code) throw new Error(`expected ${code}, got: ${String(outcome)}`, { cause: outcome });
  return outcome as Error & { code: string; hint: string };
}
