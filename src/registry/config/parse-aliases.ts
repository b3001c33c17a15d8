/** `[aliases]` of registries.conf: short names and what they stand for. Pure. */
import type { TsrunError } from '../../errors.js';
import { namesRegistry } from '../../reference/name.js';
import { parseReference } from '../../reference/parse.js';
import { qualified } from './location.js';

/** @param blame makes the error for one name */
export function aliasesOf(table: unknown, blame: (name: string, what: string) => TsrunError): Map<string, string> {
  const aliases = new Map<string, string>();
  if (table === undefined) return aliases;
  if (typeof table !== 'object' || table === null || Array.isArray(table))
    throw blame('aliases', 'aliases is not a table: write [aliases]');
  for (const [name, value] of Object.entries(table)) {
    if (!isBare(name, () => !namesRegistry(name) && parseReference(`docker://${name}`))) {
      throw blame(name, `the alias ${JSON.stringify(name)} is no short name: write NAME without registry, tag and digest`);
    }
    if (typeof value !== 'string' || (value !== '' && !isBare(value, () => qualified(value)))) {
      throw blame(name, `the alias ${JSON.stringify(name)} stands for no image: write HOST/NAME without tag and digest`);
    }
    aliases.set(name, value);
  }
  return aliases;
}

/** Neither tag nor digest, and a name that parses. */
function isBare(name: string, parse: () => unknown): boolean {
  if (name.includes('@') || /:[^/]*$/.test(name)) return false;
  try {
    return Boolean(parse());
  } catch {
    return false;
  }
}
