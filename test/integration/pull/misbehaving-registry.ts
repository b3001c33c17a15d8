/** A registry that serves a real image from a layout, but for what a test makes it do wrong. */
import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { type FakeServer, sendError, serve } from '../../registry/fake-server.js';

export interface Asked {
  kind: 'ping' | 'manifest' | 'config' | 'layer';
  /** How many requests of this kind came before. */
  before: number;
  request: IncomingMessage;
  response: ServerResponse;
  /** What an honest registry would send. */
  honest: { body: Buffer; type: string };
}

/** True when it has answered (or will not). */
export type Fault = (asked: Asked) => boolean;

export function misbehaving(layout: string, fault: Fault): Promise<FakeServer> {
  const read = (digest: string) => readFileSync(join(layout, 'blobs/sha256', digest.replace('sha256:', '')));
  const [target] = JSON.parse(readFileSync(join(layout, 'index.json'), 'utf8')).manifests;
  const manifest = JSON.parse(read(target.digest).toString());
  const seen: Record<string, number> = {};
  return serve((request, response) => {
    const url = request.url ?? '';
    const digest = /sha256:[0-9a-f]+$/.exec(url)?.[0] ?? target.digest;
    const kind =
      url === '/v2/' ? 'ping' : url.includes('/manifests/') ? 'manifest' : digest === manifest.config.digest ? 'config' : 'layer';
    const before = seen[kind] ?? 0;
    seen[kind] = before + 1;
    const honest =
      kind === 'ping'
        ? { body: Buffer.from('{}'), type: 'application/json' }
        : { body: read(digest), type: kind === 'manifest' ? target.mediaType : 'application/octet-stream' };
    if (!fault({ kind, before, request, response, honest })) answer(request, response, honest);
  });
}

function answer({ headers }: IncomingMessage, response: ServerResponse, { body, type }: Asked['honest']): void {
  const from = /^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1];
  const rest = body.subarray(Number(from ?? 0));
  const range = from === undefined ? {} : { 'content-range': `bytes ${from}-${body.length - 1}/${body.length}` };
  response.writeHead(from === undefined ? 200 : 206, { 'content-type': type, 'content-length': rest.length, ...range }).end(rest);
}

/** What breaks in the middle of a body: half of it comes. */
function half({ response, honest: { body, type } }: Asked, then: () => void): true {
  response.writeHead(200, { 'content-type': type, 'content-length': body.length });
  response.write(body.subarray(0, body.length >> 1), then);
  return true;
}

export const cut: Fault = (asked) => half(asked, () => asked.request.socket.destroy());
export const stall: Fault = (asked) => half(asked, () => {});
export const hangUp: Fault = ({ request }) => {
  request.socket.destroy();
  return true;
};

export function status(code: number, word: string, headers: Record<string, string> = {}): Fault {
  return ({ kind, response }) => {
    if (kind === 'ping') return false;
    sendError(response, code, word, 'words of the registry', headers);
    return true;
  };
}

/** The fault for the first request of that kind alone. */
export function once(only: Asked['kind'], fault: Fault): Fault {
  return (asked) => asked.kind === only && asked.before === 0 && fault(asked);
}

export function each(only: Asked['kind'], fault: Fault): Fault {
  return (asked) => asked.kind === only && fault(asked);
}

/** @param change what is sent in place of the honest answer; its length is said when `declared` */
export function send(change: (honest: Asked['honest']) => { body?: Buffer; type?: string; declared?: boolean }): Fault {
  return ({ response, honest }) => {
    const { body, type, declared = false } = { ...honest, ...change(honest) };
    response.writeHead(200, { 'content-type': type, ...(declared ? { 'content-length': body.length } : {}) }).end(body);
    return true;
  };
}

/** A manifest whose layers say something else. */
export function edited(edit: (layers: { size: number }[]) => object): Fault {
  return send(({ body }) => {
    const manifest = JSON.parse(body.toString());
    const change = edit(manifest.layers);
    return {
      body: Buffer.from(JSON.stringify({ ...manifest, layers: manifest.layers.map((layer: object) => ({ ...layer, ...change })) })),
    };
  });
}

/** The same bytes but for one bit. */
export function flipped(body: Buffer): Buffer {
  return Buffer.concat([body.subarray(0, -1), Buffer.from([(body.at(-1) as number) ^ 1])]);
}
