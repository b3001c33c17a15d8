/** The distribution-spec client: what a pull asks of a registry, and (push.ts) a push. Made of Sends wrapped in Sends, the innermost first. */
import { TsrunError } from '../errors.js';
import { canonicalName, familiarRepository } from '../reference/format.js';
import { parseReference, type RegistryReference } from '../reference/parse.js';
import { isDigest } from '../spec/digest.js';
import type { Descriptor } from '../spec/image.js';
import { MANIFEST_LIMIT } from '../spec/limits.js';
import { type Asked, answerError } from './answer-failure.js';
import { type Answered, sendAuthorized } from './authorize.js';
import { streamBlob } from './blob.js';
import { buffering, readSmall } from './body.js';
import type { CertificatesFor } from './config/certificates.js';
import { candidates, type Endpoint, endpointOf, pinging } from './endpoint.js';
import { explaining, networkError, type Peer } from './failure.js';
import { DEFAULT_TUNING, type HttpRequest, type Send, type Tuning } from './http.js';
import { createInterrupt } from './interrupt.js';
import { ACCEPTED, describeManifest } from './manifest.js';
import { proxyFor } from './proxy.js';
import { createWriter, type RegistryWriter } from './push.js';
import { redirecting } from './redirect.js';
import { type RetryEvent, retryEvent, retrying } from './retry.js';
import { pulling, type Scope } from './scope.js';
import { createSecrets } from './secrets.js';
import { readTags } from './tags.js';
import { type Account, createTokens, keepSecrets, NOTHING } from './token.js';
import { createTransport } from './transport.js';

export interface RegistryClient extends RegistryWriter {
  /**
   * The manifest or index under a tag or digest: at most 4 MiB, its digest computed from the bytes.
   * @throws ERR_TSRUN_REGISTRY_*, ERR_TSRUN_BLOB_DIGEST, ERR_TSRUN_MEDIA_TYPE, ERR_TSRUN_MANIFEST_INVALID, ERR_TSRUN_INTERRUPTED
   */
  manifest(ref: RegistryReference, by: string): Promise<{ descriptor: Descriptor; bytes: Buffer }>;
  /**
   * The bytes of a blob, not verified, at most `descriptor.size + 1` of them; resumed after cuts and stalls.
   * The descriptor's `urls` are never followed.
   * @param from how many of its bytes the caller has already: they do not come again
   */
  blob(ref: RegistryReference, descriptor: Descriptor, from?: number): AsyncIterable<Uint8Array>;
  /**
   * Asks the registry itself with the user's credentials, as docker's login does: `accepted`, or `open` when it asks nobody who he is.
   * @throws ERR_TSRUN_REGISTRY_UNAUTHORIZED, and as `manifest`
   */
  check(registry: string): Promise<'accepted' | 'open'>;
  /** The repository's tags, all of them. @throws as `manifest` */
  tags(ref: RegistryReference): Promise<string[]>;
  /** Ends all connections at once; what is under way fails with ERR_TSRUN_INTERRUPTED. */
  close(): Promise<void>;
}

/** What a pull needs of it. */
export type RegistryReader = Pick<RegistryClient, 'manifest' | 'blob'>;

export interface RegistryClientOptions {
  /** proxies, extra CA file, where the credentials lie */
  env: NodeJS.ProcessEnv;
  /** false: certificates are not checked, and a registry without https is asked over http */
  tlsVerify?: boolean;
  /** Certificates of the hosts that have some of their own. Default: none. */
  certificates?: CertificatesFor;
  signal?: AbortSignal;
  /** Credentials for one registry, in place of what files and helpers have for it. */
  account?: Account;
  onRetry?: (event: RetryEvent) => void;
  onNote?: (note: string) => void;
  userAgent: string;
}

