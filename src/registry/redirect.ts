/** Follows redirects (blobs live on other hosts) without telling those hosts our secrets. */
import { TsrunError } from '../errors.js';
import { type HttpRequest, headerOf, type Send } from './http.js';
import { isLoopback, isMachineInternal } from './loopback.js';

const MAX_HOPS = 10;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);
/** Never sent to another origin (scheme, host and port). */
const PRIVATE = new Set(['authorization', 'cookie', 'proxy-authorization']);

export function redirecting(send: Send): Send {
  return async (request) => {
    let current: HttpRequest = request;
    for (let hops = 0; ; hops++) {
      const response = await send(current);
      const location = REDIRECTS.has(response.status) ? headerOf(response, 'location') : undefined;
      if (location === undefined) return response;
      response.body.destroy();
      if (hops === MAX_HOPS) throw refused(request.url, `more than ${MAX_HOPS} redirects`);
      current = next(current, request.url, location);
    }
  };
}

function next(current: HttpRequest, first: URL, location: string): HttpRequest {
  const url = URL.canParse(location, current.url.href) ? new URL(location, current.url) : undefined;
  if (url === undefined) throw refused(first, 'a redirect that is not a URL');
  checkTarget(current.url, first, url, 'a redirect');
  url.hash = '';
  if (url.origin === current.url.origin) return { ...current, url };
  // Gone for all later hops, also when one leads back: a chain through a stranger proves nothing.
  const headers = Object.fromEntries(Object.entries(current.headers).filter(([name]) => !PRIVATE.has(name)));
  return { ...current, url, headers };
}

/** Whether what a registry names may be asked, or be sent to. @param what it is, for messages @throws ERR_TSRUN_REGISTRY_PROTOCOL */
export function checkTarget(from: URL, first: URL, to: URL, what: string): void {
  if (to.protocol !== 'https:' && to.protocol !== 'http:') throw refused(first, `${what} to ${to.protocol}`);
  if (from.protocol === 'https:' && to.protocol === 'http:') throw refused(first, `${what} from https to http (${to.host})`);
  if (to.username !== '' || to.password !== '') throw refused(first, `${what} with credentials in it (${to.host})`);
  const internal = isMachineInternal(to) || (isLoopback(to) && !isLoopback(first));
  if (internal && to.hostname !== first.hostname) throw refused(first, `${what} to an address inside this machine (${to.host})`);
}

function refused(first: URL, what: string): TsrunError {
  return new TsrunError('ERR_TSRUN_REGISTRY_PROTOCOL', `${first.host} answered with ${what}`, {
    subject: first.host,
    hint: 'do not use this registry, or ask who runs it to correct its redirects',
  });
}
