/** registries.conf, version 2: text → FileSettings (containers-registries.conf(5)). Pure. */
import { parse, TomlError } from 'smol-toml';
import type { TsrunError } from '../../errors.js';
import { nearest } from '../../nearest.js';
import { locationFault, prefixFault, withoutPort443, withPlainHost } from './location.js';
import { aliasesOf } from './parse-aliases.js';
import type { FileSettings, Mirror, MirrorUse, RegistryRule, ShortNameMode } from './settings.js';
import { fault, lineOf } from './text.js';

const TOP = ['unqualified-search-registries', 'credential-helpers', 'short-name-mode', 'registry', 'aliases'];
const REGISTRY = ['prefix', 'location', 'insecure', 'blocked', 'mirror', 'mirror-by-digest-only', 'pull-from-mirror'];
const MIRROR = ['location', 'insecure', 'pull-from-mirror'];
const USES: readonly string[] = ['all', 'digest-only', 'tag-only'] satisfies MirrorUse[];
const MODES: readonly string[] = ['enforcing', 'permissive', 'disabled'] satisfies ShortNameMode[];

type Table = Record<string, unknown>;

/** One table of a file, with the means to blame it. */
class Section {
  constructor(
    readonly table: Table,
    readonly blame: (key: string, what: string) => TsrunError,
  ) {}

  text(key: string): string {
    return this.#typed(key, 'string', '');
  }

  flag(key: string): boolean {
    return this.#typed(key, 'boolean', false);
  }

  /** A place, its trailing slashes left out; '' where there is none. */
  place(key: string, faultOf: (text: string) => string | undefined): string {
    const place = this.text(key).replace(/\/+$/, '');
    const why = place === '' ? undefined : faultOf(place);
    if (why !== undefined) throw this.blame(key, `${key} is ${why}`);
    return withPlainHost(place);
  }

  list(key: string): string[] | undefined {
    const value = this.table[key];
    if (value === undefined) return undefined;
    if (!Array.isArray(value) || !value.every((one) => typeof one === 'string')) throw this.blame(key, `${key} is not a list of strings`);
    return value;
  }

  oneOf<T extends string>(key: string, words: readonly string[]): T | undefined {
    const word = this.text(key);
    if (word === '') return undefined;
    if (!words.includes(word)) throw this.blame(key, `${key} is none of ${words.join(', ')}`);
    return word as T;
  }

  #typed<T extends string | boolean>(key: string, type: 'string' | 'boolean', otherwise: T): T {
    const value = this.table[key];
    if (value === undefined) return otherwise;
    if (typeof value !== type) throw this.blame(key, `${key} is not a ${type === 'string' ? 'string' : 'true or false'}`);
    return value as T;
  }
}

/**
 * @param onDebug is told of keys that are not known here, which containers/image leaves aside, too; one that looks like a slip of the hand is an error,
 *   for it may have been meant to block or to verify
 * @throws ERR_TSRUN_CONFIG_INVALID naming file and line
 */
export function parseRegistriesConf(text: string, file: string, onDebug: (fact: string) => void = () => {}): FileSettings {
  const root = new Section(parseToml(text, file), (key, what) => fault(file, lineOf(text, key), what));
  if ('registries' in root.table) {
    throw fault(file, undefined, 'it is in the format of version 1 ([registries.search]…), which is not read: write [[registry]] tables');
  }
  checkKeys(root, TOP, file, onDebug);
  const tables = tablesOf(root, 'registry');
  const rules = tables.map((table, index) => {
    const section = new Section(table, (key, what) => fault(file, lineOf(text, key, { name: 'registry', index }), what));
    checkKeys(section, REGISTRY, file, onDebug);
    const before = tables.slice(0, index).reduce((count, one) => count + (Array.isArray(one['mirror']) ? one['mirror'].length : 0), 0);
    const mirrorSection = (mirror: Table, at: number) =>
      new Section(mirror, (key, what) => fault(file, lineOf(text, key, { name: 'registry.mirror', index: before + at }), what));
    const mirrors = tablesOf(section, 'mirror').map(mirrorSection);
    for (const mirror of mirrors) checkKeys(mirror, MIRROR, file, onDebug);
    return ruleOf(section, mirrors, file);
  });
  const search = root.list('unqualified-search-registries')?.map((one) => one.replace(/\/+$/, ''));
  const wrong = search?.find((one) => locationFault(one) !== undefined);
  if (wrong !== undefined) throw root.blame('unqualified-search-registries', `${JSON.stringify(wrong)} is ${locationFault(wrong)}`);
  const mode = root.oneOf<ShortNameMode>('short-name-mode', MODES);
  // What others keep is not looked up, and a password that was to be theirs is not to lie in a file
  const helper = root.list('credential-helpers')?.find((name) => name !== 'containers-auth.json');
  if (helper !== undefined) {
    const instead = 'name it as credsStore in an auth.json instead';
    throw root.blame(
      'credential-helpers',
      `credential-helpers has ${JSON.stringify(helper)}, and knows "containers-auth.json" alone here: ${instead}`,
    );
  }
  return {
    rules: firstOfEach(rules, file),
    aliases: aliasesOf(root.table['aliases'], (name, what) => fault(file, lineOf(text, name, { name: 'aliases', index: 0 }), what)),
    ...(search === undefined ? {} : { search }),
    ...(mode === undefined ? {} : { mode }),
  };
}

