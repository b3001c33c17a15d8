/**
 * What the caller makes for a container whose map he has no place in, he has to give away. The host's root just does. Anybody else does it in
 * a user namespace of his own that has him and the container's ids: the process that is there is his steward.
 */
import type { IdMapping } from '../security/idmap.js';
import { insideOf } from '../security/idmap-form.js';
import { becomeRoot, CLONE_NEWUSER, handedTo, type Mappers, mapIds } from './identity.js';
import type { Operation, Process } from './operations.js';

export interface Holders {
  ids: IdMapping;
  mappers?: Mappers | undefined;
  callerUid: number;
}

export interface Stewarded {
  /** What the caller's process does. */
  operations: Operation[];
  /** Who does the rest. */
  processes: Process[];
}

/** Gives what the caller made to the container's root. @param name of the process that does it, if one must */
export function handOver(name: string, holders: Holders, made: readonly string[]): Stewarded {
  const owner = made.length === 0 ? undefined : handedTo(holders.ids, holders.callerUid);
  if (owner === undefined) return NOTHING;
  const { steward } = holders.ids;
  const chown = (uid: number, gid: number) => made.map((path): Operation => ['chown', path, uid, gid]);
  if (steward === undefined) return { operations: chown(owner.uid, owner.gid), processes: [] };
  const [uid, gid] = [insideOf(steward.uid, owner.uid), insideOf(steward.gid, owner.gid)];
  if (uid === undefined || gid === undefined) throw new TypeError('the steward has no place for the container’s root');
  return stewarded(name, holders, chown(uid, gid));
}

const NOTHING: Stewarded = { operations: [], processes: [] };

/** Has a process of the caller's own ids and the container's do it. */
export function stewarded(name: string, { ids, mappers }: Pick<Holders, 'ids' | 'mappers'>, work: readonly Operation[]): Stewarded {
  const { steward } = ids;
  if (steward === undefined) throw new TypeError('who has a place in the map does it himself');
  return {
    operations: [['clone', name, CLONE_NEWUSER], mapIds(name, steward, mappers), ['send', name, 'mapped'], ['reap', name]],
    processes: [
      { name, operations: [['stage', 'hand-over'], ['die-with-parent'], ['await', 'parent', 'mapped'], becomeRoot(steward), ...work] },
    ],
  };
}
