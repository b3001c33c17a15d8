/** A registry that serves an image layout and holds back the end of one blob until it is told to go on. */
import { existsSync, readFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { type FakeServer, openRegistry } from '../../registry/fake-server.js';

export interface SlowRegistry extends FakeServer {
  /** The image's name there. */
  readonly image: string;
  /** Digests of its layers, the base first; the last one is held back. */
  readonly layers: string[];
  /** From now on everything is sent whole. */
  release(): void;
}

interface Manifest {
  layers: { digest: string }[];
}

/** @param directory a layout with one image and one tag */
export async function startSlowRegistry(directory: string): Promise<SlowRegistry> {
  const [target] = JSON.parse(readFileSync(join(directory, 'index.json'), 'utf8')).manifests as { digest: string; mediaType: string }[];
  if (target === undefined) throw new Error(`no image in ${directory}`);
  const blob = (digest: string) => join(directory, 'blobs/sha256', digest.replace('sha256:', ''));
  const layers = (JSON.parse(readFileSync(blob(target.digest), 'utf8')) as Manifest).layers.map(({ digest }) => digest);
  const held: (() => void)[] = [];
  let holding = true;
  const send = (response: ServerResponse, digest: string, type: string) => {
    const bytes = readFileSync(blob(digest));
    response.writeHead(200, { 'content-type': type, 'content-length': bytes.length });
    if (!holding || digest !== layers.at(-1)) return void response.end(bytes);
    response.write(bytes.subarray(0, bytes.length / 2));
    held.push(() => response.end(bytes.subarray(bytes.length / 2)));
  };
  const server = await openRegistry((request, response) => {
    const [, kind, by = ''] = /\/(manifests|blobs)\/([^/]+)$/.exec(request.url ?? '') ?? [];
    if (kind === 'manifests') send(response, target.digest, target.mediaType);
    else if (kind === 'blobs' && existsSync(blob(by))) send(response, by, 'application/octet-stream');
    else response.writeHead(404).end();
  });
  return {
    ...server,
    image: `${server.host}/team/slow:v1`,
    layers,
    release: () => {
      holding = false;
      for (const finish of held) finish();
    },
  };
}
