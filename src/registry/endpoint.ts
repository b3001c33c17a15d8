/** Where a registry is reached and how it wants to be asked: `GET /v2/` (distribution-spec, "Determining Support"). */
import { TsrunError } from '../errors.js';
import { DEFAULT_REGISTRY } from '../reference/name.js';
import { readSmall } from './body.js';
import { type Challenge, parseChallenges } from './challenge.js';
import { codeOf, isCertificateError } from './failure.js';
import { type HttpResponse, headersOf, type Send } from './http.js';
import { isLoopback } from './loopback.js';

export interface Endpoint {
  /** `https://host[:port]/` */
  base: URL;
  /** of the ping; empty for a registry that is open, or that asks later */
  challenges: readonly Challenge[];
  /** of the ping */
  status: number;
}

/**
 * The origins to try, in order. Loopback speaks plain http unless on port 443, and https where http turns out not to be spoken;
 * every other host https, and plain http only after `verify` was switched off.
 */
export function candidates(registry: string, verify: boolean): URL[] {
  const host = registry === DEFAULT_REGISTRY ? 'registry-1.docker.io' : registry;
  const http = new URL(`http://${host}/`);
  const https = new URL(`https://${host}/`);
  if (isLoopback(http)) return http.port === '443' ? [https] : [http, https];
  return verify ? [https] : [https, http];
}

/**
 * Pings once. The answer's status decides nothing but the challenge: some registries answer 404 here and serve manifests all the same.
 * @param send rejects with the network's own errors, so that they can be told apart
 */
export function pinging(send: Send, bases: readonly URL[]): Send {
  return async (request) => {
    const errors: unknown[] = [];
    for (const [index, base] of bases.entries()) {
      const isLast = index === bases.length - 1;
      try {
        const response = await send({ ...request, url: new URL('/v2/', base) });
        if (isLast || !(await wantsHttps(response))) return response;
      } catch (error) {
        errors.push(error);
        if (isLast || !mayBeTheScheme(error, base)) break;
      }
    }
    // http failed as http, https on its certificate: the second is the truth
    throw errors.find((error) => error instanceof TsrunError || isCertificateError(error)) ?? errors[0];
  };
}

/** What servers of Go, nginx and Apache answer to plain http on a TLS port. */
async function wantsHttps(response: HttpResponse): Promise<boolean> {
  if (response.url.protocol !== 'http:' || response.status !== 400) return false;
  const text = await readSmall(response, 64 * 1024, 5_000).catch(() => Buffer.alloc(0));
  return /HTTPS (?:server|port)|SSL-enabled/i.test(text.toString('latin1'));
}

/** After https any failure to connect may mean "plain http"; after http only an answer that is not HTTP means "https". */
function mayBeTheScheme(error: unknown, base: URL): boolean {
  if (error instanceof TsrunError) return false;
  const code = codeOf(error);
  if (base.protocol === 'http:') return /^(?:HPE_|UND_ERR_SOCKET$|ECONNRESET$|EPIPE$)/.test(code);
  return !/^(?:ENOTFOUND|EAI_|ENETUNREACH|ABORT)/.test(code);
}

export function endpointOf(response: HttpResponse): Endpoint {
  // A redirected ping still names the host that was asked: challenges of another host are not taken.
  return {
    base: new URL('/', response.url),
    challenges: parseChallenges(headersOf(response, 'www-authenticate')),
    status: response.status,
  };
}
