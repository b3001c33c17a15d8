/** The shape of one HTTP exchange. Everything from redirects to tokens is a wrapper: a Send made from a Send. */
import type { Readable } from 'node:stream';

export interface HttpRequest {
  method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH';
  url: URL;
  /** lower-case names */
  headers: Readonly<Record<string, string>>;
  /** A stream is made anew for each try, and `content-length` says how long it is. */
  body?: string | Uint8Array | (() => AsyncIterable<Uint8Array>);
  /** For messages and events: whom the user asked, and which blob this is about. */
  about: { registry: string; digest?: string };
}

export interface HttpResponse {
  status: number;
  /** Where the answer came from: after redirects not where the request went. */
  url: URL;
  /** lower-case names; a header sent several times is a list */
  headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Must be read to its end or destroyed. Never emits an unhandled error. */
  body: Readable;
}

export type Send = (request: HttpRequest) => Promise<HttpResponse>;

/** Times in milliseconds and counts; the defaults are for people, tests use shorter ones. */
export interface Tuning {
  /** to open a connection, TLS included */
  connect: number;
  /** from sending a request to the end of the answer's headers */
  headers: number;
  /** a blob that brings (almost) nothing for so long is cut and resumed; so is an upload of which nothing is taken */
  stall: number;
  /** from the last byte of an upload to the answer: the registry may have to digest and to move it */
  digesting: number;
  /** for the whole body of a manifest, a token or an error */
  smallBody: number;
  /** bytes: a larger blob is uploaded in pieces, of which a cut costs one */
  large: number;
  /** bytes of such a piece */
  piece: number;
  /** tries of one request, and of one blob without progress */
  attempts: number;
  /** pause before the second try; doubles each time, with jitter */
  backoff: number;
  backoffCap: number;
  /** a registry that asks for a longer pause (Retry-After) is not waited for */
  retryAfterCap: number;
  /** for one answer of a credential helper, which may have to wait for its user */
  helper: number;
}

export const DEFAULT_TUNING: Tuning = {
  connect: 10_000,
  headers: 30_000,
  stall: 30_000,
  digesting: 300_000,
  smallBody: 60_000,
  large: 256 * 2 ** 20,
  piece: 64 * 2 ** 20,
  attempts: 5,
  backoff: 250,
  backoffCap: 8_000,
  retryAfterCap: 30_000,
  helper: 30_000,
};

/** The value of a header that must not come twice; several different values are as good as none. */
export function headerOf(response: HttpResponse, name: string): string | undefined {
  const value = response.headers[name];
  if (!Array.isArray(value)) return value;
  return value.every((one) => one === value[0]) ? value[0] : undefined;
}

export function headersOf(response: HttpResponse, name: string): string[] {
  const value = response.headers[name];
  return value === undefined ? [] : Array.isArray(value) ? value : [value];
}
