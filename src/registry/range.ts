/** Range requests and whether an answer to one can be believed. Pure. */
import { type HttpResponse, headerOf } from './http.js';

/** If-Range takes a strong validator only; with a changed blob the server then sends all of it. */
export function rangeHeaders(from: number, etag: string | undefined): Record<string, string> {
  return { range: `bytes=${from}-`, ...(etag === undefined ? {} : { 'if-range': etag }) };
}

/** The strong ETag of an answer, when it is one that may be sent back. */
export function validatorOf(response: HttpResponse): string | undefined {
  const etag = headerOf(response, 'etag');
  return etag !== undefined && /^"[\x21\x23-\x7e]{0,256}"$/.test(etag) ? etag : undefined;
}

/** A 206 counts only when it starts exactly at `from`, goes to the end, and is of the same thing (RFC 9110 §14.4). */
export function resumesAt(response: HttpResponse, from: number, size: number, etag: string | undefined): boolean {
  const range = /^bytes (\d{1,16})-(\d{1,16})\/(\d{1,16}|\*)$/.exec(headerOf(response, 'content-range') ?? '');
  if (!range || Number(range[1]) !== from || Number(range[2]) !== size - 1) return false;
  if (range[3] !== '*' && Number(range[3]) !== size) return false;
  const now = validatorOf(response);
  return etag === undefined || now === undefined || now === etag;
}
