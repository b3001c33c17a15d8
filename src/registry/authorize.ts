/** Adds the Authorization that the registry asks for, and answers one 401 with a new one. */
import type { RegistryReference } from '../reference/parse.js';
import { parseChallenges } from './challenge.js';
import type { Endpoint } from './endpoint.js';
import { type HttpRequest, type HttpResponse, headersOf, type Send } from './http.js';
import type { Scope } from './scope.js';
import type { Grant, Tokens } from './token.js';

export interface Answered {
  response: HttpResponse;
  grant: Grant;
}

/**
 * Like `send`, and tells which grant the answer was given to.
 * @param scopes what the request does, and where: no more than that is asked for
 */
export async function sendAuthorized(
  send: Send,
  request: HttpRequest,
  ref: RegistryReference,
  endpoint: Endpoint,
  tokens: Tokens,
  scopes: readonly Scope[],
): Promise<Answered> {
  const grant = await tokens.get(ref, endpoint, scopes);
  const response = await send(withGrant(request, grant));
  // A challenge counts only from the registry itself, not from where it redirected to
  if (response.status !== 401 || response.url.origin !== endpoint.base.origin) return { response, grant };
  const challenges = parseChallenges(headersOf(response, 'www-authenticate'));
  if (challenges.length === 0) return { response, grant };
  const better = await tokens.renew(ref, endpoint, scopes, challenges, grant).catch((error: unknown) => {
    response.body.destroy();
    throw error;
  });
  if (better.header === grant.header) return { response, grant: better };
  response.body.destroy();
  return { response: await send(withGrant(request, better)), grant: better };
}

function withGrant(request: HttpRequest, { header }: Grant): HttpRequest {
  return header === undefined ? request : { ...request, headers: { ...request.headers, authorization: header } };
}
