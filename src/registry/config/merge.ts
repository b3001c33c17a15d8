/** Several files → one: later files replace what earlier ones say (containers-registries.conf.d(5)). Pure. */
import { type DaemonSettings, type FileSettings, NO_SETTINGS, type RegistrySettings } from './settings.js';

/** @param files in the order in which they are read */
export function mergeSettings(
  files: readonly { file: string; says: FileSettings }[],
  daemon?: DaemonSettings,
  certificates: readonly string[] = [],
): RegistrySettings {
  const merged = files.reduce(mergeFile, NO_SETTINGS);
  return { ...merged, certificates, ...(daemon === undefined ? {} : { daemon }) };
}

/** A list is replaced as a whole, also by an empty one; a rule is by the rule with the same prefix. */
function mergeFile(before: RegistrySettings, { file, says }: { file: string; says: FileSettings }): RegistrySettings {
  const replaced = new Set(says.rules.map(({ prefix }) => prefix));
  const aliases = new Map(before.aliases);
  for (const [name, value] of says.aliases) {
    if (value === '') aliases.delete(name);
    else aliases.set(name, value);
  }
  return {
    ...before,
    aliases,
    rules: [...before.rules.filter(({ prefix }) => !replaced.has(prefix)), ...says.rules],
    mode: says.mode ?? before.mode,
    ...(says.search === undefined ? {} : { search: { registries: says.search, file } }),
  };
}
