/** Which namespaces a container makes, and which that are there already it enters, as operations. */
import { SPACES } from '../bundle/spaces.js';
import type { NamespaceType } from '../spec/runtime.js';
import type { ContainerInput } from './container.js';
import { CLONE_NEWIPC, CLONE_NEWNET, CLONE_NEWNS, CLONE_NEWPID, CLONE_NEWUSER, cloneFlags, flagsOf } from './identity.js';
import { O_RDONLY } from './numbers.js';
import type { Operation, Process } from './operations.js';

type NamespacesInput = Pick<ContainerInput, 'spec' | 'settings' | 'neighbour'>;

/**
 * Namespaces that are there already are entered before the others are made. Those of another container are its user namespace's, which
 * is therefore shared: nobody else may enter them. A file's is the host's, and is entered while the host's rights last.
 */
export function enterNamespaces(input: NamespacesInput): EnteredNamespaces {
  const { spec, settings, neighbour } = input;
  const flags = cloneFlags(spec.linux?.namespaces ?? []);
  const files = filesOf(input);
  const doors = doorsOf(input);
  const open = files.map(([type, path]): Operation => ['open', path, O_RDONLY, `foreign-${type}`]);
  const inside = files.map(([type]): Operation => ['join', `foreign-${type}`, flagsOf([type])]);
  const common = { doors: doors.map(({ process }) => process), mounts: new Map(doors.map(({ mount, name }) => [mount, name])) };
  const closed = doors.map(({ name }): Operation => ['close', name]);
  const fetched = doors.flatMap(({ fetch }) => fetch);
  const joined = joinedTypes(input);
  if (neighbour && joined.length > 0) {
    const user: Operation = ['open', `/proc/${neighbour.pid}/ns/user`, O_RDONLY, 'user'];
    return {
      ...common,
      // In this order: it is still the same process when its pid is looked at.
      open: [...open, user, ['open-process', neighbour.pid, Number(neighbour.startTime), 'neighbour'], ...fetched],
      clone: [...CONTINUED, ...closed],
      inside: [
        // Processes of that container are our neighbours from here on.
        ['undumpable'],
        ...inside,
        ['join', 'neighbour', (CLONE_NEWUSER | flagsOf(joined)) >>> 0],
        ['undumpable'],
        ['unshare', (flags & ~CLONE_NEWUSER) >>> 0],
        ...CONTINUE,
      ],
      mapped: true,
    };
  }
  if (files.length > 0) {
    return {
      ...common,
      open: [...open, ...fetched],
      clone: [...CONTINUED, ...closed],
      inside: [...(settings.spaces?.pid?.mode === 'namespace' ? UNDUMPABLE : []), ...inside, ['unshare', flags], ...CONTINUE],
      mapped: false,
    };
  }
  return { ...common, open: [], clone: [['clone', 'child', flags]], inside: [], mapped: false };
}

interface EnteredNamespaces {
  /** Parent, before anything is made. */
  open: Operation[];
  clone: Operation[];
  inside: Operation[];
  /** The user namespace has its maps already, and is open as `user`; the child may not be looked at. */
  mapped: boolean;
  /** Processes that fetch mounts from namespaces where the child cannot make them. */
  doors: Process[];
  /** Where these belong, and their descriptors. */
  mounts: ReadonlyMap<string, string>;
}

const UNDUMPABLE: Operation[] = [['undumpable']];
const CONTINUED: Operation[] = [
  ['clone', 'child', 0],
  ['continued', 'child'],
];
/** A new pid namespace is its maker's children's. */
const CONTINUE: Operation[] = [['continue', 'parent'], ['die-with-parent']];

function filesOf({ settings: { network, spaces = {} } }: NamespacesInput): [NamespaceType, string][] {
  const others = SPACES.flatMap((type): [NamespaceType, string][] => {
    const space = spaces[type];
    return space?.mode === 'namespace' ? [[type, space.path]] : [];
  });
  return [...(network.mode === 'namespace' ? ([['network', network.path]] satisfies [NamespaceType, string][]) : []), ...others];
}

