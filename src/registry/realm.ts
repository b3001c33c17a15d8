/** Where a token may be fetched, and who may see credentials. A challenge is written by the registry, or by whoever stands in between. */
import { TsrunError } from '../errors.js';
import { bareHost, isLoopback, isMachineInternal } from './loopback.js';
import { mayShareCredentials } from './site.js';

/**
 * The token service's URL.
 * @param base where the registry itself was reached
 * @throws ERR_TSRUN_REGISTRY_PROTOCOL for a realm that no honest registry names
 */
export function checkRealm(realm: string | undefined, base: URL): URL {
  const url = realm !== undefined && URL.canParse(realm) ? new URL(realm) : undefined;
  if (url === undefined) throw refused(base, 'names no URL to get a token from');
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw refused(base, `sends for a token to ${url.protocol}`);
  if (url.username !== '' || url.password !== '') throw refused(base, 'names a token service with credentials in it');
  const sameHost = bareHost(url) === bareHost(base);
  const bothLocal = isLoopback(url) && isLoopback(base);
  if (!sameHost && !bothLocal && (isLoopback(url) || isMachineInternal(url))) {
    throw refused(base, `sends for a token to an address inside this machine (${url.host})`);
  }
  // Plain http: on this machine, or where the registry itself is reached so (--tls-verify=false)
  if (url.protocol === 'http:' && !bothLocal && !(sameHost && base.protocol === 'http:')) {
    throw refused(base, `sends for a token over plain http (${url.host})`);
  }
  url.hash = '';
  return url;
}

/** @throws ERR_TSRUN_REGISTRY_UNAUTHORIZED when the user's password must not go to `target` */
export function checkMaySendCredentials(target: URL, base: URL): void {
  if (isLoopback(target) && isLoopback(base)) return;
  if (target.protocol !== 'https:') {
    throw notSent(`the credentials for ${base.host} are not sent over plain http`, 'use https, or remove the login to pull without it');
  }
  if (target.host !== base.host && !mayShareCredentials(bareHost(base), bareHost(target))) {
    throw notSent(
      `the credentials for ${base.host} are not sent to ${target.host}, which belongs to somebody else`,
      'check the registry; remove the login to pull without it',
    );
  }
}

function notSent(message: string, hint: string): TsrunError {
  return new TsrunError('ERR_TSRUN_REGISTRY_UNAUTHORIZED', message, { hint });
}

function refused(base: URL, what: string): TsrunError {
  return new TsrunError('ERR_TSRUN_REGISTRY_PROTOCOL', `${base.host} ${what}`, {
    subject: base.host,
    hint: 'do not use this registry, or ask who runs it to correct its token service',
  });
}
