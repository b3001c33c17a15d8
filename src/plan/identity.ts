/** Namespaces and id maps as operations. Flags: clone(2), namespaces(7), user_namespaces(7). */
import type { IdMapping, IdRange } from '../security/idmap.js';
import { firstIds, type Ids, mapsHostId, staysInGroups } from '../security/idmap-form.js';
import type { Namespace, NamespaceType } from '../spec/runtime.js';
import type { Operation } from './operations.js';

export const CLONE_NEWUSER = 0x10000000;
export const CLONE_NEWNS = 0x00020000;
export const CLONE_NEWNET = 0x40000000;
export const CLONE_NEWPID = 0x20000000;
export const CLONE_NEWIPC = 0x08000000;

const CLONE_FLAGS: Readonly<Record<NamespaceType, number>> = {
  mount: CLONE_NEWNS,
  cgroup: 0x02000000,
  uts: 0x04000000,
  ipc: CLONE_NEWIPC,
  user: CLONE_NEWUSER,
  pid: CLONE_NEWPID,
  network: CLONE_NEWNET,
  time: 0x00000080,
};

/** All flags of one clone3. A namespace with a path is joined, not made. */
export function cloneFlags(namespaces: readonly Namespace[]): number {
  return flagsOf(namespaces.filter((namespace) => namespace.path === undefined).map(({ type }) => type));
}

export function flagsOf(types: readonly NamespaceType[]): number {
  return types.reduce((flags, type) => flags | CLONE_FLAGS[type], 0) >>> 0;
}

export interface Mappers {
  newuidmap: string;
  newgidmap: string;
}

/** Writes the maps of a process that waits for it. @param mappers the setuid programs, needed when `ids.write` is newuidmap */
export function mapIds(
  process: string,
  ids: Pick<IdMapping, 'uid' | 'gid' | 'write' | 'setgroups'>,
  mappers: Mappers | undefined,
): Operation {
  const byProgram = ids.write === 'newuidmap';
  if (byProgram && mappers === undefined) throw new TypeError('this id mapping needs newuidmap');
  return [
    'map-ids',
    process,
    mapText(ids.uid),
    mapText(ids.gid),
    ids.setgroups === 'deny' ? 1 : 0,
    byProgram && mappers ? mappers.newuidmap : '',
    byProgram && mappers ? mappers.newgidmap : '',
  ];
}

function mapText(ranges: readonly IdRange[]): string {
  return ranges.map((range) => `${range.containerId} ${range.hostId} ${range.size}\n`).join('');
}

/** Becomes who puts the container together: its root. Where setgroups is denied the caller's supplementary groups cannot be dropped. */
export function becomeRoot(ids: IdMapping): Operation {
  const { uid, gid } = firstIds(ids);
  return staysInGroups(ids) ? ['set-single-ids', uid, gid] : ['set-ids', uid, gid, []];
}

/** A container id as the host counts. */
export function hostIdOf(ranges: readonly IdRange[], containerId: number): number | undefined {
  const range = ranges.find(({ containerId: first, size }) => containerId >= first && containerId < first + size);
  return range === undefined ? undefined : range.hostId + (containerId - range.containerId);
}

/** Who must own what the container's root is to write, in host ids, unless the caller has a place in the map already. */
export function handedTo(ids: IdMapping, callerUid: number): Ids | undefined {
  const first = firstIds(ids);
  const [uid, gid] = [hostIdOf(ids.uid, first.uid), hostIdOf(ids.gid, first.gid)];
  const isThere = ids.steward === undefined && mapsHostId(ids.uid, callerUid);
  return isThere || uid === undefined || gid === undefined ? undefined : { uid, gid };
}
