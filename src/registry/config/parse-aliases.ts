/** `[aliases]` of registries.conf: short names and what they stand for. Pure. */
import type { TsrunError } from '../../errors.js';
import { isRepository, namesRegistry } from '../../reference/name.js';
import { locationFault } from './location.js';

/**
 * Distributions ship hundreds of them, read before a run by name: each is held against the grammar, and each host looked at once.
 * @param blame makes the error for one name
 */
export function aliasesOf(table: unknown, blame: (name: string, what: string) => TsrunError): Map<string, string> {
  const aliases = new Map<string, string>();
  if (table === undefined) return aliases;
  if (typeof table !== 'object' || table === null || Array.isArray(table))
    throw blame('aliases', 'aliases is not a table: write [aliases]');
  const hosts = new Set<string>();
  for (const [name, value] of Object.entries(table)) {
    if (namesRegistry(name) || !isRepository(name)) {
      throw blame(name, `the alias ${JSON.stringify(name)} is no short name: write NAME without registry, tag and digest`);
    }
    if (typeof value !== 'string' || (value !== '' && !isWhole(value, hosts))) {
      throw blame(name, `the alias ${JSON.stringify(name)} stands for no image: write HOST/NAME without tag and digest`);
    }
    aliases.set(name, value);
  }
  return aliases;
}

/** HOST[:PORT]/NAME. @param hosts those that are known to be right */
function isWhole(name: string, hosts: Set<string>): boolean {
  const host = name.slice(0, Math.max(0, name.indexOf('/')));
  if (!isRepository(name.slice(host.length + 1)) || (!hosts.has(host) && locationFault(host) !== undefined)) return false;
  hosts.add(host);
  return true;
}
