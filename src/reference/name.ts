/**
 * Names of images in registries: the grammar of github.com/distribution/reference with docker's defaults (its normalize.go).
 *
 *     reference      := name [":" tag] ["@" digest]
 *     name           := [domain "/"] path-component ("/" path-component)*
 *     domain         := host [":" port]
 *     path-component := [a-z0-9]+ (separator [a-z0-9]+)*       separator := "." | "_" | "__" | "-"+
 *     tag            := [A-Za-z0-9_] [A-Za-z0-9_.-]{0,127}
 */
import { isDigest } from '../spec/digest.js';
import { digestHint, LOGIN_HINT, nameHint, otherTransport, tagHint } from './hint.js';
import { checkRegistry } from './host.js';
import type { RegistryReference } from './reference.js';
import { holdsLogin, refuse } from './refuse.js';

export const DEFAULT_REGISTRY = 'docker.io';
export const OFFICIAL = 'library/';
const DEFAULT_TAG = 'latest';

const PATH = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/;
const TAG = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/;
export function isTag(text: string): boolean {
  return TAG.test(text);
}

/** RepositoryNameTotalLengthMax */
const LONGEST_REPOSITORY = 255;

/** @param text what the user typed, for messages; `name` the same without `docker://` */
export function parseName(text: string, name: string): RegistryReference {
  const at = name.indexOf('@');
  const tagged = at === -1 ? name : name.slice(0, at);
  const digest = at === -1 ? undefined : name.slice(at + 1);
  // docker refuses these because they could be image ids
  if (/^[0-9a-f]{64}$/.test(name)) throw refuse(text, 'it could be an image id', nameHint(text));
  if (holdsLogin(name)) throw refuse(text, 'it holds a login', LOGIN_HINT);
  if (/[^\x21-\x7e]/.test(name) || name.includes('://')) throw refuse(text, explain(name), nameHint(text));

  const { registry, rest } = splitRegistry(tagged);
  const colon = rest.indexOf(':');
  const repository = colon === -1 ? rest : rest.slice(0, colon);
  const tag = colon === -1 ? undefined : rest.slice(colon + 1);
  if (!PATH.test(repository)) throw refuse(text, otherTransport(name) ?? explain(repository), nameHint(text));
  if (repository.length > LONGEST_REPOSITORY) {
    throw refuse(text, `its repository is longer than ${LONGEST_REPOSITORY} characters`, 'use a shorter name');
  }
  const transport = /:\d+$/.test(registry) ? undefined : otherTransport(registry);
  if (transport !== undefined) throw refuse(text, transport, nameHint(text));
  checkRegistry(text, registry);
  if (tag !== undefined && !TAG.test(tag)) {
    throw refuse(text, otherTransport(name) ?? 'its tag is not valid', tagHint(text));
  }
  if (digest !== undefined && !isDigest(digest)) throw refuse(text, 'its digest is not valid', digestHint(digest));
  return {
    transport: 'docker',
    registry,
    repository,
    ...(tag === undefined && digest === undefined ? { tag: DEFAULT_TAG } : tag === undefined ? {} : { tag }),
    ...(digest === undefined ? {} : { digest }),
  };
}

/** normalize.go, splitDockerDomain: the first component is a host when it looks like one. */
function splitRegistry(name: string): { registry: string; rest: string } {
  const slash = name.indexOf('/');
  const first = slash === -1 ? '' : name.slice(0, slash);
  const isHost = namesRegistry(name);
  const registry = isHost ? (first === 'index.docker.io' ? DEFAULT_REGISTRY : first) : DEFAULT_REGISTRY;
  const rest = isHost ? name.slice(slash + 1) : name;
  const official = registry === DEFAULT_REGISTRY && !rest.includes('/');
  return { registry, rest: official ? OFFICIAL + rest : rest };
}

/** Does a name (without transport) begin with the host of a registry? `alpine` and `team/app` do not. */
export function namesRegistry(name: string): boolean {
  const slash = name.indexOf('/');
  const first = slash === -1 ? '' : name.slice(0, slash);
  return first === 'localhost' || /[.:]/.test(first) || first.toLowerCase() !== first;
}

/** Is it the name of a repository, without registry, tag and digest? */
export function isRepository(text: string): boolean {
  return text.length <= LONGEST_REPOSITORY && PATH.test(text);
}

function explain(name: string): string {
  if (/\s/.test(name)) return 'it contains a space or a line break';
  if (/[^\x21-\x7e]/.test(name)) return 'it contains characters that are not printable ASCII';
  if (name.includes('://')) return 'it starts with a scheme';
  if (name.split('/').some((part) => part === '.' || part === '..')) return 'it looks like a path';
  if (/[A-Z]/.test(name)) return 'a repository name must be lower case';
  if (name.split('/').includes('')) return 'it has an empty part between slashes';
  return 'its repository name is not valid';
}
