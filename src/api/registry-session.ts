/** From options to a client for registries, and to where logins are: the one place that reads them. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { TsrunError } from '../errors.js';
import type { Credentials } from '../registry/auth-files.js';
import type { RegistryClient } from '../registry/client.js';
import type { CommonOptions, PullEvent, RegistryOptions } from './options.js';

type Asking = RegistryOptions & Pick<CommonOptions, 'signal' | 'onNote'> & { onProgress?: (event: PullEvent) => void };

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
 * A client, which is to be closed.
 * @param registry whose credentials `creds` are; any other is asked with its own
 * @param tried credentials in place of `creds`
 */
export async function openRegistry(registry: string, options: Asking, tried?: Credentials): Promise<RegistryClient> {
  const { createRegistryClient } = await import('../registry/client.js');
  const { creds, tlsVerify, signal, onNote, onProgress } = options;
  const credentials = tried ?? (creds === undefined ? undefined : splitCreds(creds));
  return createRegistryClient({
    env: registryEnvironment(options),
    userAgent: 'tsrun',
    onRetry: (event) => onProgress?.({ type: 'retry', ...event }),
    ...(credentials === undefined ? {} : { account: { registry, credentials } }),
    ...(tlsVerify === undefined ? {} : { tlsVerify }),
    ...(signal === undefined ? {} : { signal }),
    ...(onNote === undefined ? {} : { onNote }),
  });
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
