/** From what the user typed to an image in the store, by the pull policy. */
import { TsrunError } from '../errors.js';
import { importArchive } from '../image/archive.js';
import { findImage, referenceOf } from '../image/find.js';
import type { Image } from '../image/image.js';
import { parsePlatform } from '../image/platform.js';
import { pullImage } from '../image/pull.js';
import { familiarName } from '../reference/format.js';
import type { RegistryReference } from '../reference/parse.js';
import { createRegistryClient } from '../registry/client.js';
import type { Platform } from '../spec/image.js';
import type { PullOptions, PullPolicy } from './options.js';
import type { Session } from './session.js';

/** `newer` asks the registry as `always` does: what has not changed costs one request, for every blob is there already. */
export async function resolveImage(session: Session, text: string, policy: PullPolicy, options: PullOptions): Promise<Image> {
  const platform = options.platform === undefined ? undefined : parsePlatform(options.platform);
  const ref = referenceOf(text);
  if (ref !== undefined && ref.transport !== 'docker') return importArchive(session, ref, { ...options, platform });
  if (ref === undefined || policy === 'missing' || policy === 'never') {
    const present = await findImage(session, text, platform);
    if (present) return present;
  }
  if (ref === undefined || policy === 'never') throw notFound(text);
  return pull(session, ref, platform, options, policy);
}

async function pull(
  session: Session,
  ref: RegistryReference,
  platform: Platform | undefined,
  options: PullOptions,
  policy: PullPolicy,
): Promise<Image> {
  const client = createRegistryClient({
    env: process.env,
    userAgent: 'tsrun',
    onRetry: (event) => options.onProgress?.({ type: 'retry', ...event }),
    ...(options.tlsVerify === undefined ? {} : { tlsVerify: options.tlsVerify }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  try {
    return await pullImage({ ...session, client }, ref, { platform, signal: options.signal, onProgress: options.onProgress });
  } catch (error) {
    if (policy === 'missing' && error instanceof TsrunError && error.code === 'ERR_TSRUN_REGISTRY_UNREACHABLE') throw offline(ref, error);
    throw error;
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

function offline(ref: RegistryReference, cause: TsrunError): TsrunError {
  const name = familiarName(ref);
  return new TsrunError('ERR_TSRUN_REGISTRY_UNREACHABLE', `no network, and ${name} is not in the store: ${cause.message}`, {
    subject: name,
    hint: cause.hint ?? 'check the network, or load the image from an archive',
    cause,
  });
}
