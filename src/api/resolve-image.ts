/** From what the user typed to an image in the store, by the pull policy. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { markUsed } from '../content/refs.js';
import { TsrunError } from '../errors.js';
import { findImage, referenceOf } from '../image/find.js';
import type { Image } from '../image/image.js';
import { askedPlatform } from '../image/platform.js';
import { DEFAULT_REGISTRY } from '../reference/name.js';
import type { RegistryReference } from '../reference/parse.js';
import type { Platform } from '../spec/image.js';
import { tidyLayers } from './layers.js';
import type { PullOptions, PullPolicy } from './options.js';
import { recordImage } from './record.js';
import type { Session } from './session.js';

/**
 * `newer` asks the registry as `always` does: what has not changed costs one request, for every blob is there already. Unlike `always`
 * it makes do with what the store has when the registry cannot be reached.
 */
export async function resolveImage(session: Session, text: string, policy: PullPolicy, options: PullOptions): Promise<Image> {
  const image = await foundOrPulled(session, text, policy, options);
  markUsed(session.paths, image.name);
  return image;
}

async function foundOrPulled(session: Session, text: string, policy: PullPolicy, options: PullOptions): Promise<Image> {
  const platform = askedPlatform(options);
  const { authfile } = options;
  if (authfile && !existsSync(authfile))
    throw new TsrunError('ERR_TSRUN_USAGE', `the credentials file ${authfile} is not there`, {
      subject: authfile,
      hint: 'name the file that podman login wrote',
    });
  const ref = referenceOf(text);
  if (ref !== undefined && ref.transport !== 'docker') {
    const { importArchive } = await import('../image/archive.js');
    let replaced = false;
    const onReplaced = () => {
      replaced = true;
    };
    const image = await importArchive(session, ref, { ...options, platform, onReplaced });
    if (replaced) await tidyLayers(session, options);
    return image;
  }
  const present = ref !== undefined && policy === 'always' ? undefined : await findImage(session, text, platform);
  if (present !== undefined && (ref === undefined || policy !== 'newer')) return present;
  if (ref === undefined || policy === 'never') throw notFound(text);
  try {
    return await pull(session, ref, platform, options);
  } catch (error) {
    if (policy === 'always' || !(error instanceof TsrunError) || error.code !== 'ERR_TSRUN_REGISTRY_UNREACHABLE') throw error;
    if (present === undefined) throw outOfReach(text, ref, error);
    options.onNote?.(`${error.message}: the image is run as the store has it`);
    return present;
  }
}

async function pull(session: Session, ref: RegistryReference, platform: Platform | undefined, options: PullOptions): Promise<Image> {
  // Most runs find their image in the store: what speaks to registries is loaded when it is needed.
  const [{ createRegistryClient }, { pullImage }] = await Promise.all([import('../registry/client.js'), import('../image/pull.js')]);
  const client = createRegistryClient({
    env: options.authfile ? { ...process.env, REGISTRY_AUTH_FILE: resolve(options.authfile) } : process.env,
    userAgent: 'tsrun',
    onRetry: (event) => options.onProgress?.({ type: 'retry', ...event }),
    ...(options.tlsVerify === undefined ? {} : { tlsVerify: options.tlsVerify }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  try {
    const image = await pullImage({ ...session, client }, ref, { platform, signal: options.signal, onProgress: options.onProgress });
    recordImage(session.paths, 'pull', image.name, image.name);
    return image;
  } finally {
    await client.close();
  }
}

function notFound(text: string): TsrunError {
  return new TsrunError('ERR_TSRUN_IMAGE_NOT_FOUND', `no image ${text} in the store`, {
    subject: text,
    hint: `pull it first: tsrun pull ${text}`,
  });
}

const NO_NETWORK = ['EAI_AGAIN', 'EAI_FAIL', 'ENETUNREACH', 'ENETDOWN', 'EHOSTUNREACH', 'EADDRNOTAVAIL'];

/** A name that nobody knows is a slip of the hand, but for the one that everybody knows. */
function outOfReach(text: string, { registry }: RegistryReference, cause: TsrunError): TsrunError {
  const code = (cause.cause as { code?: string } | undefined)?.code ?? '';
  const offline = NO_NETWORK.includes(code) || (code === 'ENOTFOUND' && registry === DEFAULT_REGISTRY);
  return new TsrunError(cause.code, `${offline ? 'no network' : cause.message}, and ${text} is not in the store`, {
    subject: text,
    hint: offline ? 'check the network; behind a proxy set HTTPS_PROXY' : (cause.hint ?? 'check the network'),
    cause,
  });
}
