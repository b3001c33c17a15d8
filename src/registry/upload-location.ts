/** Where a registry wants the bytes of an upload, and how many of them it has (distribution-spec, "Pushing blobs"). */
import { TsrunError } from '../errors.js';
import { type HttpResponse, headerOf } from './http.js';
import { checkTarget } from './redirect.js';

export interface UploadSession {
  /** Where the next bytes go; a new one with each answer. */
  url: URL;
  /** how many bytes are there */
  offset: number;
  /** OCI-Chunk-Min-Length: no piece but the last may be shorter. 0: none was named. */
  least: number;
}

/**
 * The place that an answer names. Location is the registry's own word on where the body goes (distribution-spec: "absolute or relative"), so that
 * another host gets the bytes, which are on their way to strangers anyhow; it gets no credentials, as in containerd's pusher (client.ts sees to
 * that by the origin), and it must not be less protected than the registry, nor a host that only this machine can reach.
 * @param base the registry's origin
 * @throws ERR_TSRUN_REGISTRY_PROTOCOL
 */
function uploadUrl(response: HttpResponse, base: URL): URL {
  const location = headerOf(response, 'location');
  if (location === undefined || !URL.canParse(location, response.url.href)) {
    throw new TsrunError('ERR_TSRUN_REGISTRY_PROTOCOL', `${base.host} does not say where an upload goes`, {
      subject: base.host,
      hint: 'check that this host is a container registry',
    });
  }
  const url = new URL(location, response.url);
  // TLS that ends in front of a registry which does not know it: its Location says http
  if (base.protocol === 'https:' && url.protocol === 'http:' && url.hostname === base.hostname && ['', base.port].includes(url.port)) {
    url.protocol = base.protocol;
    url.port = base.port;
  }
  checkTarget(base, base, url, 'a place for the upload');
  url.hash = '';
  return url;
}

/** A new session. @throws ERR_TSRUN_REGISTRY_PROTOCOL */
export function newSession(response: HttpResponse, base: URL): UploadSession {
  return { url: uploadUrl(response, base), offset: 0, least: leastOf(response) };
}

/** The session after an answer to a part of it, or to the question how it stands. @param sent how many bytes were sent, as far as it does not say what came */
export function sessionAfter(response: HttpResponse, base: URL, before: UploadSession, sent: number): UploadSession {
  const url = headerOf(response, 'location') === undefined ? before.url : uploadUrl(response, base);
  return { url, offset: receivedOf(response, sent) ?? sent, least: Math.max(before.least, leastOf(response)) };
}

/** OCI-Chunk-Min-Length, as far as it is sane. */
function leastOf(response: HttpResponse): number {
  const value = headerOf(response, 'oci-chunk-min-length') ?? '';
  return /^\d{1,12}$/.test(value) ? Number(value) : 0;
}

/**
 * `Range: 0-1023` are 1024 bytes. Registries say `0-0` of one byte and of none: it is none unless one is expected.
 * Undefined when it is not said, or more than there can be.
 */
export function receivedOf(response: HttpResponse, most: number): number | undefined {
  const last = /^(?:bytes=)?0-(\d{1,15})$/.exec(headerOf(response, 'range') ?? '')?.[1];
  if (last === undefined) return undefined;
  const count = Number(last) + 1;
  if (count === 1 && most !== 1) return 0;
  return count > most ? undefined : count;
}

/** The same place, told that all is there (distribution-spec: `<location>?digest=<digest>`). What the Location has of its own stays as it is spelled. */
export function closingUrl({ url }: UploadSession, digest: string): URL {
  const closing = new URL(url);
  closing.search = `${url.search === '' ? '?' : `${url.search}&`}digest=${encodeURIComponent(digest)}`;
  return closing;
}
