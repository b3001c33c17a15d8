/** The places of registries.conf: `host[:port]`, `host[:port]/namespace…`, and names that begin with one. Pure. */
import { TsrunError } from '../../errors.js';
import { namesRegistry } from '../../reference/name.js';
import { parseReference, type RegistryReference } from '../../reference/parse.js';

const WILDCARD = '*.';

/** Why a text is no place of a registry, or undefined. */
export function locationFault(location: string): string | undefined {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(location)) return 'a URL, where HOST[:PORT][/NAME] is wanted: leave the scheme out';
  if (!namesRegistry(`${location}/`)) return 'no host of a registry: write its domain, or HOST:PORT';
  try {
    qualified(location.includes('/') ? location : `${location}/name`);
    return undefined;
  } catch {
    return 'not HOST[:PORT][/NAME]';
  }
}

/** Why a text is no prefix, or undefined. */
export function prefixFault(prefix: string): string | undefined {
  if (!prefix.includes('*')) return locationFault(prefix);
  const domain = prefix.startsWith(WILDCARD) ? prefix.slice(WILDCARD.length) : '';
  return /^[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*$/.test(domain)
    ? undefined
    : 'not *.DOMAIN: the star stands for what comes before a domain alone';
}

/** A name that must have its registry. @throws ERR_TSRUN_REFERENCE_INVALID */
export function qualified(name: string): RegistryReference {
  const ref = namesRegistry(name) ? parseReference(`docker://${name}`) : undefined;
  if (ref?.transport === 'docker') return ref;
  throw new TsrunError('ERR_TSRUN_REFERENCE_INVALID', `${JSON.stringify(name)} names no registry`, { hint: 'write HOST/NAME' });
}

/**
 * What of `name` follows `prefix`, or undefined when it does not begin with it. Hosts are compared without case and without :443; a prefix that is
 * a host alone is that port's alone (containers/image lets it match other ports, and says that nobody is to rely on it).
 */
export function restAfter(name: string, prefix: string): string | undefined {
  const normal = normalHost(name);
  if (prefix.startsWith(WILDCARD)) {
    const slash = normal.indexOf('/');
    const host = /^(.*?)(?::\d+)?$/.exec(normal.slice(0, slash))?.[1] ?? '';
    return host.endsWith(prefix.slice(1).toLowerCase()) && host.length >= prefix.length ? normal.slice(host.length) : undefined;
  }
  const wanted = normalHost(prefix);
  if (!normal.startsWith(wanted)) return undefined;
  const rest = normal.slice(wanted.length);
  const separators = wanted.includes('/') ? /^(?:$|[/:@])/ : /^\//;
  return separators.test(rest) ? rest : undefined;
}

function normalHost(name: string): string {
  return withoutPort443(withPlainHost(name));
}

/** The host in lower case: however it is written, it is the same. */
export function withPlainHost(name: string): string {
  const slash = `${name}/`.indexOf('/');
  return name.slice(0, slash).toLowerCase() + name.slice(slash);
}

/** As every port of a prefix is compared; where a request goes it may matter. */
export function withoutPort443(name: string): string {
  return name.replace(/^([^/]*):443(?=\/|$)/, '$1');
}
