/** The caller's id mapping with the programs that write it: what every entry into a user namespace needs. */
import { join } from 'node:path';
import type { HostPath, StorePaths } from '../paths.js';
import type { Mappers } from '../plan/identity.js';
import type { IdMapping } from '../security/idmap.js';
import { findIdMapping, findMapPrograms } from '../security/idmap-read.js';

export interface Identity {
  ids: IdMapping;
  mappers: Mappers | undefined;
}

/** @param userns `--userns`; undefined: the default of design §3 */
export async function findIdentity(paths: StorePaths, userns: string | undefined, signal?: AbortSignal): Promise<Identity> {
  const ids = await findIdMapping({
    rootRangeFile: join(paths.base, 'root-range.json') as HostPath,
    env: process.env,
    ...(userns === undefined ? {} : { userns }),
    ...(signal === undefined ? {} : { signal }),
  });
  return { ids, mappers: findMappers() };
}

/** newuidmap and newgidmap, when both are installed. */
export function findMappers(): Mappers | undefined {
  const { newuidmapPath, newgidmapPath } = findMapPrograms(process.env);
  return newuidmapPath && newgidmapPath ? { newuidmap: newuidmapPath, newgidmap: newgidmapPath } : undefined;
}
