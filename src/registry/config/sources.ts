/** Where an image is fetched from: its mirrors in order, then its own place, as the rule with the longest prefix says. Pure. */
import { BlockList, isIP } from 'node:net';
import { TsrunError } from '../../errors.js';
import { canonicalName, familiarName } from '../../reference/format.js';
import { DEFAULT_REGISTRY } from '../../reference/name.js';
import type { RegistryReference } from '../../reference/parse.js';
import { qualified, restAfter, withoutPort443 } from './location.js';
import type { Mirror, RegistryRule, RegistrySettings } from './settings.js';
import { fault } from './text.js';

export interface Source {
  /** What is asked there: the image's name, with the prefix of the rule replaced. */
  ref: RegistryReference;
  /** Plain http and unverified certificates are allowed. */
  insecure: boolean;
  /** Somebody else's copy: it is trusted with nothing that belongs to the image's own registry. */
  mirror: boolean;
}

/**
 * The sources of a pull, best first; the last is the image's own place.
 * @throws ERR_TSRUN_REGISTRY_BLOCKED; ERR_TSRUN_CONFIG_INVALID for a rule that makes no image of this name
 */
export function sourcesOf(settings: RegistrySettings, ref: RegistryReference): Source[] {
  const rule = ruleFor(settings, ref);
  if (rule === undefined) return withoutRule(settings, ref);
  const kind = ref.digest === undefined ? 'tag-only' : 'digest-only';
  const mirrors = rule.mirrors.filter(({ use }) => use === 'all' || use === kind);
  return [...mirrors.map((mirror) => mirrorSource(rule, mirror, ref)), ownSource(rule, ref)];
}

/** Where a push goes, or whoever asks for the registry's own answer: as sourcesOf, without mirrors. */
export function ownPlaceOf(settings: RegistrySettings, ref: RegistryReference): Source {
  return sourcesOf(settings, ref).at(-1) as Source;
}

/** The rule with the longest prefix. @throws ERR_TSRUN_REGISTRY_BLOCKED */
function ruleFor({ rules }: RegistrySettings, ref: RegistryReference): RegistryRule | undefined {
  const name = canonicalName(ref);
  // A star says nothing of the host: the host itself goes before it
  const length = (rule: RegistryRule | undefined) => rule?.prefix.replace('*', '').length ?? 0;
  const covering = rules.filter(({ prefix }) => restAfter(name, prefix) !== undefined);
  const found = covering.reduce<RegistryRule | undefined>((best, rule) => (length(rule) > length(best) ? rule : best), undefined);
  if (!found?.blocked) return found;
  throw new TsrunError('ERR_TSRUN_REGISTRY_BLOCKED', `${familiarName(ref)} is refused: ${found.file} blocks ${found.prefix}`, {
    subject: familiarName(ref),
    hint: `use another registry, or have ${found.file} changed`,
  });
}

function ownSource(rule: RegistryRule, ref: RegistryReference): Source {
  const target = rule.location === '' || withoutPort443(rule.location) === rule.prefix ? ref : rewritten(rule, rule.location, ref);
  return { ref: target, insecure: rule.insecure, mirror: false };
}

function mirrorSource(rule: RegistryRule, { location, insecure }: Mirror, ref: RegistryReference): Source {
  return { ref: rewritten(rule, location, ref), insecure, mirror: true };
}

function rewritten({ prefix, file }: Pick<RegistryRule, 'prefix' | 'file'>, location: string, ref: RegistryReference): RegistryReference {
  const name = canonicalName(ref);
  const target = `${location}${restAfter(name, prefix) ?? ''}`;
  try {
    return qualified(target);
  } catch (cause) {
    throw fault(file, undefined, `it makes ${JSON.stringify(target)} of ${familiarName(ref)}, which names no image`, cause);
  }
}

/** docker's settings count where no rule of registries.conf does. */
function withoutRule({ daemon }: RegistrySettings, ref: RegistryReference): Source[] {
  const own = { ref, insecure: daemon !== undefined && isListed(daemon.insecure, ref.registry), mirror: false };
  if (daemon === undefined || ref.registry !== DEFAULT_REGISTRY) return [own];
  const rule = { prefix: DEFAULT_REGISTRY, file: daemon.file };
  const mirrors = daemon.mirrors.map(({ location, insecure }) => ({
    ref: rewritten(rule, location, ref),
    insecure: insecure || isListed(daemon.insecure, location),
    mirror: true,
  }));
  return [...mirrors, own];
}

/** docker's list has hosts and ranges of addresses. Names are not looked up here: a range covers only hosts that are written as addresses. */
function isListed(list: readonly string[], registry: string): boolean {
  const name = registry.toLowerCase();
  const url = new URL(`https://${name}/`);
  const address = url.hostname.replace(/^\[|\]$/g, '');
  const version = isIP(address);
  return list.some((entry) => {
    const [network = '', bits = ''] = entry.split('/');
    if (bits === '') return entry.toLowerCase() === name;
    if (version === 0 || isIP(network) !== version || !/^\d{1,3}$/.test(bits) || Number(bits) > (version === 4 ? 32 : 128)) return false;
    const range = new BlockList();
    const family = version === 4 ? 'ipv4' : 'ipv6';
    range.addSubnet(network, Number(bits), family);
    return range.check(address, family);
  });
}
