/** A package registry that serves the packages of build/packages/ and knows no others: an install from it needs no network. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { basename, join } from 'node:path';
import { succeed } from './process.js';

export interface PackageRegistry extends AsyncDisposable {
  /** http://127.0.0.1:PORT/ */
  readonly url: string;
}

interface Published {
  file: string;
  manifest: { name: string; version: string };
}

export async function servePackages(directory: string): Promise<PackageRegistry> {
  const files = readdirSync(directory).filter((file) => file.endsWith('.tgz'));
  const packages = await Promise.all(files.map((file) => readPackage(join(directory, file))));
  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url ?? '').slice(1);
    const archive = packages.find(({ file }) => path === `-/${basename(file)}`);
    const named = packages.find(({ manifest }) => path === manifest.name);
    if (archive) response.end(readFileSync(archive.file));
    else if (named) response.setHeader('content-type', 'application/json').end(JSON.stringify(packument(named, url)));
    else response.writeHead(404, { 'content-type': 'application/json' }).end('{"error":"Not found"}');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as { port: number }).port}/`;
  return {
    url,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

async function readPackage(file: string): Promise<Published> {
  return { file, manifest: JSON.parse(await succeed(['tar', '-xzOf', file, 'package/package.json'])) };
}

/** What a registry answers for a name: npm's package metadata, one version. */
function packument({ file, manifest }: Published, url: string): object {
  const bytes = readFileSync(file);
  const integrity = `sha512-${createHash('sha512').update(bytes).digest('base64')}`;
  const shasum = createHash('sha1').update(bytes).digest('hex');
  const dist = { tarball: `${url}-/${basename(file)}`, integrity, shasum };
  const { name, version } = manifest;
  return {
    name,
    'dist-tags': { latest: version },
    versions: { [version]: { ...manifest, dist } },
    time: { [version]: '2026-01-01T00:00:00.000Z' },
  };
}
