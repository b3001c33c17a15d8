/** What a push asks of a registry: is it there, can it be had from next door, take it, call it so. */
import type { TsrunError } from '../errors.js';
import type { RegistryReference } from '../reference/parse.js';
import { isDigest } from '../spec/digest.js';
import type { Descriptor } from '../spec/image.js';
import type { Answered } from './authorize.js';
import type { Endpoint } from './endpoint.js';
import { type HttpRequest, headerOf, type Send, type Tuning } from './http.js';
import { assertTaken, type Pushed, pushError } from './push-failure.js';
import { type RetryEvent, retryEvent } from './retry.js';
import { pushing, type Scope } from './scope.js';
import type { Secrets } from './secrets.js';
import { type UploadRegistry, uploadBlob } from './upload.js';
import { newSession, sessionAfter, type UploadSession } from './upload-location.js';

export interface RegistryWriter {
  /** @throws ERR_TSRUN_REGISTRY_*, ERR_TSRUN_INTERRUPTED */
  hasBlob(ref: RegistryReference, descriptor: Descriptor): Promise<boolean>;
  /** Asks the registry to take a blob from another repository of its own. False where it does not, for whatever reason. @param from a repository */
  mountBlob(ref: RegistryReference, descriptor: Descriptor, from: string): Promise<boolean>;
  /** Sends a blob; goes on after cuts. @param bytes each iteration begins anew; what it throws ends the upload, of which nothing is kept */
  uploadBlob(ref: RegistryReference, descriptor: Descriptor, bytes: AsyncIterable<Uint8Array>): Promise<void>;
  /** A manifest or index under a tag or its digest. @throws ERR_TSRUN_BLOB_DIGEST when the registry took it for another one */
  putManifest(ref: RegistryReference, by: string, descriptor: Descriptor, bytes: Uint8Array): Promise<void>;
}

export interface WriterContext {
  /** Authorized where the URL is the registry's own; anything else gets the request without credentials. @param path below the repository */
  ask(send: Send, ref: RegistryReference, path: string | URL, init: Partial<HttpRequest>, scopes: readonly Scope[]): Promise<Answered>;
  endpointFor(ref: RegistryReference): Promise<Endpoint>;
  /** Follows redirects, and tries again. */
  follow: Send;
  /** Tries again. Bodies and what begins an upload follow no redirect: nobody but the registry says where they go. */
  straight: Send;
  /** One try. */
  once: Send;
  explain(error: unknown, url: URL, about: HttpRequest['about']): TsrunError;
  checkAddress(ref: RegistryReference, by: string): void;
  secrets: Secrets;
  tuning: Tuning;
  signal: AbortSignal;
  onRetry(event: RetryEvent): void;
}

