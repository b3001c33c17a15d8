/** What goes with a container that is gone for good: what it wrote, and its own volumes. */
import type { IdMapping } from '../security/idmap.js';
import type { FilesOperations } from './files.js';
import { becomeRoot, CLONE_NEWUSER, type Mappers } from './identity.js';
import type { Operation, Process } from './operations.js';
import { stewarded } from './steward.js';

interface Cleaned {
  ids: IdMapping;
  mappers?: Mappers | undefined;
}

/** What it wrote and its own volumes go: lists of what its runner does when it is gone, the last one first. With a single id all of it is the caller's. */
export function cleaning(
  { ids, mappers }: Cleaned,
  { written, remove }: FilesOperations,
): { operations: Operation[][]; processes: Process[] } {
  if (ids.steward) {
    const whole: Operation[] = written === undefined ? [] : [['remove-tree', written]];
    const given = stewarded('cleanup', { ids, mappers }, [...remove, ...whole]);
    // Locks are held by all who have them open.
    return { operations: [[...remove.filter(([name]) => name === 'close'), ...given.operations]], processes: given.processes };
  }
  const mustEnter = written !== undefined && ids.mode !== 'single';
  return {
    operations: [...(mustEnter ? [EMPTY] : []), ...(remove.length > 0 ? [remove] : [])],
    processes: mustEnter ? [{ name: 'cleanup', operations: emptying(written, ids) }] : [],
  };
}

const EMPTY: Operation[] = [
  ['clone', 'cleanup', 0],
  ['reap', 'cleanup'],
];

/** As root of the user namespace that is still open: its maps are made already. */
function emptying(directory: string, ids: IdMapping): Operation[] {
  return [['stage', 'cleanup'], ['chdir-host', directory], ['join', 'user', CLONE_NEWUSER], becomeRoot(ids), ['remove-contents']];
}
