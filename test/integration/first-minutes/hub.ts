/**
 * docker.io on this machine: a TLS server with certificates for its names, behind a proxy. tsrun is told of both by the environment, as
 * in a company's network, so that `alpine` means what it means everywhere.
 */
import { createServer, type RequestListener } from 'node:http';
import { connect } from 'node:net';
import { createAuthority } from '../../registry/certificates.js';
import { type FakeServer, listening, serve } from '../../registry/fake-server.js';

export interface Hub extends AsyncDisposable {
  /** For tsrun's environment. */
  readonly env: Record<string, string>;
  readonly requests: FakeServer['requests'];
}

const NAMES = 'DNS:registry-1.docker.io,DNS:auth.docker.io';

/** @param handler answers every request to registry-1.docker.io and auth.docker.io */
export async function startHub(handler: RequestListener): Promise<Hub> {
  const authority = createAuthority();
  const registry = await serve(handler, authority.issue(NAMES));
  const port = Number(registry.host.split(':')[1]);
  const tunnels = createServer((_, response) => response.writeHead(501).end());
  tunnels.on('connect', (request, socket) => {
    if (!/^(registry-1|auth)\.docker\.io:443$/.test(request.url ?? '')) return socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
    const through = connect(port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      through.pipe(socket).pipe(through);
    });
    through.on('error', () => socket.destroy());
    socket.on('error', () => through.destroy());
  });
  const proxy = await listening(tunnels, 'http');
  return {
    env: { HTTPS_PROXY: proxy.origin, NODE_EXTRA_CA_CERTS: authority.file },
    requests: registry.requests,
    [Symbol.asyncDispose]: async () => {
      await proxy[Symbol.asyncDispose]();
      await registry[Symbol.asyncDispose]();
    },
  };
}
