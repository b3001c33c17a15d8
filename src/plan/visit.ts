/**
 * Plans of programs of ours that work on a container's files: in its user namespace, their working directory its root, everything else the host's.
 * The container's processes do not see them: they are in no pid namespace but the host's. Pure.
 */

import type { IdMapping } from '../security/idmap.js';
import { firstIds } from '../security/idmap-form.js';
import type { RuntimeSpec } from '../spec/runtime.js';
import type { ContainerInput } from './container.js';
import type { HostProcess } from './control.js';
import { filesOperations } from './files.js';
import { CLONE_NEWNS, CLONE_NEWUSER, type Mappers, mapIds } from './identity.js';
import { O_PATH_DIRECTORY } from './numbers.js';
import type { Operation, Plan } from './operations.js';

/** Its standard streams are the helper's. */
export interface VisitingProgram {
  argv: readonly string[];
  env: readonly string[];
}

/** What is seen of a container's files: with all that is mounted over them, or its own root file system alone. */
export type View = 'mounts' | 'bare';

/** Whose files they are. */
type Visited = Pick<ContainerInput, 'ids' | 'mappers'>;

const ALL_CAPABILITIES = -1n;

/**
 * Of a container that runs. The first of two processes enters its mount namespace, hands out the root directory that it finds there, and is gone;
 * the second one, which loads and works, has a user namespace of its own with the same map: a container that sees the host's processes, and may
 * trace its own, has no right over that one.
 */
export function compileVisitRunningPlan(
  { pid, startTime }: HostProcess,
  { ids, mappers }: Visited,
  program: VisitingProgram,
  view: View = 'mounts',
): Plan {
  return {
    processes: [
      {
        name: 'parent',
        operations: [
          ['stage', 'prepare'],
          ['open-process', pid, startTime, 'container'],
          ['stage', 'clone'],
          ['clone', 'door', 0],
          ['receive-descriptor', 'door', 'root'],
          ['reap', 'door'],
          ...mappedChild(ids, mappers),
          ...SEE_IT_THROUGH,
        ],
      },
      {
        name: 'door',
        operations: [
          ['stage', 'enter'],
          ['undumpable'],
          ['join', 'container', CLONE_NEWUSER + CLONE_NEWNS],
          view === 'bare' ? ['open-tree', '/', 0, 'root'] : ['open', '/', O_PATH_DIRECTORY, 'root'],
          ['send-descriptor', 'parent', 'root'],
        ],
      },
      {
        name: 'child',
        operations: [
          ['stage', 'enter'],
          ['die-with-parent'],
          ['await', 'parent', 'mapped'],
          ['enter-directory', 'root'],
          ...become(program),
        ],
      },
    ],
  };
}

/** Of one that does not run: its root is put together as `start` would do it, with volumes and binds, and nothing is run in it. */
export function compileVisitStoppedPlan(given: Omit<ContainerInput, 'fresh'>, program: VisitingProgram, view: View = 'mounts'): Plan {
  const files = withFilesOnly(given.spec);
  return compileAssembledPlan({ ...given, fresh: false, spec: view === 'bare' ? { ...files, mounts: [] } : files }, program);
}

function compileAssembledPlan(input: ContainerInput, program: VisitingProgram): Plan {
  const { spec, ids, containerDir } = input;
  const files = filesOperations(input, false);
  const first = firstIds(ids);
  const parent: Operation[] = [
    ['stage', 'prepare'],
    ['lock', containerDir, 1, 'lock'],
    ...files.prepare,
    ...files.open,
    ['stage', 'clone'],
    ['clone', 'child', CLONE_NEWUSER | CLONE_NEWNS],
    ['stage', 'map'],
    mapIds('child', ids, input.mappers),
    ['open-namespace', 'child', CLONE_NEWUSER, 'user'],
    ...files.mapped,
    ...files.serve,
    ...SEE_IT_THROUGH,
  ];
  const child: Operation[] = [
    ['stage', 'enter'],
    ['die-with-parent'],
    ...files.receive,
    // What is made belongs to the container's root; the caller's uid is kept for what he alone may load.
    ['set-fs-ids', first.uid, first.gid],
    ['umask', 0],
    ...files.assemble,
    ...(spec.root?.readonly ? ([['read-only-root', 'root']] satisfies Operation[]) : []),
    ['enter-directory', 'root'],
    ['set-fs-ids', -1, -1],
    ...become(program),
  ];
  return {
    processes: [{ name: 'parent', operations: parent }, { name: 'child', operations: child }, ...files.others],
  };
}

/**
 * One that looks at what a container's ids own, from outside: in a user namespace of its own with that map, the host's files before it.
 * @param locked a directory that nobody else may lock meanwhile: the container's, if it does not run
 */
export function compileLookPlan({ ids, mappers }: Visited, program: VisitingProgram, locked?: string): Plan {
  const first: Operation[] = locked === undefined ? [] : [['lock', locked, 1, 'lock']];
  return {
    processes: [
      { name: 'parent', operations: [...first, ['stage', 'clone'], ...mappedChild(ids, mappers), ...SEE_IT_THROUGH] },
      { name: 'child', operations: [['stage', 'enter'], ['die-with-parent'], ['await', 'parent', 'mapped'], ...become(program)] },
    ],
  };
}

function mappedChild(ids: IdMapping, mappers: Mappers | undefined): Operation[] {
  return [['clone', 'child', CLONE_NEWUSER], ['stage', 'map'], mapIds('child', ids, mappers), ['send', 'child', 'mapped']];
}

/** Without what is there only while something runs: the kernel's file systems, /dev, tmpfs. */
function withFilesOnly(spec: RuntimeSpec): RuntimeSpec {
  const { sysctl: _sysctl, maskedPaths: _masked, readonlyPaths: _readonly, ...linux } = spec.linux ?? {};
  const mounts = (spec.mounts ?? []).filter(({ type, destination, options }) => {
    const isBind = type === 'bind' || options?.includes('bind') || options?.includes('rbind');
    return isBind && !/^\/(proc|sys|dev)(\/|$)/.test(destination);
  });
  return { ...spec, mounts, linux };
}

const SEE_IT_THROUGH: Operation[] = [
  ['stage', 'run'],
  ['await-exec', 'child'],
  ['forward-signals', 'child', 0],
  ['wait', 'child'],
];

function become({ argv, env }: VisitingProgram): Operation[] {
  return [
    ['capabilities', ALL_CAPABILITIES, ALL_CAPABILITIES, ALL_CAPABILITIES, ALL_CAPABILITIES],
    ['stage', 'exec'],
    ['exec', argv, env, ''],
  ];
}
