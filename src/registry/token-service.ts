/** How a token service is asked: by GET with a password or with nothing, by POST with an identity token (distribution, "Token Authentication", "OAuth2"). */
import { TsrunError } from '../errors.js';
import type { RegistryReference } from '../reference/parse.js';
import { answerError } from './answer-failure.js';
import type { Credentials } from './auth-files.js';
import { parseJson, property, readSmall } from './body.js';
import type { Challenge } from './challenge.js';
import type { Found } from './credentials.js';
import type { Endpoint } from './endpoint.js';
import type { HttpResponse } from './http.js';
import { checkMaySendCredentials, checkRealm } from './realm.js';
import type { TokenContext } from './token.js';

const LARGEST_TOKEN = 32 * 1024;
const LARGEST_ANSWER = 1024 * 1024;
/** The specification's default; and never trusted for longer than an hour. Seconds. */
const DEFAULT_LIFE = 60;
const LONGEST_LIFE = 3600;
const CLIENT = 'tsrun';

export interface TokenRequest {
  ref: RegistryReference;
  endpoint: Endpoint;
  /** that of the registry, of the scheme Bearer */
  challenge: Challenge;
  /** Only these are asked for, whatever the challenge proposes. None for a login. */
  scopes: readonly string[];
  found: Found;
}

export async function fetchToken(context: TokenContext, request: TokenRequest): Promise<{ header: string; expires: number }> {
  const { ref, endpoint, challenge, found } = request;
  const url = checkRealm(challenge.params.get('realm'), endpoint.base);
  if (found.credentials !== undefined) checkMaySendCredentials(url, endpoint.base);
  const asked = Date.now();
  const response = await ask(context, request, url);
  if (response.status !== 200) {
    const about = { ref, kind: 'token', loggedIn: found.credentials !== undefined, missing: found.missing?.program } as const;
    throw await answerError(response, about, context.secrets, context.tuning);
  }
  // Read already: only its size can fail here, and then there is no token
  const answer = parseJson(await readSmall(response, LARGEST_ANSWER, context.tuning.smallBody).catch(() => Buffer.alloc(0)));
  keepRenewal(context, answer);
  const token = property(answer, 'token') || property(answer, 'access_token');
  if (typeof token !== 'string' || token.length > LARGEST_TOKEN || !/^[\x21-\x7e]+$/.test(token)) {
    throw new TsrunError('ERR_TSRUN_REGISTRY_PROTOCOL', `the token service ${url.host} answered without a usable token`, {
      subject: ref.registry,
      hint: 'try again; if it stays so, ask who runs the registry',
    });
  }
  context.secrets.keep(token);
  const life = property(answer, 'expires_in');
  const seconds = typeof life === 'number' && life > 0 ? Math.min(life, LONGEST_LIFE) : DEFAULT_LIFE;
  return { header: `Bearer ${token}`, expires: asked + seconds * 1000 };
}

/** A new identity token that nobody asked for: it is not used, and no less secret. */
function keepRenewal({ secrets }: TokenContext, answer: unknown): void {
  const renewal = property(answer, 'refresh_token');
  if (typeof renewal === 'string') secrets.keep(renewal);
}

async function ask(context: TokenContext, request: TokenRequest, url: URL): Promise<HttpResponse> {
  const { credentials } = request.found;
  if (credentials === undefined || !('identityToken' in credentials)) return askByGet(context, request, url, credentials);
  const { identityToken, user } = credentials;
  const response = await askByPost(context, request, url, identityToken);
  // Services without OAuth 2 (containerd knows GCR's, which say 404, and Artifactory's, 401) may take it for a password
  if (user === undefined || ![401, 404, 405].includes(response.status)) return response;
  response.body.destroy();
  return askByGet(context, request, url, { user, password: identityToken });
}

function askByGet(context: TokenContext, { ref, challenge, scopes }: TokenRequest, realm: URL, credentials: Credentials | undefined) {
  const url = new URL(realm);
  const service = challenge.params.get('service');
  if (service !== undefined) url.searchParams.set('service', service);
  url.searchParams.delete('scope');
  for (const scope of scopes) url.searchParams.append('scope', scope);
  const basic = credentials !== undefined && 'password' in credentials ? credentials : undefined;
  if (basic) url.searchParams.set('account', basic.user);
  const headers = { accept: 'application/json', ...(basic && { authorization: basicHeader(basic) }) };
  return context.send({ method: 'GET', url, headers, about: { registry: ref.registry } });
}

/** The identity token is in the body: it follows no redirect. */
function askByPost(context: TokenContext, { ref, challenge, scopes }: TokenRequest, url: URL, identityToken: string) {
  const form = new URLSearchParams({ grant_type: 'refresh_token', client_id: CLIENT, refresh_token: identityToken });
  const service = challenge.params.get('service');
  if (service !== undefined) form.set('service', service);
  if (scopes.length > 0) form.set('scope', scopes.join(' '));
  const headers = { accept: 'application/json', 'content-type': 'application/x-www-form-urlencoded' };
  return context.sendStraight({ method: 'POST', url, headers, body: form.toString(), about: { registry: ref.registry } });
}

export function basicHeader({ user, password }: { user: string; password: string }): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}
