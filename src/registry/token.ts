/** Authorization headers: bearer tokens and Basic, kept per registry, repository and action. */
import { TsrunError } from '../errors.js';
import type { RegistryReference } from '../reference/parse.js';
import type { Credentials } from './auth-files.js';
import type { Challenge } from './challenge.js';
import { secretsOf } from './credential-helper.js';
import { type Found, findCredentials } from './credentials.js';
import type { Endpoint } from './endpoint.js';
import type { Send, Tuning } from './http.js';
import { checkMaySendCredentials } from './realm.js';
import { type Scope, scopeTexts } from './scope.js';
import type { Secrets } from './secrets.js';
import { basicHeader, fetchToken } from './token-service.js';

/** What the requests for one repository carry. */
export interface Grant {
  /** value of Authorization; undefined when nothing is to be sent */
  header?: string;
  /** milliseconds since the epoch */
  expires: number;
  loggedIn: boolean;
  missing?: string | undefined;
}

/** `scopes` is what the request does, and where. */
export interface Tokens {
  /** The grant to send at once: a kept one, or a new one when the registry's ping asked for it. */
  get(ref: RegistryReference, endpoint: Endpoint, scopes: readonly Scope[]): Promise<Grant>;
  /** A grant after a 401 to `stale`; the same one back when nothing better is to be had. */
  renew(
    ref: RegistryReference,
    endpoint: Endpoint,
    scopes: readonly Scope[],
    challenges: readonly Challenge[],
    stale: Grant,
  ): Promise<Grant>;
}

export interface TokenContext {
  send: Send;
  /** follows no redirect */
  sendStraight: Send;
  env: NodeJS.ProcessEnv;
  tuning: Tuning;
  secrets: Secrets;
  signal: AbortSignal;
  /** In place of what files and helpers have for this one registry. */
  account?: Account | undefined;
  onNote: (note: string) => void;
}

export interface Account {
  registry: string;
  credentials: Credentials;
}

/** A token this close to its end would end on the way. Milliseconds. */
const MARGIN = 5_000;

export const NOTHING: Grant = { expires: Number.POSITIVE_INFINITY, loggedIn: false };

export function createTokens(context: TokenContext): Tokens {
  const kept = new Map<string, Promise<Grant>>();
  const keyOf = (ref: RegistryReference, { base }: Endpoint, scopes: readonly Scope[]) =>
    [base.origin, ref.registry, ref.repository, ...scopeTexts(scopes)].join(' ');

  function obtain(key: string, asking: Asking): Promise<Grant> {
    const grant = fetchGrant(context, asking);
    kept.set(key, grant);
    grant.catch(() => kept.get(key) === grant && kept.delete(key));
    return grant;
  }

  async function get(ref: RegistryReference, endpoint: Endpoint, scopes: readonly Scope[]): Promise<Grant> {
    const key = keyOf(ref, endpoint, scopes);
    const before = kept.get(key);
    const have = await before;
    if (have && have.expires - MARGIN > Date.now()) return have;
    // Another request may have begun to renew it while this one waited
    const now = kept.get(key);
    if (now && now !== before) return now;
    const { challenges } = endpoint;
    return challenges.length === 0 ? NOTHING : obtain(key, { ref, endpoint, scopes, challenges });
  }

  async function renew(
    ref: RegistryReference,
    endpoint: Endpoint,
    scopes: readonly Scope[],
    challenges: readonly Challenge[],
    stale: Grant,
  ): Promise<Grant> {
    const key = keyOf(ref, endpoint, scopes);
    const before = kept.get(key);
    const have = await before;
    if (have && have.header !== stale.header) return have;
    const now = kept.get(key);
    if (now && now !== before) return now;
    const isBasic = stale.header?.startsWith('Basic ') && !challenges.some(({ scheme }) => scheme === 'bearer');
    return isBasic ? stale : obtain(key, { ref, endpoint, scopes, challenges });
  }

  return { get, renew };
}

interface Asking {
  ref: RegistryReference;
  endpoint: Endpoint;
  scopes: readonly Scope[];
  challenges: readonly Challenge[];
}

async function fetchGrant(context: TokenContext, { ref, endpoint, scopes, challenges }: Asking): Promise<Grant> {
  const challenge = challenges.find(({ scheme }) => scheme === 'bearer');
  if (!challenge && !challenges.some(({ scheme }) => scheme === 'basic')) {
    const schemes = challenges.map(({ scheme }) => scheme).join(', ');
    throw new TsrunError('ERR_TSRUN_REGISTRY_UNAUTHORIZED', `${ref.registry} asks for a login that is not supported: ${schemes}`, {
      subject: ref.registry,
      hint: 'use a registry with token or password login',
    });
  }
  const found = await credentialsFor(context, ref);
  const { credentials } = found;
  const standing = { loggedIn: credentials !== undefined, missing: found.missing?.program };
  if (credentials !== undefined) keepSecrets(credentials, context.secrets);
  if (credentials !== undefined && 'registryToken' in credentials) {
    checkMaySendCredentials(endpoint.base, endpoint.base);
    return { ...standing, header: `Bearer ${credentials.registryToken}`, expires: Number.POSITIVE_INFINITY };
  }
  if (challenge) return { ...standing, ...(await fetchToken(context, { ref, endpoint, challenge, scopes: scopeTexts(scopes), found })) };
  if (credentials === undefined) return { ...NOTHING, ...standing };
  if ('identityToken' in credentials) throw noPassword(ref);
  checkMaySendCredentials(endpoint.base, endpoint.base);
  return { ...standing, header: basicHeader(credentials), expires: Number.POSITIVE_INFINITY };
}

async function credentialsFor(context: TokenContext, ref: RegistryReference): Promise<Found> {
  const { account, onNote } = context;
  if (account?.registry === ref.registry) return { credentials: account.credentials };
  const found = await findCredentials(ref, context);
  if (found.missing !== undefined)
    onNote(`${found.missing.program}, which credsStore names, is not there: ${ref.registry} is asked without a login`);
  return found;
}

export function keepSecrets(credentials: Credentials, secrets: Secrets): void {
  const texts = Object.entries(credentials).flatMap(([name, text]: [string, string]) => (name === 'user' ? [] : secretsOf(text)));
  const basic = 'password' in credentials ? [basicHeader(credentials).slice('Basic '.length)] : [];
  for (const text of [...texts, ...basic]) secrets.keep(text);
}

function noPassword({ registry }: RegistryReference): TsrunError {
  return new TsrunError('ERR_TSRUN_REGISTRY_UNAUTHORIZED', `${registry} asks for a password, and the login for it is an identity token`, {
    subject: registry,
    hint: `log in with a password or an access token: tsrun login ${registry}`,
  });
}
