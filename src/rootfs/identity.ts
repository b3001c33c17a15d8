/** The caller's id mapping with the programs that write it: what every entry into a user namespace needs. */
import { join } from 'node:path';
import type { HostPath, StorePaths } from '../paths.js';
import type { Mappers } from '../plan/identity.js';
import type { IdMapping, IdRange } from '../security/idmap.js';
import { findIdMapping, findMapPrograms } from '../security/idmap-read.js';
import type { IdMap } from '../spec/runtime.js';

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
function findMappers(): Mappers | undefined {
  const { newuidmapPath, newgidmapPath } = findMapPrograms(process.env);
  return newuidmapPath && newgidmapPath ? { newuidmap: newuidmapPath, newgidmap: newgidmapPath } : undefined;
}

/** The identity that made files which an earlier map owns: today's may be another. Without a map nothing was written under any. */
export function recordedIdentity(uidMappings: readonly IdMap[] | undefined, gidMappings: readonly IdMap[] | undefined): Identity {
  const uid = rangesOf(uidMappings);
  const gid = rangesOf(gidMappings);
  const single = uid.length <= 1 && (uid[0]?.size ?? 1) === 1;
  const own = { containerId: 0, hostId: process.getuid?.() ?? 0, size: 1 };
  const ids: IdMapping = {
    mode: single ? 'single' : 'range',
    uid: uid.length > 0 ? uid : [own],
    gid: gid.length > 0 ? gid : [{ ...own, hostId: process.getgid?.() ?? 0 }],
    write: single || process.getuid?.() === 0 ? 'direct' : 'newuidmap',
    setgroups: single ? 'deny' : 'allow',
    owners: '',
    notes: [],
  };
  return { ids, mappers: findMappers() };
}

function rangesOf(maps: readonly IdMap[] | undefined): IdRange[] {
  return (maps ?? []).map(({ containerID, hostID, size }) => ({ containerId: containerID, hostId: hostID, size }));
}
