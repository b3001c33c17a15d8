/** What an id mapping is, and its forms. Pure. */
import { createHash } from 'node:crypto';
import { type HostRange, layOut } from './id-ranges.js';
import type { ProcMap } from './subordinate.js';

export interface IdRange {
  containerId: number;
  hostId: number;
  size: number;
}

export interface IdMapping {
  mode: 'range' | 'single' | 'keep-id';
  uid: IdRange[];
  gid: IdRange[];
  /** `direct`: the parent writes the files itself; `newuidmap`: by the setuid programs newuidmap and newgidmap. */
  write: 'direct' | 'newuidmap';
  setgroups: 'allow' | 'deny';
  /** The form of layers on disk: `single`, `range-<digest>`, `keep-<uid>-<gid>-<digest>`. */
  owners: string;
  /** The ids, as the container sees them, that keep-id runs as unless -u says otherwise. */
  keep?: { uid: number; gid: number };
  notes: string[];
}

export interface IdFacts {
  uid: number;
  gid: number;
  /** Absent when the caller has no passwd entry. */
  userName?: string;
  /** `--userns` */
  userns?: string;
  /** Text of /etc/subuid and /etc/subgid; '' when absent. */
  subuid: string;
  subgid: string;
  /** Absent when not installed. */
  newuidmapPath?: string;
  newgidmapPath?: string;
  /** The caller's own /proc/self/uid_map and gid_map: ids that it lacks cannot be handed on. */
  uidMap: readonly ProcMap[];
  gidMap: readonly ProcMap[];
  /** For root: the block that this host's tsrun chose once. */
  rootBlock?: HostRange;
}

/** What images expect of a range: nobody is 65534. */
export const ROOT_BLOCK_SIZE = 65536;
/** Fewer are not worth a range: Debian alone numbers its own users below 100 (policy 9.2). */
export const FEWEST = 100;

/** The one id that an unprivileged process may map by itself; user_namespaces(7) wants setgroups denied then. */
export function singleMapping(facts: IdFacts, note?: string): IdMapping {
  return {
    mode: 'single',
    uid: [{ containerId: 0, hostId: facts.uid, size: 1 }],
    gid: [{ containerId: 0, hostId: facts.gid, size: 1 }],
    write: 'direct',
    setgroups: 'deny',
    owners: 'single',
    notes: note === undefined ? [] : [note],
  };
}

/** Ids from 0 on, from the ranges in their order. */
export function rangeMapping(uids: readonly HostRange[], gids: readonly HostRange[], write: IdMapping['write']): IdMapping {
  const uid = layOut(uids);
  const gid = layOut(gids);
  return { mode: 'range', uid, gid, write, setgroups: 'allow', owners: `range-${digestOf(uid, gid)}`, notes: [] };
}

/** Names the map: files on disk belong to it and to no other. */
export function digestOf(uid: IdRange[], gid: IdRange[]): string {
  const text = [uid, gid]
    .map((ranges) => ranges.map(({ containerId, hostId, size }) => `${containerId} ${hostId} ${size}`).join('\n'))
    .join('\n\n');
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}
