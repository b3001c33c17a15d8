/** From what the user typed to an image in the store, by the pull policy. */
import { markUsed } from '../content/refs.js';
import { TsrunError } from '../errors.js';
import { findImage, referenceOf } from '../image/find.js';
import type { Image } from '../image/image.js';
import { askedPlatform } from '../image/platform.js';
import { canonicalName, familiarName } from '../reference/format.js';
import { DEFAULT_REGISTRY } from '../reference/name.js';
import type { Reference, RegistryReference } from '../reference/parse.js';
import { pullNames } from '../registry/config/short-names.js';
import type { Platform } from '../spec/image.js';
import { tidyLayers } from './layers.js';
import type { PullOptions, PullPolicy } from './options.js';
import { recordImage } from './record.js';
import { checkRegistryOptions, openPull } from './registry-session.js';
import type { Session } from './session.js';
import { imageNotFound } from './stored-image.js';

/** With `allPlatforms` an image that is pulled comes with all that its index names. */
type Resolving = PullOptions & { allPlatforms?: boolean };

/**
 * `newer` asks the registry as `always` does: what has not changed costs one request, for every blob is there already. Unlike `always`
 * it makes do with what the store has when the registry cannot be reached.
 */
export async function resolveImage(session: Session, text: string, policy: PullPolicy, options: Resolving): Promise<Image> {
  const image = await foundOrPulled(session, text, policy, options);
  markUsed(session.paths, image.name);
  return image;
}

async function foundOrPulled(session: Session, text: string, policy: PullPolicy, options: Resolving): Promise<Image> {
  const platform = askedPlatform(options);
  checkRegistryOptions(options);
  const ref = referenceOf(text);
  if (options.allPlatforms) checkAllPlatforms(text, ref, options);
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
  if (ref === undefined || policy === 'never') throw imageNotFound(text);
  const names = await namesOf(session, text, options);
  try {
    return await first(names, options, (name) => pull(session, name, platform, options));
  } catch (error) {
    if (policy === 'always' || !(error instanceof TsrunError) || !OUT_OF_REACH.has(error.code)) throw error;
    if (present === undefined) throw error.code === 'ERR_TSRUN_OFFLINE' ? error : outOfReach(text, names[0] ?? ref, error);
    options.onNote?.(`${error.message}: the image is run as the store has it`);
    return present;
  }
}

function checkAllPlatforms(text: string, ref: Reference | undefined, { platform, os, arch, variant }: PullOptions): void {
  if ([platform, os, arch, variant].some((each) => each !== undefined))
    throw new TsrunError('ERR_TSRUN_USAGE', '--all-platforms and --platform contradict each other', { hint: 'leave one of them out' });
  if (ref?.transport !== 'docker')
    throw new TsrunError('ERR_TSRUN_USAGE', `--all-platforms is for images of registries, and ${text} is none`, {
      subject: text,
      hint: 'tsrun load takes all that an archive has',
    });
}

/** As its registry describes it: the store is neither asked nor changed. */
export async function remoteImage(session: Session, text: string, options: PullOptions): Promise<Image> {
  const platform = askedPlatform(options);
  checkRegistryOptions(options);
  const ref = referenceOf(text);
  if (ref?.transport !== 'docker')
    throw new TsrunError('ERR_TSRUN_REFERENCE_INVALID', `${text} is no image of a registry`, {
      subject: text,
      hint: 'write it as [HOST[:PORT]/]NAME[:TAG], or leave --remote out',
    });
  const { readRemote } = await import('../image/remote.js');
  return first(await namesOf(session, text, options), options, async (name) => {
    const client = await openPull(session, name, options);
    try {
      return await readRemote(client, name, platform);
    } finally {
      await client.close();
    }
  });
}

/** Where an image of this name may be, in the order in which they are asked. */
async function namesOf(session: Session, text: string, { creds }: PullOptions): Promise<RegistryReference[]> {
  const names = pullNames(await session.registries(), text);
  if (names.length > 1 && creds !== undefined)
    throw new TsrunError('ERR_TSRUN_USAGE', `--creds are for one registry, and ${text} may be in ${names.length}`, {
      subject: text,
      hint: 'write the whole name of the image',
    });
  return names;
}

const OUT_OF_REACH: ReadonlySet<string> = new Set(['ERR_TSRUN_REGISTRY_UNREACHABLE', 'ERR_TSRUN_OFFLINE']);

/**
 * A short name that several registries may have: the next one is asked only when the one before answers that it has no such image. One that is away,
 * or wants a login, ends it: a stranger must not get to answer for it.
 */
async function first<T>(
  names: readonly RegistryReference[],
  options: PullOptions,
  ask: (name: RegistryReference) => Promise<T>,
): Promise<T> {
  for (const [at, name] of names.entries()) {
    try {
      return await ask(name);
    } catch (error) {
      const next = names[at + 1];
      if (!(error instanceof TsrunError) || next === undefined || error.code === 'ERR_TSRUN_OFFLINE') throw error;
      if (error.code !== 'ERR_TSRUN_REGISTRY_NOT_FOUND') throw notAsked(error, next);
      options.onDebug?.(`${error.message}: ${familiarName(next)} is asked`);
    }
  }
  throw new TsrunError('ERR_TSRUN_INTERNAL', 'a pull without a name');
}

function notAsked(cause: TsrunError, next: RegistryReference): TsrunError {
  const { code, message, subject, hint } = cause;
  if (code === 'ERR_TSRUN_INTERRUPTED') return cause;
  const how = `or write the whole name of the one you mean: ${canonicalName(next)} is not asked in its place`;
  return new TsrunError(code, message, {
    cause: cause.cause,
    hint: hint === undefined ? how : `${hint}; ${how}`,
    ...(subject === undefined ? {} : { subject }),
  });
}

async function pull(session: Session, ref: RegistryReference, platform: Platform | undefined, options: Resolving): Promise<Image> {
  // Most runs find their image in the store: what speaks to registries is loaded when it is needed.
  const [client, { pullImage }] = await Promise.all([openPull(session, ref, options), import('../image/pull.js')]);
  try {
    const image = await pullImage({ ...session, client }, ref, { ...options, platform });
    recordImage(session.paths, 'pull', image.name, image.name);
    return image;
  } finally {
    await client.close();
  }
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
