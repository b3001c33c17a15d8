/** Reads what this machine's and user's files say of registries. A file that is there and cannot be read or understood is an error. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { errnoOf, errnoWords, TsrunError } from '../../errors.js';
import type { RegistryPlaces } from '../../paths.js';
import { mergeSettings } from './merge.js';
import { parseRegistriesConf } from './parse.js';
import { parseDaemonJson } from './parse-daemon.js';
import type { DaemonSettings, FileSettings, RegistrySettings } from './settings.js';
import { fault, readText } from './text.js';

/**
 * The main file, then the drop-ins of the system and those of the user. A main file of the user's own stands for the whole system's, as in
 * containers/image: the system's drop-ins are then not read.
 * @throws ERR_TSRUN_CONFIG_INVALID naming the file and the line
 */
export function readRegistrySettings(places: RegistryPlaces, onDebug: (fact: string) => void = () => {}): RegistrySettings {
  const main = mainFile(places);
  const system = main?.owner === 'user' ? [] : dropIns(places.dropIns.system);
  const chosen = places.chosenAliases === undefined ? [] : [places.chosenAliases];
  const others = [...system, ...dropIns(places.dropIns.user), ...chosen].flatMap((path) => {
    const text = readText(path);
    return text === undefined ? [] : [{ path, text }];
  });
  const files = [...(main === undefined ? [] : [main]), ...others].map(({ path, text }) => {
    onDebug(`registries: read ${path}`);
    const says: FileSettings = parseRegistriesConf(text, path, onDebug);
    return { file: path, says };
  });
  return mergeSettings(files, daemonSettings(places, onDebug), places.certificates);
}

function mainFile({ main }: RegistryPlaces): { path: string; text: string; owner: string } | undefined {
  for (const { path, required, owner } of main) {
    const text = readText(path);
    if (text !== undefined) return { path, text, owner };
    if (required) throw fault(path, undefined, 'CONTAINERS_REGISTRIES_CONF names this file, and it is not there');
  }
  return undefined;
}

/** In the order of their names' bytes. */
function dropIns(folder: string | undefined): string[] {
  if (folder === undefined) return [];
  try {
    const entries = readdirSync(folder, { withFileTypes: true });
    const files = entries.filter((entry) => entry.name.endsWith('.conf') && !entry.isDirectory());
    return files.map(({ name }) => join(folder, name)).sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  } catch (error) {
    const code = errnoOf(error) ?? '';
    if (code === 'ENOENT' || code === 'ENOTDIR') return [];
    throw fault(folder, undefined, errnoWords(code), error);
  }
}

/** docker's own file may be closed to this user: without it no mirror is used and nothing is trusted, which is not weaker. */
function daemonSettings({ daemon }: RegistryPlaces, onDebug: (fact: string) => void): DaemonSettings | undefined {
  for (const path of daemon) {
    try {
      const text = readText(path);
      if (text === undefined) continue;
      const settings = parseDaemonJson(text, path);
      onDebug(`registries: read ${path}`);
      return settings;
    } catch (error) {
      const code = errnoOf((error as TsrunError).cause);
      if (!(error instanceof TsrunError) || (code !== 'EACCES' && code !== 'EPERM')) throw error;
      onDebug(`registries: ${error.message}: left aside`);
    }
  }
  return undefined;
}
