/** From options to a client for registries, and to where logins are: the one place that reads them. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { TsrunError } from '../errors.js';
import { registryPlaces } from '../paths.js';
import { familiarName } from '../reference/format.js';
import type { RegistryReference } from '../reference/parse.js';
import type { Credentials } from '../registry/auth-files.js';
import type { RegistryClient } from '../registry/client.js';
import type { RegistrySettings } from '../registry/config/settings.js';
import type { PullClient } from '../registry/failover.js';
import type { RetryEvent } from '../registry/retry.js';
import type { CommonOptions, PullEvent, PullOptions, RegistryOptions } from './options.js';

type Asking = RegistryOptions & Pick<CommonOptions, 'signal' | 'onNote' | 'onDebug'> & { onProgress?: (event: Reported) => void };
type Reported = Extract<PullEvent, { type: 'retry' | 'fallback' }>;

/** What this machine's and this user's files say of registries. Most starts need no parser of TOML. */
export async function readRegistries(onDebug: CommonOptions['onDebug']): Promise<RegistrySettings> {
  const { readRegistrySettings } = await import('../registry/config/read.js');
  return readRegistrySettings(registryPlaces(process.env, process.getuid?.() ?? 0), onDebug);
}

/**
 * What can be wrong before anything is asked.
 * @throws ERR_TSRUN_USAGE
 */
export function checkRegistryOptions({ authfile, creds }: RegistryOptions): void {
  if (authfile && !existsSync(authfile)) {
    throw new TsrunError('ERR_TSRUN_USAGE', `the credentials file ${authfile} is not there`, {
      subject: authfile,
      hint: 'name the file that `tsrun login --authfile` wrote',
    });
  }
  if (creds !== undefined) splitCreds(creds);
}

/**
 * A client of an image's mirrors and its own place, which is to be closed. `creds` are for that place alone.
 * @throws ERR_TSRUN_REGISTRY_BLOCKED, ERR_TSRUN_CONFIG_INVALID, ERR_TSRUN_USAGE, ERR_TSRUN_OFFLINE
 */
export async function openPull(
  { registries }: { registries: () => Promise<RegistrySettings> },
  ref: RegistryReference,
  options: Asking & Pick<PullOptions, 'offline'>,
): Promise<PullClient> {
  if (options.offline)
    throw new TsrunError(
      'ERR_TSRUN_OFFLINE',
      `${familiarName(ref)} would have to be asked for at ${ref.registry}, and --offline asks no registry`,
      {
        subject: familiarName(ref),
        hint: 'leave --offline out once, or bring the image in a file: tsrun load',
      },
    );
  const [settings, { createPullClient }, { ownPlaceOf }] = await Promise.all([
    registries(),
    import('../registry/failover.js'),
    import('../registry/config/sources.js'),
  ]);
  const { certDir, onDebug, onProgress } = options;
  return createPullClient({
    ...clientOptions(ownPlaceOf(settings, ref).ref.registry, options, credsOf(options)),
    settings,
    certDir,
    onDebug,
    onFallback: (event) => onProgress?.({ type: 'fallback', ...event }),
  });
}

/**
 * A client of one registry, which is to be closed.
 * @param tried credentials for it, in place of what files and helpers have
 */
export async function openRegistry(registry: string, options: Asking, tried: Credentials): Promise<RegistryClient> {
  return openOne(await readRegistries(options.onDebug), registry, options, tried);
}

/** Where pushed images go, which is to be closed. */
export interface PushPlace {
  client: RegistryClient;
  /** The image's own place, which may have another name than the user wrote. */
  ref: RegistryReference;
  /** Where another image is; undefined: nowhere that may be asked. */
  placeOf(ref: RegistryReference): RegistryReference | undefined;
}

/** A push goes to the image's own place, never to a mirror. @throws ERR_TSRUN_REGISTRY_BLOCKED, ERR_TSRUN_CONFIG_INVALID, ERR_TSRUN_USAGE */
export async function openPush(
  { registries }: { registries: () => Promise<RegistrySettings> },
  name: RegistryReference,
  options: Asking,
): Promise<PushPlace> {
  const [settings, { ownPlaceOf }] = await Promise.all([registries(), import('../registry/config/sources.js')]);
  const { ref, insecure } = ownPlaceOf(settings, name);
  const tlsVerify = options.tlsVerify ?? !insecure;
  const client = await openOne(settings, ref.registry, { ...options, tlsVerify }, credsOf(options));
  const placeOf = (other: RegistryReference) => {
    try {
      return ownPlaceOf(settings, other).ref;
    } catch {
      return undefined;
    }
  };
  return { client, ref, placeOf };
}

async function openOne(
  settings: RegistrySettings,
  registry: string,
  options: Asking,
  credentials: Credentials | undefined,
): Promise<RegistryClient> {
  const [{ createRegistryClient }, { certificatesIn, checkCertificates }] = await Promise.all([
    import('../registry/client.js'),
    import('../registry/config/certificates.js'),
  ]);
  const { certDir, onDebug } = options;
  if (certDir !== undefined) checkCertificates(certDir);
  const own = certDir === undefined ? undefined : { folder: certDir, host: registry };
  return createRegistryClient({
    ...clientOptions(registry, options, credentials),
    certificates: certificatesIn(settings.certificates, own, onDebug),
  });
}

function credsOf({ creds }: RegistryOptions): Credentials | undefined {
  return creds === undefined ? undefined : splitCreds(creds);
}

function clientOptions(registry: string, options: Asking, credentials: Credentials | undefined) {
  const { tlsVerify, signal, onNote, onProgress } = options;
  return {
    env: registryEnvironment(options),
    userAgent: 'tsrun',
    onRetry: (event: RetryEvent) => onProgress?.({ type: 'retry', ...event }),
    ...(credentials === undefined ? {} : { account: { registry, credentials } }),
    ...(tlsVerify === undefined ? {} : { tlsVerify }),
    ...(signal === undefined ? {} : { signal }),
    ...(onNote === undefined ? {} : { onNote }),
  };
}

/** The caller's, with the file of logins that was named. */
export function registryEnvironment({ authfile }: RegistryOptions): NodeJS.ProcessEnv {
  return authfile ? { ...process.env, REGISTRY_AUTH_FILE: resolve(authfile) } : process.env;
}

/** The value is in no message: there may be a password in it, wherever the colon is. */
function splitCreds(creds: string): { user: string; password: string } {
  const colon = creds.indexOf(':');
  const hint = 'write it as USER:PASSWORD, or log in once with `tsrun login`';
  if (colon === -1) throw new TsrunError('ERR_TSRUN_USAGE', '--creds has no password', { hint });
  if (colon === 0) throw new TsrunError('ERR_TSRUN_USAGE', '--creds has no user', { hint });
  return { user: creds.slice(0, colon), password: creds.slice(colon + 1) };
}