function parseToml(text: string, file: string): Table {
  try {
    return parse(text, { maxDepth: 32 });
  } catch (error) {
    if (!(error instanceof TomlError)) throw fault(file, undefined, 'it is not TOML');
    const words = /^Invalid TOML document: (.*)/.exec(error.message)?.[1] ?? 'it is not TOML';
    throw fault(file, error.line, words.replace(/[^\x20-\x7e]/g, '?').slice(0, 200));
  }
}

function tablesOf(section: Section, key: string): Table[] {
  const value = section.table[key] ?? [];
  const isTable = (one: unknown) => typeof one === 'object' && one !== null && !Array.isArray(one);
  if (!Array.isArray(value) || !value.every(isTable)) throw section.blame(key, `${key} is not a list of tables: write [[${key}]]`);
  return value;
}

function checkKeys(section: Section, known: readonly string[], file: string, onDebug: (fact: string) => void): void {
  for (const key of Object.keys(section.table).filter((one) => !known.includes(one))) {
    const meant = nearest(key, known);
    if (meant !== undefined) throw section.blame(key, `${JSON.stringify(key)} is not known here: did you mean ${meant}?`);
    onDebug(`${file}: the key ${JSON.stringify(key)} is not known and left aside`);
  }
}

function ruleOf(section: Section, mirrors: readonly Section[], file: string): RegistryRule {
  const location = section.place('location', locationFault);
  const prefix = withoutPort443(section.place('prefix', prefixFault) || location);
  if (prefix === '') throw section.blame('registry', 'a [[registry]] has neither prefix nor location');
  if (location === '' && !prefix.startsWith('*.')) throw section.blame('prefix', `the registry ${prefix} has no location`);
  if (section.text('pull-from-mirror') !== '') throw section.blame('pull-from-mirror', 'pull-from-mirror belongs into [[registry.mirror]]');
  const byDigest = section.flag('mirror-by-digest-only');
  return {
    prefix,
    location,
    insecure: section.flag('insecure'),
    blocked: section.flag('blocked'),
    mirrors: mirrors.map((mirror) => mirrorOf(mirror, byDigest)),
    file,
  };
}

function mirrorOf(section: Section, byDigest: boolean): Mirror {
  const location = section.place('location', locationFault);
  if (location === '') throw section.blame('location', 'a [[registry.mirror]] has no location');
  const use = section.oneOf<MirrorUse>('pull-from-mirror', USES);
  if (byDigest && use !== undefined) {
    throw section.blame('pull-from-mirror', 'pull-from-mirror cannot be together with mirror-by-digest-only');
  }
  return { location, insecure: section.flag('insecure'), use: byDigest ? 'digest-only' : (use ?? 'all') };
}

/** As containers/image: of several with one prefix the first counts; what contradicts itself is an error. */
function firstOfEach(rules: readonly RegistryRule[], file: string): RegistryRule[] {
  const places = new Map<string, RegistryRule>();
  for (const rule of rules) {
    const place = rule.location || rule.prefix;
    const other = places.get(place) ?? rule;
    for (const key of ['insecure', 'blocked'] as const) {
      if (other[key] !== rule[key])
        throw fault(file, undefined, `the registry ${place} is there twice, with contradicting values of ${key}`);
    }
    places.set(place, other);
  }
  return rules.filter(({ prefix }, index) => rules.findIndex((one) => one.prefix === prefix) === index);
}
