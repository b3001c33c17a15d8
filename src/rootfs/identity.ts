/** The caller's id mapping with the programs that write it: what every entry into a user namespace needs. */
import { join } from 'node:path';
import type { HostPath, StorePaths } from '../paths.js';
import type { Mappers } from '../plan/identity.js';
import { chooseIdMapping, type IdMapping, type IdRange } from '../security/idmap.js';
import { formOf, isAlone, mapsHostId } from '../security/idmap-form.js';
import { findIdMapping, findMapPrograms, isHostRoot, readIdFacts } from '../security/idmap-read.js';
import { parseUserns, type UsernsWords } from '../security/userns.js';
import type { IdMap } from '../spec/runtime.js';
import { setAside } from './slices.js';

export interface Identity {
  ids: IdMapping;
  mappers: Mappers | undefined;
  /** There is no user namespace, nor any right but the caller's own. */
  confined?: true;
}

/** Of `--isolation landlock`: the caller is who he is, and all files are his. */
export function confinedIdentity(): Identity {
  const { uid, gid } = ownIds();
  const line = (id: number) => [{ containerId: id, hostId: id, size: 1 }];
  const ids: IdMapping = {
    mode: 'single',
    uid: line(uid),
    gid: line(gid),
    write: 'direct',
    setgroups: 'deny',
    owners: CONFINED,
    notes: [],
  };
  return { ids, mappers: undefined, confined: true };
}

/** Whose files its layers are, on disk. */
export const CONFINED = 'confined';

export function ownIds(): { uid: number; gid: number } {
  return { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
}

/** @param words what was asked for; nothing: the default of design §3 */
export async function findIdentity(paths: StorePaths, words: UsernsWords = {}, signal?: AbortSignal): Promise<Identity> {
  const sources = {
    rootRangeFile: join(paths.base, 'root-range.json') as HostPath,
    env: process.env,
    ...(signal === undefined ? {} : { signal }),
  };
  const ids = await findIdMapping(sources, parseUserns(words), (choose) => setAside(paths, choose, signal));
  return { ids, mappers: findMappers() };
}

/** Who unpacks layers for this identity, and whose they are on disk. */
export function formIdentity(identity: Identity): Identity {
  return { ...identity, ids: formOf(identity.ids) };
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
  const caller = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0, hostRoot: isHostRoot() };
  const own = { containerId: 0, hostId: caller.uid, size: 1 };
  const single = uid.length === 0 || isAlone({ uid, gid }, caller);
  const recorded: IdMapping = {
    mode: single ? 'single' : 'range',
    uid: uid.length > 0 ? uid : [own],
    gid: gid.length > 0 ? gid : [{ ...own, hostId: caller.gid }],
    write: single || caller.uid === 0 ? 'direct' : 'newuidmap',
    setgroups: single ? 'deny' : 'allow',
    owners: '',
    notes: [],
  };
  const isThere = caller.uid === 0 || (mapsHostId(recorded.uid, caller.uid) && mapsHostId(recorded.gid, caller.gid));
  const ids = isThere || uid.length === 0 ? recorded : { ...recorded, steward: chooseIdMapping(readIdFacts(process.env)) };
  return { ids, mappers: findMappers() };
}

function rangesOf(maps: readonly IdMap[] | undefined): IdRange[] {
  return (maps ?? []).map(({ containerID, hostID, size }) => ({ containerId: containerID, hostId: hostID, size }));
}
