/**
 * What a name without a registry means: an alias, the registries that are configured for such names, or docker.io. Nobody is asked: a run must
 * mean the same in a script and at a terminal. Pure.
 */
import { TsrunError } from '../../errors.js';
import { archiveTransport } from '../../reference/archive.js';
import { namesRegistry } from '../../reference/name.js';
import { parseReference, type RegistryReference } from '../../reference/parse.js';
import { qualified } from './location.js';
import type { RegistrySettings } from './settings.js';

/** `alpine` and `team/app:v1`, but not `docker://alpine`: with the transport it is docker's name. */
export function isShortName(text: string): boolean {
  return !text.startsWith('docker://') && archiveTransport(text) === undefined && !namesRegistry(text);
}

/**
 * What a pull of the name asks for, in order. There are several only without an alias, in the modes permissive and disabled.
 * @throws ERR_TSRUN_REFERENCE_INVALID; ERR_TSRUN_IMAGE_AMBIGUOUS in the mode enforcing, and where no registry is allowed
 */
export function pullNames(settings: RegistrySettings, text: string): RegistryReference[] {
  const docker = asDocker(text);
  if (!isShortName(text)) return [docker];
  const alias = aliased(settings, text);
  if (alias !== undefined) return [alias];
  if (settings.search === undefined) return [docker];
  const { registries, file } = settings.search;
  const names = registries.map((registry) => qualified(`${registry}/${text}`));
  if (names.length === 1 || (names.length > 1 && settings.mode !== 'enforcing')) return names;
  const [what, example] =
    names.length === 0
      ? [`${file} allows no registry for such names`, `docker.io/${text}`]
      : [`it could be in any of ${registries.join(', ')}, and short-name-mode is enforcing`, `${registries[0]}/${text}`];
  throw new TsrunError('ERR_TSRUN_IMAGE_AMBIGUOUS', `${text} does not say which registry it is in: ${what}`, {
    subject: text,
    hint: `write the whole name, such as ${example}, or give it an alias in registries.conf`,
  });
}

/** The names under which the store may have it, as podman looks: docker.io last, which is where `images` shows short names from. */
export function storeNames(settings: RegistrySettings, text: string): RegistryReference[] {
  const docker = asDocker(text);
  if (!isShortName(text)) return [docker];
  const alias = aliased(settings, text);
  const searched = (settings.search?.registries ?? []).map((registry) => qualified(`${registry}/${text}`));
  return [...(alias === undefined ? [] : [alias]), ...searched, docker];
}

function aliased({ aliases }: RegistrySettings, text: string): RegistryReference | undefined {
  const name = text.replace(/@.*$/, '').replace(/:[^/]*$/, '');
  const target = aliases.get(name);
  return target === undefined ? undefined : qualified(`${target}${text.slice(name.length)}`);
}

function asDocker(text: string): RegistryReference {
  const ref = parseReference(text);
  if (ref.transport === 'docker') return ref;
  throw new TsrunError('ERR_TSRUN_INTERNAL', `${ref.transport}: is not a registry's name`);
}
