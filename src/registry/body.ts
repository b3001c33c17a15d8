/** Small bodies (manifests, tokens, errors), bounded in size and time. */
import { Readable } from 'node:stream';
import type { HttpResponse, Send } from './http.js';

export class BodyTooLarge extends Error {
  constructor(readonly limit: number) {
    super(`more than ${limit} bytes`);
  }
}

class BodyTooSlow extends Error {
  readonly code = 'UND_ERR_BODY_TIMEOUT';
}

/** The whole body. @throws BodyTooLarge beyond `limit` bytes; an error with code UND_ERR_BODY_TIMEOUT after `ms`; else what cut the connection */
export async function readSmall(response: HttpResponse, limit: number, ms: number): Promise<Buffer> {
  const { body } = response;
  const timer = setTimeout(() => body.destroy(new BodyTooSlow(`the answer did not end within ${ms / 1000} s`)), ms);
  try {
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of body as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > limit) throw new BodyTooLarge(limit);
      chunks.push(chunk);
    }
    return Buffer.concat(chunks, size);
  } finally {
    clearTimeout(timer);
    body.destroy();
  }
}

/** The same Send, with the body already read: what cuts it is then a failure of the request, and worth another try. */
export function buffering(send: Send, limit: number, ms: number): Send {
  return async (request) => {
    const response = await send(request);
    const bytes = await readSmall(response, limit, ms);
    return { ...response, body: Readable.from(bytes.length === 0 ? [] : [bytes], { objectMode: false }) };
  };
}

/** JSON of a peer, or undefined. The parser's own message quotes the text, which may hold a secret: it goes no further. */
export function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch {
    return undefined;
  }
}

/** An own property of a JSON object, or undefined. */
export function property(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined;
}
