/**
 * Plans of tsrun's own work inside a user namespace: unpacking a layer and removing what a container wrote. The same helper and the
 * same operations as a run; only what the child does differs.
 */
import type { IdMapping } from '../security/idmap.js';
import { unpackingRuleset } from '../security/landlock.js';
import { landlockOperation } from './credentials.js';
import { becomeRoot, CLONE_NEWNS, CLONE_NEWUSER, type Mappers, mapIds } from './identity.js';
import { MS_REC_PRIVATE, O_PATH_DIRECTORY } from './numbers.js';
import type { Operation, Plan } from './operations.js';
import { type Holders, handOver } from './steward.js';

const ALL_CAPABILITIES = -1n;
/** Where the program in the cage writes its answers. */
const ANSWERS_FD = 3;
/** What the program holds and does not know of. */
const LOCK_FD = 4;

export interface UnpackPlanInput {
  ids: IdMapping;
  mappers?: Mappers | undefined;
  /** What the layer is applied to; with `parents` it holds `diff`, which takes the changes, and `work`. */
  directory: string;
  /** The layers below, the topmost first, when the layer is applied on their merged view. */
  parents?: readonly string[];
  /** A directory that stays locked until the last process of this plan has ended. */
  locked?: string | undefined;
  argv: readonly string[];
  env: readonly string[];
}

/**
 * The program runs under the caller's uid, which may read it wherever it lies, with all capabilities of the new namespace; it becomes
 * root and changes its root by itself once it is loaded. Its standard output carries its answers.
 */
export function compileUnpackPlan({ ids, mappers, directory, parents, locked, argv, env }: UnpackPlanInput): Plan {
  const enter: Operation[] = [
    ['stage', 'enter'],
    ['die-with-parent'],
    ['await', 'parent', 'mapped'],
    // Not before the map: then this is still the caller, and may enter what the container's ids own besides.
    ...(parents ? openParents(parents, directory) : []),
  ];
  const child: Operation[] = [
    ...enter,
    ...(parents ? mergedView(parents) : ([['chdir-host', directory]] satisfies Operation[])),
    ...programStreams(locked),
    ['capabilities', ALL_CAPABILITIES, ALL_CAPABILITIES, ALL_CAPABILITIES, ALL_CAPABILITIES],
    ['stage', 'exec'],
    ['exec', argv, env, ''],
  ];
  const first: Operation[] = locked === undefined ? [] : [['lock', locked, 1, 'lock']];
  return cage(ids, mappers, CLONE_NEWUSER | CLONE_NEWNS, child, PROGRAM_RUNS, first);
}

function openParents(parents: readonly string[], directory: string): Operation[] {
  return [...parents.map((path, index): Operation => ['open-tree', path, 0, `layer.${index}`]), ['open-tree', directory, 0, 'new']];
}

/** As the container's root sees it; files made on the way belong to that root although the caller's uid is kept. */
function mergedView(parents: readonly string[]): Operation[] {
  const lower = parents.map((_, index) => index).join(':');
  return [
    ['set-fs-ids', 0, 0],
    ['umask', 0],
    ['propagation', MS_REC_PRIVATE],
    ['staging', '/'],
    ...parents.map((_, index): Operation => ['attach', `layer.${index}`, String(index)]),
    ['attach', 'new', 'c'],
    ['mkdir', 'root', 0o755],
    ['mount', 'overlay', 'root', 'overlay', 0, `userxattr,lowerdir=${lower},upperdir=c/diff,workdir=c/work`],
    ['chdir-host', 'root'],
    ['set-fs-ids', -1, -1],
  ];
}

/**
 * Empties directories that the container's root owns. They are opened as the caller; what lies above them may be his alone.
 * @param leftovers what the caller himself removes after that
 * @param first what the parent does before anything else: taking a lock
 * @param emptied files and empty directories that he removes after all
 */
export function compileRemovalPlan(
  ids: IdMapping,
  mappers: Mappers | undefined,
  directories: readonly string[],
  leftovers: readonly string[] = [],
  first: Operation[] = [],
  emptied: readonly string[] = [],
): Plan {
  const within = ids.steward ?? ids;
  const child: Operation[] = [
    ['stage', 'enter'],
    ['die-with-parent'],
    ['await', 'parent', 'mapped'],
    ...(ids.steward ? [] : directories.map((path, index): Operation => ['open', path, O_PATH_DIRECTORY, `tree.${index}`])),
    becomeRoot(within),
    ['stage', 'remove'],
    // A steward is the caller besides: he may remove them altogether.
    ...directories.flatMap((path, index): Operation[] =>
      ids.steward ? [['remove-tree', path]] : [['enter-directory', `tree.${index}`], ['remove-contents']],
    ),
  ];
  const rest = [...leftovers.map((path): Operation => ['remove-tree', path]), ...emptied.map((path): Operation => ['remove', path])];
  return directories.length === 0
    ? { processes: [{ name: 'parent', operations: [...first, ...rest] }] }
    : cage(within, mappers, CLONE_NEWUSER, child, [['reap', 'child'], ...rest], first);
}

function cage(
  ids: IdMapping,
  mappers: Mappers | undefined,
  flags: number,
  child: Operation[],
  then: readonly Operation[],
  first: Operation[] = [],
): Plan {
  const parent: Operation[] = [
    ...first,
    ['stage', 'clone'],
    ['clone', 'child', flags],
    ['stage', 'map'],
    mapIds('child', ids, mappers),
    ['send', 'child', 'mapped'],
    ['stage', 'run'],
    ...then,
  ];
  return {
    processes: [
      { name: 'parent', operations: parent },
      { name: 'child', operations: child },
    ],
  };
}

/**
 * Without a user namespace: the program stays the caller, and Landlock lets it write in the directory alone. Nobody keeps it from reading what
 * the caller may read, and there is nobody whom it could tell.
 */
export function compileConfinedUnpackPlan({ directory, locked, argv, env }: Omit<UnpackPlanInput, 'ids' | 'mappers' | 'parents'>): Plan {
  const child: Operation[] = [
    ['stage', 'confine'],
    ['die-with-parent'],
    ['open', '/', O_PATH_DIRECTORY, 'root'],
    ['no-new-privileges'],
    landlockOperation('root', unpackingRuleset(directory)),
    ['chdir-host', directory],
    ...programStreams(locked),
    ['stage', 'exec'],
    ['exec', argv, env, ''],
  ];
  const first: Operation[] = locked === undefined ? [] : [['lock', locked, 1, 'lock']];
  return {
    processes: [
      { name: 'parent', operations: [...first, ['stage', 'clone'], ['clone', 'child', 0], ['stage', 'run'], ...PROGRAM_RUNS] },
      { name: 'child', operations: child },
    ],
  };
}

function programStreams(locked: string | undefined): Operation[] {
  return [
    ...(locked === undefined ? [] : ([['dup', LOCK_FD, 'lock']] satisfies Operation[])),
    ['dup', ANSWERS_FD, 'stdout'],
    ['dup', 0, 'null'],
    ['dup', 1, 'stderr'],
  ];
}

const PROGRAM_RUNS: readonly Operation[] = [
  ['await-exec', 'child'],
  ['forward-signals', 'child', 0],
  ['wait', 'child'],
];

/** Gives what the caller made to the container's root, when another process must. */
export function compileHandOverPlan(holders: Holders, made: readonly string[]): Plan {
  const { operations, processes } = handOver('steward', holders, made);
  return { processes: [{ name: 'parent', operations: [['stage', 'hand-over'], ...operations] }, ...processes] };
}
