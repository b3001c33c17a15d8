/** A registry that takes pushes, kept in memory, and fails as a test wants. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RegistryClientOptions } from '../../src/registry/client.js';
import type { Tuning } from '../../src/registry/http.js';
import { clientFor, digestOf, type FakeServer, sendError, serve, type TlsFiles } from './fake-server.js';

export interface PushServer extends FakeServer {
  blobs: Map<string, Buffer>;
  /** by `tag` or digest */
  manifests: Map<string, Buffer>;
  /** bytes of each request body, in the order of `seen` */
  seen: { line: string; bytes: number }[];
}

/** Answers or spoils a request before the registry does; true: it is dealt with. */
export type Fault = (
  request: IncomingMessage,
  response: ServerResponse,
  registry: { sessions: Map<string, Buffer> },
) => boolean | undefined;

export interface PushServerOptions {
  fault?: Fault;
  /** of the answer to POST and PATCH */
  headers?: Record<string, string>;
  mountable?: Record<string, string[]>;
  tls?: TlsFiles;
}

export async function pushServer({ fault, headers = {}, mountable = {}, tls }: PushServerOptions = {}): Promise<PushServer> {
  const blobs = new Map<string, Buffer>();
  const manifests = new Map<string, Buffer>();
  const sessions = new Map<string, Buffer>();
  const seen: PushServer['seen'] = [];
  let count = 0;

  function begin(url: URL, response: ServerResponse): void {
    const [mount = '', from = ''] = [url.searchParams.get('mount') ?? '', url.searchParams.get('from') ?? ''];
    if (mountable[from]?.includes(mount)) return void response.writeHead(201, { location: `/v2/team/app/blobs/${mount}` }).end();
    const name = `u${++count}`;
    sessions.set(name, Buffer.alloc(0));
    response
      .writeHead(202, { location: `/v2/team/app/blobs/uploads/${name}?_state=${name}-secret-state-of-it`, range: '0-0', ...headers })
      .end();
  }

  function take(request: IncomingMessage, response: ServerResponse, url: URL, name: string): void {
    const entry = { line: `${request.method} ${request.headers['content-range'] ?? 'whole'}`, bytes: 0 };
    seen.push(entry);
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => {
      entry.bytes += chunk.length;
      chunks.push(chunk);
    });
    request.on('end', () => {
      const bytes = Buffer.concat([sessions.get(name) ?? Buffer.alloc(0), ...chunks]);
      sessions.set(name, bytes);
      if (request.method === 'PATCH') return void taken(response, name, bytes);
      sessions.delete(name);
      const digest = url.searchParams.get('digest') ?? '';
      if (digestOf(bytes) !== digest) return sendError(response, 400, 'DIGEST_INVALID', 'not the digest');
      blobs.set(digest, bytes);
      response.writeHead(201, { location: `/v2/team/app/blobs/${digest}`, 'docker-content-digest': digest }).end();
    });
  }

  function taken(response: ServerResponse, name: string, bytes: Buffer): void {
    response
      .writeHead(202, {
        location: `/v2/team/app/blobs/uploads/${name}?_state=${bytes.length}`,
        range: `0-${Math.max(0, bytes.length - 1)}`,
      })
      .end();
  }

  async function putManifest(request: IncomingMessage, response: ServerResponse, by: string): Promise<void> {
    const bytes = Buffer.concat(await request.toArray());
    for (const key of [by, digestOf(bytes)]) manifests.set(key, bytes);
    response.writeHead(201, { 'docker-content-digest': digestOf(bytes) }).end();
  }

  const server = await serve((request, response) => {
    if (request.url === '/v2/') return void response.end('{}');
    const url = new URL(request.url ?? '', 'http://registry');
    if (fault?.(request, response, { sessions })) return;
    const session = /\/blobs\/uploads\/(u\d+)$/.exec(url.pathname)?.[1];
    const by = /\/(?:blobs|manifests)\/([^/]+)$/.exec(url.pathname)?.[1] ?? '';
    if (request.method === 'POST') begin(url, response);
    else if (session !== undefined && !sessions.has(session)) sendError(response, 404, 'BLOB_UPLOAD_UNKNOWN', 'gone');
    else if (session !== undefined && request.method === 'GET') {
      response.writeHead(204, { range: `0-${Math.max(0, (sessions.get(session)?.length ?? 0) - 1)}` }).end();
    } else if (session !== undefined) take(request, response, url, session);
    else if (request.method === 'PUT') void putManifest(request, response, by);
    else if (blobs.has(by)) response.writeHead(200, { 'content-length': blobs.get(by)?.length }).end();
    else sendError(response, 404, 'BLOB_UNKNOWN', 'unknown');
  }, tls);
  return Object.assign(server, { blobs, manifests, seen });
}

/** A client that waits for a busy machine: what it saw is looked at, not how soon. */
export function calmClient(options: Partial<RegistryClientOptions> = {}, tuning: Partial<Tuning> = {}) {
  return clientFor(options, { connect: 20_000, headers: 20_000, stall: 20_000, digesting: 20_000, smallBody: 20_000, ...tuning });
}

/** Lets so many bytes of a body come into the session, and cuts the connection. */
export function cutAfter(bytes: number, request: IncomingMessage, sessions: Map<string, Buffer>): true {
  const name = /\/uploads\/(u\d+)/.exec(request.url ?? '')?.[1] ?? '';
  request.on('data', (chunk: Buffer) => {
    const before = sessions.get(name) ?? Buffer.alloc(0);
    const all = Buffer.concat([before, chunk]);
    sessions.set(name, all.subarray(0, Math.max(before.length, bytes)));
    if (all.length >= bytes) request.socket.destroy();
  });
  return true;
}

/** A registry behind a token service. The n-th token is `token-number-n`; `accepts` says which are good for what. */
export function guarded(accepts: (token: string, method: string) => boolean) {
  const scopes: string[][] = [];
  const login = Buffer.from('ada:swordfish').toString('base64');
  const options: PushServerOptions = {
    fault: (request, response) => {
      const url = new URL(request.url ?? '', 'http://registry');
      if (url.pathname === '/token') {
        if (request.headers.authorization !== `Basic ${login}`) throw new Error('who is that?');
        scopes.push(url.searchParams.getAll('scope'));
        response.end(JSON.stringify({ token: `token-number-${scopes.length}` }));
        return true;
      }
      const token = /^Bearer (\S+)$/.exec(request.headers.authorization ?? '')?.[1] ?? '';
      if (accepts(token, request.method ?? '')) return false;
      request.resume();
      const realm = `http://${request.headers.host}/token`;
      // It says the secrets back, in all that it says
      sendError(response, 401, 'UNAUTHORIZED', `no: ${token} ${login} swordfish`, { 'www-authenticate': `Bearer realm="${realm}"` });
      return true;
    },
  };
  return { scopes, start: () => pushServer(options) };
}