/** Of the neighbour's, those that it has for itself: what it shares with the host is ours as well. */
function joinedTypes({ spec, settings: { network, spaces = {} } }: NamespacesInput): NamespaceType[] {
  const entered = new Set((spec.linux?.namespaces ?? []).filter(({ path }) => path !== undefined).map(({ type }) => type));
  const asked: NamespaceType[] = [
    ...(network.mode === 'container' ? (['network'] as const) : []),
    ...SPACES.filter((type) => spaces[type]?.mode === 'container'),
  ];
  return asked.length > 0 ? ['user', ...asked.filter((type) => entered.has(type))] : [];
}

interface Door {
  mount: string;
  name: string;
  fetch: Operation[];
  process: Process;
}

/**
 * procfs and mqueue are mounted by who has rights over their namespace: for a file's, that is the caller, before he gives them up.
 * /dev/shm of another container is in its mounts.
 */
function doorsOf(input: NamespacesInput): Door[] {
  const { spec, settings, neighbour } = input;
  const { pid, ipc } = settings.spaces ?? {};
  const isMounted = (place: string, type: string) =>
    spec.mounts?.some((mount) => mount.destination === place && mount.type === type) ?? false;
  return [
    ...(pid?.mode === 'namespace' && isMounted('/proc', 'proc') ? [PROC] : []),
    ...(ipc?.mode === 'namespace' && isMounted('/dev/mqueue', 'mqueue') ? [QUEUES] : []),
    ...(neighbour && ipc?.mode === 'container' && spec.mounts?.some(isJoinedShm) ? [SHM] : []),
  ];
}

function isJoinedShm({ destination, source }: { destination: string; source?: string }): boolean {
  return destination === '/dev/shm' && /^\/proc\/\d+\/root\/dev\/shm$/.test(source ?? '');
}

function door(mount: string, name: string, continues: boolean, operations: Operation[]): Door {
  const which = `${name}-door`;
  return {
    mount,
    name,
    fetch: [
      ['clone', which, 0],
      ...(continues ? ([['continued', which]] satisfies Operation[]) : []),
      ['receive-descriptor', which, name],
      ['reap', which],
    ],
    process: { name: which, operations: [['stage', 'enter'], ['undumpable'], ...operations, ['send-descriptor', 'parent', name]] },
  };
}

const PROC = door('/proc', 'proc', true, [
  ['join', 'foreign-pid', CLONE_NEWPID],
  ['continue', 'parent'],
  ['new-mount', 'proc', 'proc'],
]);
const QUEUES = door('/dev/mqueue', 'queues', false, [
  ['join', 'foreign-ipc', CLONE_NEWIPC],
  ['new-mount', 'mqueue', 'queues'],
]);
const SHM = door('/dev/shm', 'shm', false, [
  ['join', 'neighbour', CLONE_NEWUSER + CLONE_NEWNS],
  ['undumpable'],
  ['open-tree', '/dev/shm', 0, 'shm'],
]);

/** Parent, once the child has its map, and child, while it still waits: namespaces of the child's own that the parent needs. */
export function ownNamespaces(mapped: boolean, wanted: readonly ('net' | 'mnt')[]): { parent: Operation[]; child: Operation[] } {
  // One that may not be looked at shows them itself.
  return mapped
    ? {
        parent: wanted.map((name): Operation => ['receive-descriptor', 'child', name]),
        child: wanted.flatMap((name): Operation[] => [
          ['open', `/proc/self/ns/${name}`, O_RDONLY, name],
          ['send-descriptor', 'parent', name],
        ]),
      }
    : { parent: wanted.map((name): Operation => ['open-namespace', 'child', OWN[name], name]), child: [] };
}

const OWN = { net: CLONE_NEWNET, mnt: CLONE_NEWNS } as const;
