/** What an id mapping is, and its forms. Pure. */
import { createHash } from 'node:crypto';
import { type HostRange, layOut } from './id-ranges.js';
import type { ProcMap } from './subordinate.js';

export interface IdRange {
  containerId: number;
  hostId: number;
  size: number;
}

export interface Ids {
  uid: number;
  gid: number;
}

const ROOT: Ids = { uid: 0, gid: 0 };

export interface IdMapping {
  mode: 'range' | 'single' | 'keep-id';
  uid: IdRange[];
  gid: IdRange[];
  /** `direct`: the parent writes the files itself; `newuidmap`: by the setuid programs newuidmap and newgidmap. */
  write: 'direct' | 'newuidmap';
  setgroups: 'allow' | 'deny';
  /** Whose the files are that a container of this map writes, and the form of its layers: `single`, `range-<digest>`, `keep-<uid>-<gid>-<digest>`. */
  owners: string;
  /** Layers are unpacked under this one instead, and shown by this map as whose it says. */
  form?: IdMapping;
  /** The form's ids are other ids of the host: its layers are to be shown by idmapped mounts, which only the host's root can make. */
  shifted?: true;
  /** The caller's supplementary groups stay his, as he asked. */
  keepsGroups?: true;
  /** What was set aside for one container alone: see IdFacts. */
  slice?: Slice;
  /** The caller has no place in the map: by this one, which has him and all these ids, he gives files away and takes them back. */
  steward?: IdMapping;
  /** The ids, as the container sees them, that keep-id runs as unless -u says otherwise. */
  keep?: Ids;
  notes: string[];
}

export interface IdFacts {
  uid: number;
  gid: number;
  /** Absent when the caller has no passwd entry. */
  userName?: string;
  /** Text of /etc/subuid and /etc/subgid; '' when absent. */
  subuid: string;
  subgid: string;
  /** Absent when not installed. */
  newuidmapPath?: string;
  newgidmapPath?: string;
  /** The caller's own /proc/self/uid_map and gid_map: ids that it lacks cannot be handed on. */
  uidMap: readonly ProcMap[];
  gidMap: readonly ProcMap[];
  /** For root: whether this is the host's root, or that of a user namespace, who is somebody else outside. */
  hostRoot?: boolean;
  /** For root: the block that this host's tsrun chose once. */
  rootBlock?: HostRange;
  /** For `auto`: what was set aside. */
  slice?: Slice;
}

/** Ids that one container alone has. */
export interface Slice extends HostRange {
  /** What they are counted in: `host`, or the caller's subordinate ids, from 0, by a digest of them. */
  of: string;
}

/** What images expect of a range: nobody is 65534. */
export const ROOT_BLOCK_SIZE = 65536;
/** Fewer are not worth a range: Debian alone numbers its own users below 100 (policy 9.2). */
export const FEWEST = 100;

/**
 * The one id that an unprivileged process may map by itself; user_namespaces(7) wants setgroups denied then.
 * @param inside what it is in the container
 */
export function singleMapping(facts: IdFacts, note?: string, inside: Ids = ROOT): IdMapping {
  return {
    mode: 'single',
    uid: [{ containerId: inside.uid, hostId: facts.uid, size: 1 }],
    gid: [{ containerId: inside.gid, hostId: facts.gid, size: 1 }],
    write: 'direct',
    setgroups: 'deny',
    owners: 'single',
    notes: note === undefined ? [] : [note],
  };
}

/** Ids from 0 on, from the ranges in their order. */
export function rangeMapping(uids: readonly HostRange[], gids: readonly HostRange[], write: IdMapping['write']): IdMapping {
  return mappingOf(layOut(uids), layOut(gids), write);
}

/**
 * The one map that its caller writes by himself, as he may write no other: he alone. Of the host's root it is a map as any other; he may
 * write them all.
 */
export function isAlone({ uid, gid }: Pick<IdMapping, 'uid' | 'gid'>, caller: Pick<IdFacts, 'uid' | 'gid' | 'hostRoot'>): boolean {
  const isOne = (ranges: readonly IdRange[], own: number) => ranges.length === 1 && ranges[0]?.size === 1 && ranges[0].hostId === own;
  return isOne(uid, caller.uid) && isOne(gid, caller.gid) && !(caller.uid === 0 && caller.hostRoot !== false);
}

/** True when a host id has a place in the map. */
export function mapsHostId(ranges: readonly IdRange[], hostId: number): boolean {
  return ranges.some(({ hostId: first, size }) => hostId >= first && hostId < first + size);
}

/** What a host id is inside. */
export function insideOf(ranges: readonly IdRange[], hostId: number): number | undefined {
  const range = ranges.find(({ hostId: first, size }) => hostId >= first && hostId < first + size);
  return range === undefined ? undefined : range.containerId + hostId - range.hostId;
}

export function mappingOf(uid: IdRange[], gid: IdRange[], write: IdMapping['write']): IdMapping {
  return { mode: 'range', uid, gid, write, setgroups: 'allow', owners: `range-${digestOf(uid, gid)}`, notes: [] };
}

/** Who enters stays in the caller's supplementary groups: as asked, or because the kernel lets nobody leave them. */
export function staysInGroups({ setgroups, keepsGroups }: Pick<IdMapping, 'setgroups' | 'keepsGroups'>): boolean {
  return setgroups === 'deny' || keepsGroups === true;
}

/** The map under which the layers lie on disk. */
export function formOf(ids: IdMapping): IdMapping {
  return ids.form ?? ids;
}

/** Who puts a container together: its root, or where no id is 0, the lowest that there is. */
export function firstIds({ uid, gid }: Pick<IdMapping, 'uid' | 'gid'>): Ids {
  const lowest = (ranges: readonly IdRange[]) => Math.min(...ranges.map(({ containerId }) => containerId));
  return { uid: lowest(uid), gid: lowest(gid) };
}

/** Names the map: files on disk belong to it and to no other. */
export function digestOf(uid: IdRange[], gid: IdRange[]): string {
  const text = [uid, gid]
    .map((ranges) => ranges.map(({ containerId, hostId, size }) => `${containerId} ${hostId} ${size}`).join('\n'))
    .join('\n\n');
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}
