/** References → text. `parseReference(canonicalName(ref))` and `parseReference(familiarName(ref))` give the same reference back. */
import { DEFAULT_REGISTRY, OFFICIAL } from './name.js';
import { parseReference, type Reference, type RegistryReference } from './parse.js';

/** Everything spelled out: `docker.io/library/alpine:latest`, `oci:DIR:ref`. The name under which the store keeps it. */
export function canonicalName(ref: Reference): string {
  if (ref.transport !== 'docker')
    return `${ref.transport}:${ref.path}${ref.ref === undefined ? '' : `:${ref.ref}`}${ref.digest === undefined ? '' : `@${ref.digest}`}`;
  return repositoryName(ref) + suffix(ref);
}

/** As short as docker shows it: `alpine:latest`. */
export function familiarName(ref: Reference): string {
  if (ref.transport !== 'docker') return canonicalName(ref);
  return familiarRepository(ref) + suffix(ref);
}

/** `docker.io/library/alpine` */
function repositoryName(ref: RegistryReference): string {
  return `${ref.registry}/${ref.repository}`;
}

/** `alpine`: for messages about the repository as a whole. */
export function familiarRepository(ref: RegistryReference): string {
  const full = repositoryName(ref);
  if (ref.registry !== DEFAULT_REGISTRY) return full;
  const official = ref.repository.startsWith(OFFICIAL) && !ref.repository.includes('/', OFFICIAL.length);
  const short = official ? ref.repository.slice(OFFICIAL.length) : ref.repository;
  return meansTheSame(short, ref) ? short : full;
}

/** `docker.io/a.b/c` must not become `a.b/c` (another registry), nor `docker.io/library/oci:1` the transport `oci:`. */
function meansTheSame(short: string, ref: RegistryReference): boolean {
  try {
    const parsed = parseReference(`${short}:tag`);
    const bare = parseReference(short);
    return [parsed, bare].every(
      (again) => again.transport === 'docker' && again.registry === ref.registry && again.repository === ref.repository,
    );
  } catch {
    return false;
  }
}

function suffix(ref: RegistryReference): string {
  return `${ref.tag === undefined ? '' : `:${ref.tag}`}${ref.digest === undefined ? '' : `@${ref.digest}`}`;
}
