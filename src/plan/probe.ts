/** Plans that try what a kind of storage needs, in a user namespace of the caller's map that is thrown away. */
import type { IdMapping, IdRange } from '../security/idmap.js';
import { fuseServer, RECEIVE, SERVE } from './fuse.js';
import { becomeRoot, CLONE_NEWNS, CLONE_NEWUSER, type Mappers, mapIds } from './identity.js';
import { MS_REC_PRIVATE } from './numbers.js';
import type { Operation, Plan } from './operations.js';
import { attachStack, openStack, type Shift, shiftedLayers, stackOptions } from './stack.js';

/** Lines on standard output: without the first one it was not the storage that failed. */
export const BEGUN = 'begun';
export const WORKS = 'works';

export interface ProbeIdentity {
  ids: IdMapping;
  mappers?: Mappers | undefined;
}

export interface ProbePlanInput extends ProbeIdentity {
  /** Directories on the store's file system, empty, both the container root's. */
  lower: string;
  written: string;
}

/** The same on a layer that an idmapped mount shows, as the ids that it has. */
export function compileShiftProbe(input: ProbePlanInput): Plan {
  const same = (ranges: readonly IdRange[]) => ranges.map(({ hostId, size }) => ({ containerId: hostId, hostId, size }));
  return overlayProbe(input, { uid: same(input.ids.uid), gid: same(input.ids.gid) });
}

export function compileOverlayProbe(input: ProbePlanInput): Plan {
  return overlayProbe(input, undefined);
}

/** A directory of the layer below is removed and made again: overlay must be able to hide what was in it. */
function overlayProbe(input: ProbePlanInput, shift: Shift | undefined): Plan {
  const stack = { layers: [input.lower], mode: 0o755, ...(shift ? { shift } : {}) };
  const { open, names, processes } = shiftedLayers(stack);
  const receive = names.map((name): Operation => ['receive-descriptor', 'parent', name]);
  const attempt: Operation[] = [
    ...attachStack(stack, '/'),
    ['mkdir', '0/directory', 0o755],
    ['mkdir', 'root', 0o700],
    ['mount', 'overlay', 'root', 'overlay', 0, ['userxattr', ...stackOptions(stack, '')].join(',')],
    ['remove-tree', 'root/directory'],
    ['mkdir', 'root/directory', 0o755],
  ];
  const hand = names.map((name): Operation => ['send-descriptor', 'child', name]);
  const plan = probe(input, [...receive, ...openStack(stack, input.written)], attempt, { open, hand });
  return { processes: [...plan.processes, ...processes] };
}

/** @param program path of fuse-overlayfs */
export function compileFuseProbe(input: ProbePlanInput & { program: string }): Plan {
  const server = fuseServer({ layers: [input.lower], mode: 0o755, program: input.program }, input.written, input.ids);
  const plan = probe(
    input,
    [],
    [['propagation', MS_REC_PRIVATE], ['staging', '/'], ...RECEIVE, ['mkdir', 'root/directory', 0o755], ['remove-tree', 'root/directory']],
    { serve: SERVE },
  );
  return { processes: [...plan.processes, server] };
}

interface ProbesRest {
  /** clone(2): namespaces. */
  flags?: number;
  open?: readonly Operation[];
  /** Once it has its map. */
  hand?: readonly Operation[];
  /** Once it has begun. */
  serve?: readonly Operation[];
}

/** @param sources opened as the caller; @param attempt what is tried as the container's root */
export function probe(
  input: ProbeIdentity,
  sources: readonly Operation[],
  attempt: readonly Operation[],
  { flags = CLONE_NEWUSER | CLONE_NEWNS, open = [], hand = [], serve = [] }: ProbesRest = {},
): Plan {
  const { ids, mappers } = input;
  const parent: Operation[] = [
    ['stage', 'probe'],
    ...open,
    ['clone', 'child', flags],
    mapIds('child', ids, mappers),
    ['open-namespace', 'child', CLONE_NEWUSER, 'user'],
    ['send', 'child', 'mapped'],
    ...hand,
    // Nothing is tried before it is said that it will be.
    ['await', 'child', 'begun'],
    ...serve,
    ['reap', 'child'],
  ];
  const child: Operation[] = [
    ['stage', 'probe'],
    ['die-with-parent'],
    ['await', 'parent', 'mapped'],
    ...sources,
    becomeRoot(ids),
    ['umask', 0],
    ['print', 'stdout', `${BEGUN}\n`],
    ['send', 'parent', 'begun'],
    ...attempt,
    ['print', 'stdout', `${WORKS}\n`],
  ];
  return {
    processes: [
      { name: 'parent', operations: parent },
      { name: 'child', operations: child },
    ],
  };
}
