/**
 * A registry client over several sources: an image's mirrors in order, then its own place. Whatever ends a mirror leads to the next one; nothing
 * that a mirror says is believed without its digest, and each source is asked by a client of its own, with credentials for itself alone.
 */
import { TsrunError } from '../errors.js';
import { canonicalName } from '../reference/format.js';
import type { RegistryReference } from '../reference/parse.js';
import type { Descriptor } from '../spec/image.js';
import { createRegistryClient, type RegistryClient, type RegistryClientOptions, type RegistryReader } from './client.js';
import { certificatesIn, checkCertificates } from './config/certificates.js';
import type { RegistrySettings } from './config/settings.js';
import { type Source, sourcesOf } from './config/sources.js';
import { DEFAULT_TUNING, type Tuning } from './http.js';
import { createRoute, type Route } from './route.js';

export interface PullClientOptions extends Omit<RegistryClientOptions, 'certificates'> {
  settings: RegistrySettings;
  /** `--cert-dir`: certificates for the image's own place, not for its mirrors */
  certDir?: string | undefined;
  /** A source failed, and the next one is asked. */
  onFallback?: ((event: FallbackEvent) => void) | undefined;
  onDebug?: ((fact: string) => void) | undefined;
}

export interface FallbackEvent {
  /** hosts */
  from: string;
  to: string;
  reason: string;
  digest?: string;
}

export interface PullClient extends RegistryReader, Pick<RegistryClient, 'close'> {
  /**
   * What blob() gave was not what its digest says. True when another source is left: the next blob() takes it from there.
   */
  distrust(ref: RegistryReference, descriptor: Descriptor): boolean;
}

/** A mirror is a shortcut: one that is away must not cost what waiting for the registry itself may. */
const HURRIED = { connect: 3_000, headers: 10_000, attempts: 2, retryAfterCap: 2_000 } as const;

/** Opens nothing until the first request. @throws ERR_TSRUN_USAGE without the folder of certificates; its methods as createRegistryClient's do, ERR_TSRUN_REGISTRY_BLOCKED, ERR_TSRUN_CONFIG_INVALID */
export function createPullClient(options: PullClientOptions, changes: Partial<Tuning> = {}): PullClient {
  const { settings, certDir, onFallback = () => {}, onDebug = () => {}, ...shared } = options;
  const clients = new Map<string, RegistryClient>();
  const routes = new Map<string, Route>();
  const tuning = { ...DEFAULT_TUNING, ...changes };
  const hurried = Object.fromEntries(Object.entries(HURRIED).map(([key, most]) => [key, Math.min(most, tuning[key as keyof Tuning])]));
  if (certDir !== undefined) checkCertificates(certDir);

  function clientOf({ ref, insecure, mirror }: Source): RegistryClient {
    // Another client: another trust, other connections, other tokens
    const key = `${mirror ? 'mirror' : ref.registry} ${insecure}`;
    const known = clients.get(key);
    if (known) return known;
    const own = mirror || certDir === undefined ? undefined : { folder: certDir, host: ref.registry };
    const certificates = certificatesIn(settings.certificates, own, onDebug);
    // What the caller says of verification goes before what the files say
    const tlsVerify = shared.tlsVerify ?? !insecure;
    const client = createRegistryClient({ ...shared, tlsVerify, certificates }, { ...changes, ...(mirror ? hurried : {}) });
    clients.set(key, client);
    return client;
  }

  function routeOf(ref: RegistryReference): Route {
    const name = canonicalName(ref);
    const route = routes.get(name) ?? createRoute(sourcesOf(settings, ref));
    routes.set(name, route);
    return route;
  }

  /** The source after a failed one, or the failure that ends it all. */
  function after(failed: Source, next: Source | undefined, error: unknown, before: readonly TsrunError[], digest?: string): Source {
    if (!(error instanceof TsrunError) || error.code === 'ERR_TSRUN_INTERRUPTED') throw error;
    if (next === undefined) throw withMirrors(error, before);
    const event = { from: failed.ref.registry, to: next.ref.registry, reason: error.message, ...(digest === undefined ? {} : { digest }) };
    onDebug(`${event.from}: ${event.reason}: ${event.to} is asked`);
    onFallback(event);
    return next;
  }

  async function manifest(ref: RegistryReference, by: string) {
    const route = routeOf(ref);
    const isTop = by === topOf(ref);
    const failures: TsrunError[] = [];
    const order = route.order();
    for (let at = 0; ; at++) {
      const source = order[at] as Source;
      try {
        const found = await clientOf(source).manifest(source.ref, isTop ? topOf(source.ref) : by);
        route.served(source);
        onDebug(`manifest ${found.descriptor.digest}: from ${canonicalName(source.ref)}`);
        return found;
      } catch (error) {
        after(source, order[at + 1], error, failures);
        route.failed(source, error as TsrunError);
        failures.push(error as TsrunError);
      }
    }
  }

  async function* blob(ref: RegistryReference, descriptor: Descriptor, from = 0) {
    const route = routeOf(ref);
    const failures: TsrunError[] = [];
    const order = route.order(descriptor.digest);
    let sent = from;
    for (let at = 0; ; at++) {
      const source = order[at] as Source;
      route.takes(descriptor.digest, source);
      try {
        for await (const chunk of clientOf(source).blob(source.ref, descriptor, sent)) {
          sent += chunk.length;
          yield chunk;
        }
        onDebug(`blob ${descriptor.digest}: from ${canonicalName(source.ref)}`);
        return;
      } catch (error) {
        after(source, order[at + 1], error, failures, descriptor.digest);
        route.failed(source, error as TsrunError);
        failures.push(error as TsrunError);
      }
    }
  }

  function distrust(ref: RegistryReference, descriptor: Descriptor): boolean {
    const { digest } = descriptor;
    const { refused, next } = routeOf(ref).distrust(digest);
    if (refused === undefined || next === undefined) return false;
    const event = { from: refused.ref.registry, to: next.ref.registry, reason: 'the bytes are not what their digest says', digest };
    onDebug(`${event.from}: ${digest}: ${event.reason}: ${event.to} is asked`);
    onFallback(event);
    return true;
  }

  return {
    manifest,
    blob,
    distrust,
    close: async () => {
      await Promise.all([...clients.values()].map((client) => client.close()));
    },
  };
}

function topOf(ref: RegistryReference): string {
  return ref.digest ?? ref.tag ?? 'latest';
}

/** The failure of the image's own place, and in the same sentence those of its mirrors. */
function withMirrors(error: TsrunError, mirrors: readonly TsrunError[]): TsrunError {
  if (mirrors.length === 0) return error;
  const { code, message, subject, hint, cause } = error;
  return new TsrunError(code, `${message} (before that: ${mirrors.map((one) => one.message).join('; ')})`, {
    cause,
    ...(subject === undefined ? {} : { subject }),
    ...(hint === undefined ? {} : { hint }),
  });
}