/** Opens nothing until the first request. */
export function createRegistryClient(options: RegistryClientOptions, changes: Partial<Tuning> = {}): RegistryClient {
  const { env } = options;
  const interrupt = createInterrupt(options.signal);
  const { signal } = interrupt;
  const tuning = { ...DEFAULT_TUNING, ...changes };
  const verify = options.tlsVerify !== false;
  const secrets = createSecrets();
  const onRetry = options.onRetry ?? (() => {});
  const peerOf = ({ url, about }: Pick<HttpRequest, 'url' | 'about'>): Peer => {
    const proxy = proxyFor(url, env)?.uri;
    return { registry: about.registry, host: url.host, secrets, ...(proxy === undefined ? {} : { proxy }) };
  };

  const { userAgent, certificates = () => undefined } = options;
  const transport = createTransport({ env, verify, certificates, userAgent, signal, tuning, keepSecret: secrets.keep });
  const whole = buffering(transport.send, MANIFEST_LIMIT, tuning.smallBody);
  const patient = (send: Send) => explaining(retrying(send, { tuning, signal, onRetry }), peerOf, signal);
  const small = redirecting(patient(whole));
  const large = redirecting(patient(transport.send));
  const tokens = createTokens({
    send: small,
    sendStraight: patient(whole),
    env,
    tuning,
    secrets,
    signal,
    account: options.account,
    onNote: options.onNote ?? (() => {}),
  });
  if (options.account) keepSecrets(options.account.credentials, secrets);
  const endpoints = new Map<string, Promise<Endpoint>>();

  function endpointFor(ref: RegistryReference): Promise<Endpoint> {
    const known = endpoints.get(ref.registry);
    if (known) return known;
    const found = ping(ref);
    endpoints.set(ref.registry, found);
    found.catch(() => endpoints.delete(ref.registry));
    return found;
  }

  async function ping(ref: RegistryReference): Promise<Endpoint> {
    const bases = candidates(ref.registry, verify);
    const url = new URL('/v2/', bases[0]);
    const response = await patient(pinging(whole, bases))({ method: 'GET', url, headers: {}, about: { registry: ref.registry } });
    const isFailing = response.status === 429 || response.status >= 500;
    if (isFailing) throw await answerError(response, { ref, kind: 'registry', loggedIn: false }, secrets, tuning);
    response.body.destroy();
    return endpointOf(response);
  }

  async function ask(
    send: Send,
    ref: RegistryReference,
    path: string | URL,
    init: Partial<HttpRequest>,
    scopes: readonly Scope[] = pulling(ref.repository),
  ): Promise<Answered> {
    const endpoint = await endpointFor(ref);
    const url = path instanceof URL ? path : new URL(`/v2/${ref.repository}/${path}`, endpoint.base);
    const request = { method: 'GET', url, headers: {}, about: { registry: ref.registry }, ...init } as const;
    // Credentials are for the registry's own origin, wherever it says that an upload goes
    if (url.origin !== endpoint.base.origin) return { response: await send(request), grant: NOTHING };
    return sendAuthorized(send, request, ref, endpoint, tokens, scopes);
  }

  const refusal = ({ response, grant }: Answered, asked: Pick<Asked, 'ref' | 'kind' | 'by'>) =>
    answerError(response, { ...asked, loggedIn: grant.loggedIn, missing: grant.missing }, secrets, tuning);

  async function manifest(ref: RegistryReference, by: string) {
    checkAddress(ref, by);
    const answered = await ask(small, ref, `manifests/${by}`, { headers: { accept: ACCEPTED.join(', ') } });
    if (answered.response.status !== 200) throw await refusal(answered, { ref, by, kind: 'manifest' });
    const bytes = await readSmall(answered.response, MANIFEST_LIMIT, tuning.smallBody);
    return { descriptor: describeManifest(answered.response, bytes, by, subjectOf(ref, by)), bytes };
  }

  function blob(ref: RegistryReference, descriptor: Descriptor, from: number) {
    checkAddress(ref, descriptor.digest);
    const about = { registry: ref.registry, digest: descriptor.digest };
    return streamBlob({
      descriptor,
      from,
      tuning,
      signal,
      open: async (headers) => {
        const answered = await ask(large, ref, `blobs/${descriptor.digest}`, { headers, about });
        const fits = answered.response.status === 200 || ('range' in headers && [206, 416].includes(answered.response.status));
        if (!fits) throw await refusal(answered, { ref, by: descriptor.digest, kind: 'blob' });
        return answered.response;
      },
      explain: (error, response) => networkError(error, peerOf({ url: response.url, about }), signal),
      onResume: (reason, failures) => onRetry(retryEvent(about, reason, failures)),
    });
  }

  const tags = (ref: RegistryReference) =>
    readTags(
      async (path) => {
        const answered = await ask(small, ref, path, {});
        if (answered.response.status !== 200) throw await refusal(answered, { ref, kind: 'manifest' });
        return answered.response;
      },
      ref,
      tuning,
    );

  async function check(registry: string): Promise<'accepted' | 'open'> {
    const ref: RegistryReference = { transport: 'docker', registry, repository: '' };
    const endpoint = await endpointFor(ref);
    if (endpoint.challenges.length === 0 && isSuccess(endpoint.status)) return 'open';
    const request = { method: 'GET', url: new URL('/v2/', endpoint.base), headers: {}, about: { registry } } as const;
    const answered = await sendAuthorized(small, request, ref, endpoint, tokens, []);
    if (!isSuccess(answered.response.status)) throw await refusal(answered, { ref, kind: 'registry' });
    answered.response.body.destroy();
    return 'accepted';
  }

  const writer = createWriter({
    ask,
    endpointFor,
    follow: small,
    straight: patient(whole),
    once: whole,
    explain: (error, url, about) => networkError(error, peerOf({ url, about }), signal),
    checkAddress,
    secrets,
    tuning,
    signal,
    onRetry,
  });

  const guarded = (error: unknown): never => {
    throw secrets.guard(error);
  };
  return {
    manifest: (ref, by) => manifest(ref, by).catch(guarded),
    blob: async function* (ref, descriptor, from = 0) {
      try {
        yield* blob(ref, descriptor, from);
      } catch (error) {
        guarded(error);
      }
    },
    tags: (ref) => tags(ref).catch(guarded),
    check: (registry) => check(registry).catch(guarded),
    hasBlob: (...asked) => writer.hasBlob(...asked).catch(guarded),
    mountBlob: (...asked) => writer.mountBlob(...asked).catch(guarded),
    uploadBlob: (...asked) => writer.uploadBlob(...asked).catch(guarded),
    putManifest: (...asked) => writer.putManifest(...asked).catch(guarded),
    close: () => {
      interrupt.close();
      return transport.close();
    },
  };
}

function isSuccess(status: number): boolean {
  return status >= 200 && status <= 299;
}

/** References may come from callers without having been parsed: nothing else may become part of a URL. */
function checkAddress(ref: RegistryReference, by: string): void {
  const { tag: _tag, digest: _digest, ...name } = ref;
  parseReference(`docker://${canonicalName({ ...name, ...(isDigest(by) ? { digest: by } : { tag: by }) })}`);
  if (by === '')
    throw new TsrunError('ERR_TSRUN_REFERENCE_INVALID', `${familiarRepository(ref)} without tag and digest`, { hint: 'add a tag' });
}

function subjectOf(ref: RegistryReference, by: string): string {
  return `${familiarRepository(ref)}${isDigest(by) ? '@' : ':'}${by}`;
}
