/** Authorization headers: bearer tokens (distribution "Token Authentication") and Basic, kept per registry, repository and action. */
import { TsrunError } from '../errors.js';
import type { RegistryReference } from '../reference/parse.js';
import { answerError } from './answer-failure.js';
import { parseJson, property, readSmall } from './body.js';
import type { Challenge } from './challenge.js';
import { type Credentials, type Found, findCredentials } from './credentials.js';
import type { Endpoint } from './endpoint.js';
import type { Send, Tuning } from './http.js';
import { checkMaySendCredentials, checkRealm } from './realm.js';
import type { Secrets } from './secrets.js';

/** What the requests for one repository carry. */
export interface Grant {
  /** value of Authorization; undefined when nothing is to be sent */
  header?: string;
  /** milliseconds since the epoch */
  expires: number;
  loggedIn: boolean;
  helper?: string | undefined;
}

export interface Tokens {
  /** The grant to send at once: a kept one, or a new one when the registry's ping asked for it. */
  get(ref: RegistryReference, endpoint: Endpoint): Promise<Grant>;
  /** A grant after a 401 to `stale`; the same one back when nothing better is to be had. */
  renew(ref: RegistryReference, endpoint: Endpoint, challenges: readonly Challenge[], stale: Grant): Promise<Grant>;
}

export interface TokenContext {
  send: Send;
  env: NodeJS.ProcessEnv;
  tuning: Tuning;
  secrets: Secrets;
}

const LARGEST_TOKEN = 32 * 1024;
const LARGEST_ANSWER = 1024 * 1024;
/** The specification's default; and never trusted for longer than an hour. Seconds. */
const DEFAULT_LIFE = 60;
const LONGEST_LIFE = 3600;
/** A token this close to its end would end on the way. Milliseconds. */
const MARGIN = 5_000;

const NOTHING: Grant = { expires: Number.POSITIVE_INFINITY, loggedIn: false };

export function createTokens(context: TokenContext): Tokens {
  const kept = new Map<string, Promise<Grant>>();
  // One entry per action too, as soon as there is another than pull
  const keyOf = (ref: RegistryReference, endpoint: Endpoint) => `${endpoint.base.origin} ${ref.registry}/${ref.repository} pull`;

  function obtain(key: string, ref: RegistryReference, endpoint: Endpoint, challenges: readonly Challenge[]): Promise<Grant> {
    const grant = fetchGrant(context, ref, endpoint, challenges);
    kept.set(key, grant);
    grant.catch(() => kept.get(key) === grant && kept.delete(key));
    return grant;
  }

  async function get(ref: RegistryReference, endpoint: Endpoint): Promise<Grant> {
    const key = keyOf(ref, endpoint);
    const before = kept.get(key);
    const have = await before;
    if (have && have.expires - MARGIN > Date.now()) return have;
    // Another request may have begun to renew it while this one waited
    const now = kept.get(key);
    if (now && now !== before) return now;
    return endpoint.challenges.length === 0 ? NOTHING : obtain(key, ref, endpoint, endpoint.challenges);
  }

  async function renew(ref: RegistryReference, endpoint: Endpoint, challenges: readonly Challenge[], stale: Grant): Promise<Grant> {
    const key = keyOf(ref, endpoint);
    const before = kept.get(key);
    const have = await before;
    if (have && have.header !== stale.header) return have;
    const now = kept.get(key);
    if (now && now !== before) return now;
    const isBasic = stale.header?.startsWith('Basic ') && !challenges.some(({ scheme }) => scheme === 'bearer');
    return isBasic ? stale : obtain(key, ref, endpoint, challenges);
  }

  return { get, renew };
}

async function fetchGrant(
  context: TokenContext,
  ref: RegistryReference,
  endpoint: Endpoint,
  challenges: readonly Challenge[],
): Promise<Grant> {
  const bearer = challenges.find(({ scheme }) => scheme === 'bearer');
  if (!bearer && !challenges.some(({ scheme }) => scheme === 'basic')) {
    const schemes = challenges.map(({ scheme }) => scheme).join(', ');
    throw new TsrunError('ERR_TSRUN_REGISTRY_UNAUTHORIZED', `${ref.registry} asks for a login that is not supported: ${schemes}`, {
      subject: ref.registry,
      hint: 'use a registry with token or password login',
    });
  }
  const found = await findCredentials(ref, context.env);
  const basic = found.credentials && encode(found.credentials, context.secrets);
  const standing = { loggedIn: basic !== undefined, helper: found.helper };
  if (bearer) return { ...standing, ...(await fetchToken(context, ref, endpoint, bearer, basic, found)) };
  if (basic === undefined) return { ...NOTHING, ...standing };
  checkMaySendCredentials(endpoint.base, endpoint.base);
  return { ...standing, header: basic, expires: Number.POSITIVE_INFINITY };
}

function encode({ user, password }: Credentials, secrets: Secrets): string {
  const encoded = Buffer.from(`${user}:${password}`).toString('base64');
  for (const secret of [password, encoded, encodeURIComponent(password)]) secrets.keep(secret);
  return `Basic ${encoded}`;
}

/** Only the scope that this pull needs is asked for, whatever the challenge proposes. */
async function fetchToken(
  context: TokenContext,
  ref: RegistryReference,
  endpoint: Endpoint,
  challenge: Challenge,
  basic: string | undefined,
  found: Found,
): Promise<{ header: string; expires: number }> {
  const url = checkRealm(challenge.params.get('realm'), endpoint.base);
  const service = challenge.params.get('service');
  if (service !== undefined) url.searchParams.set('service', service);
  url.searchParams.set('scope', `repository:${ref.repository}:pull`);
  if (found.credentials) url.searchParams.set('account', found.credentials.user);
  if (basic !== undefined) checkMaySendCredentials(url, endpoint.base);
  const asked = Date.now();
  const response = await context.send({
    method: 'GET',
    url,
    headers: { accept: 'application/json', ...(basic === undefined ? {} : { authorization: basic }) },
    about: { registry: ref.registry },
  });
  if (response.status !== 200) {
    const about = { ref, kind: 'token', loggedIn: basic !== undefined, helper: found.helper } as const;
    throw await answerError(response, about, context.secrets, context.tuning);
  }
  // Read already: only its size can fail here, and then there is no token
  const answer = parseJson(await readSmall(response, LARGEST_ANSWER, context.tuning.smallBody).catch(() => Buffer.alloc(0)));
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