export function createWriter(context: WriterContext): RegistryWriter {
  const { ask, secrets, tuning, checkAddress } = context;
  /** Those that a refused mount has left, by digest and repository. */
  const open = new Map<string, UploadSession>();
  const keyOf = (ref: RegistryReference, { digest }: Descriptor) => `${ref.registry}/${ref.repository}@${digest}`;
  const aboutOf = (ref: RegistryReference, { digest }: Descriptor) => ({ registry: ref.registry, digest });
  const refusal = ({ response, grant }: Answered, pushed: Pick<Pushed, 'ref' | 'what'>) =>
    pushError(response, { ...pushed, loggedIn: grant.loggedIn, missing: grant.missing }, secrets, tuning);

  async function hasBlob(ref: RegistryReference, descriptor: Descriptor): Promise<boolean> {
    checkAddress(ref, descriptor.digest);
    const init = { method: 'HEAD', about: aboutOf(ref, descriptor) } as const;
    const answered = await ask(context.follow, ref, `blobs/${descriptor.digest}`, init, pushing(ref.repository));
    const { response } = answered;
    response.body.destroy();
    if (response.status === 200) {
      const length = headerOf(response, 'content-length');
      const digest = headerOf(response, 'docker-content-digest');
      return (length === undefined || Number(length) === descriptor.size) && (digest === undefined || digest === descriptor.digest);
    }
    const { base } = await context.endpointFor(ref);
    // A storage service may sign a GET and nothing else; and not every registry knows HEAD
    const saysNothing = response.url.origin !== base.origin || ![401, 403, 429].includes(response.status);
    if (saysNothing && response.status < 500) return false;
    throw await refusal(answered, { ref, what: `blob ${descriptor.digest}` });
  }

  async function begin(ref: RegistryReference, descriptor: Descriptor, from?: string): Promise<{ answered: Answered; base: URL }> {
    const { base } = await context.endpointFor(ref);
    const query = from === undefined ? '' : `?${new URLSearchParams({ mount: descriptor.digest, from })}`;
    const init = { method: 'POST', headers: { 'content-length': '0' }, about: aboutOf(ref, descriptor) } as const;
    return { answered: await ask(context.straight, ref, `blobs/uploads/${query}`, init, pushing(ref.repository, from)), base };
  }

  async function mountBlob(ref: RegistryReference, descriptor: Descriptor, from: string): Promise<boolean> {
    checkAddress(ref, descriptor.digest);
    checkAddress({ ...ref, repository: from }, descriptor.digest);
    if (from === ref.repository) return false;
    const { answered, base } = await begin(ref, descriptor, from);
    const { response } = answered;
    response.body.destroy();
    if (response.status === 202) open.set(keyOf(ref, descriptor), remembered(newSession(response, base)));
    return response.status === 201;
  }

  /** What a Location carries may be good for as much as a login. */
  function remembered(session: UploadSession): UploadSession {
    for (const value of session.url.searchParams.values()) if (value.length >= 16) secrets.keep(value);
    return session;
  }

  async function upload(ref: RegistryReference, descriptor: Descriptor, bytes: AsyncIterable<Uint8Array>): Promise<void> {
    checkAddress(ref, descriptor.digest);
    const about = aboutOf(ref, descriptor);
    const { base } = await context.endpointFor(ref);
    const key = keyOf(ref, descriptor);
    const session = open.get(key);
    open.delete(key);
    const pushed = { ref, what: `blob ${descriptor.digest} (${descriptor.size} bytes)` };
    const registry: UploadRegistry = {
      begin: async () => {
        const { answered } = await begin(ref, descriptor);
        if (answered.response.status !== 202) throw await refusal(answered, pushed);
        answered.response.body.destroy();
        return remembered(newSession(answered.response, base));
      },
      send: ({ url, ...init }) => ask(context.once, ref, url, { ...init, about }, pushing(ref.repository)),
      status: (url) => ask(context.straight, ref, url, { about }, pushing(ref.repository)),
      exists: () => hasBlob(ref, descriptor),
      moved: ({ response }, before, sent) => remembered(sessionAfter(response, base, before, sent)),
      refusal: (answered) => refusal(answered, pushed),
      explain: (error, url) => context.explain(error, url, about),
    };
    const onResume = (reason: string, failures: number) => context.onRetry(retryEvent(about, reason, failures));
    await uploadBlob({ registry, descriptor, bytes, session, tuning, signal: context.signal, onResume });
  }

  async function putManifest(ref: RegistryReference, by: string, descriptor: Descriptor, bytes: Uint8Array): Promise<void> {
    checkAddress(ref, by);
    const init = { method: 'PUT', headers: { 'content-type': descriptor.mediaType }, body: bytes } as const;
    const answered = await ask(context.straight, ref, `manifests/${by}`, init, pushing(ref.repository));
    const { response } = answered;
    if (response.status < 200 || response.status > 299)
      throw await refusal(answered, { ref, what: isDigest(by) ? `the manifest ${by}` : `the tag ${by}` });
    response.body.destroy();
    assertTaken(response, descriptor.digest);
  }

  return { hasBlob, mountBlob, uploadBlob: upload, putManifest };
}
