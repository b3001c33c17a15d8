/** From a runtime spec and its settings to the operations that start the container and see to its end. Pure: golden files test it. */

import type { IdMapping } from '../security/idmap.js';
import type { NamespaceType, RuntimeSpec, Process as SpecProcess } from '../spec/runtime.js';
import { cleaning } from './cleanup.js';
import type { ConfinedPlaces } from './confined.js';
import { course, fromFirstToLast, mannerOf, processOf, streamsOf } from './course.js';
import { credentialOperations } from './credentials.js';
import type { EventSource } from './events.js';
import { filesOperations } from './files.js';
import { healthOperations } from './health.js';
import { becomeRoot, CLONE_NEWUSER, hostIdOf, type Mappers, mapIds } from './identity.js';
import { enterNamespaces, ownNamespaces } from './namespaces.js';
import { networkOperations } from './network.js';
import type { Operation, Process } from './operations.js';
import { enterAsRoot, enterAsUser, passedDescriptors, searchPath } from './process.js';
import type { ContainerSettings } from './settings.js';
import { pauseFile } from './status.js';
import { handOver } from './steward.js';
import { type Caller, streamOperations } from './streams.js';
import { inForms, type SystemForms } from './system.js';

export interface ContainerInput {
  /** It is new: what cannot be started is not left behind. */
  fresh: boolean;
  spec: RuntimeSpec;
  settings: ContainerSettings;
  ids: IdMapping;
  /** Of one without namespaces. */
  places?: ConfinedPlaces;
  mappers?: Mappers;
  /** Where config.json and the rest lies; may hold slot('id'). */
  containerDir: string;
  /** Where its attach socket lies; the same. */
  runDir: string;
  /** Names of the files in it that the container has mounted. */
  files: readonly string[];
  /** Where its events go. */
  events: EventSource;
  /** What status.json says besides pid, times and exit status. */
  status: Readonly<Record<string, unknown>>;
  arch: 'x64' | 'arm64';
  callerUid: number;
  /** First process of the container whose namespaces are joined: settings.network and settings.spaces say which. */
  neighbour?: { pid: number; startTime: string };
  /** How /proc and /sys come to it here; default: fresh. */
  system?: SystemForms;
  /** How many of the caller's descriptors, from 3 on, the command gets. */
  passed?: number;
  /** Signals to the runner are its own: they end it, and the container with it. */
  ownSignals?: boolean;
}

export interface ContainerOperations {
  /** The runner: from the container's directory, locked, to its end. */
  parent: Operation[];
  /** Those that it starts. */
  others: Process[];
}

/** @param caller whom the command is connected to; undefined: nobody, it outlives its caller */
export function containerOperations(input: ContainerInput, caller: Caller | undefined): ContainerOperations {
  const { spec, settings, ids, containerDir } = input;
  const process = processOf(spec);
  const given = handOver(
    'files',
    input,
    input.files.map((name) => `${containerDir}/${name}`),
  );
  const entered = enterNamespaces(input);
  const shown = inForms(spec, input.system, settings.sysctl ?? [], entered.mounts);
  const files = filesOperations({ ...input, spec: shown }, settings.rm, entered.mounts);
  // Nobody who works for it needs the caller's groups.
  const { keepsGroups: _, ...dropping } = ids;
  const network = networkOperations(settings.network, settings.ports, dropping);
  const outlived = !hasOwn(spec, 'pid');
  const own = ownNamespaces(entered.mapped, [...(network.opened ? (['net'] as const) : []), ...(outlived ? (['mnt'] as const) : [])]);
  const manner = mannerOf(input, caller);
  const streams = streamOperations(streamsOf(input, manner, caller, hostIdOf(ids.uid, process.user.uid)));
  const emptied = cleaning(input, files);
  const goes = settings.rm || isWithdrawn(input);
  const { seccomp, namespaces = [] } = spec.linux ?? {};
  const walls = { ...(seccomp ? { seccomp } : {}), landlock: settings.landlock };
  const entering = { process, namespaces, ids, ...walls, arch: input.arch, interactive: false };
  const checks = healthOperations(input, entering, pauseFile(containerDir));

  const run: Operation[] = [
    ...network.listen,
    ...entered.open,
    ...files.open,
    ['stage', 'clone'],
    ...entered.clone,
    ['name-process', 'child', 'container'],
    ...(outlived ? [] : KEPT),
    ['stage', 'map'],
    ...(entered.mapped
      ? []
      : ([mapIds('child', ids, input.mappers), ['open-namespace', 'child', CLONE_NEWUSER, 'user']] satisfies Operation[])),
    ...own.parent,
    ...(goes ? emptied.operations.map((work): Operation => ['on-exit', settings.rm ? 0 : 1, work]) : []),
    ...files.mapped,
    ...network.begin,
    ...files.serve,
    ...course(input, manner, {
      caller,
      connect: [...streams.connect, ...(outlived ? KNOWN : []), ...network.finish],
      published: network.published,
      release: network.release,
      checks,
    }),
  ];
  const parent: Operation[] = [...files.prepare, ...given.operations, ...fromFirstToLast(input, manner, run)];

  const child: Operation[] = [
    ['stage', 'enter'],
    ['die-with-parent'],
    ...entered.inside,
    ...own.child,
    ...files.receive,
    becomeRoot(ids),
    ['undumpable'],
    ['die-with-parent'],
    ['new-session'],
    ['umask', 0],
    ...files.assemble,
    ...streams.inside,
    ...(process.cwd === '/' ? [] : ([['mkdir-at', 'root', process.cwd, 0o755]] satisfies Operation[])),
    ...(spec.root?.readonly ? ([['read-only-root', 'root']] satisfies Operation[]) : []),
    ['pivot', 'root'],
    ...(outlived ? BE_KNOWN : []),
    ['stage', 'process'],
    ['seal', settings.init ? 1 : 0],
    ...(settings.init && spec.linux?.mountLabel ? ([['label-seal', spec.linux.mountLabel]] satisfies Operation[]) : []),
    ...network.ready,
    ...situation(spec, process),
    ...credentialOperations(process, ids, seccomp, input.arch, settings.landlock),
    enterAsUser(process),
    ...passedDescriptors(input.passed),
    ['stage', 'exec'],
    [settings.init ? 'init' : 'exec', process.args, process.env ?? [], searchPath(process)],
  ];

  return {
    parent,
    others: [
      { name: 'child', operations: child },
      { name: 'keeper', operations: outlived ? MEMBERS_KEEPER : KEEPER },
      ...entered.doors,
      ...network.processes,
      ...files.others,
      ...given.processes,
      ...emptied.processes,
    ],
  };
}

/** Ends the container when its runner is gone, whatever the container did to its own parent-death signal. */
const KEEPER: Operation[] = [
  ['stage', 'keep'],
  ['keep', 'container', 'lock'],
];

/** The same where that is not the end of all its processes: it has not a pid namespace of its own. */
const MEMBERS_KEEPER: Operation[] = [
  ['stage', 'keep'],
  ['keep-members', 'container', 'lock', 'mnt'],
];

const KEPT: Operation[] = [['clone', 'keeper', 0]];

/** They are known by their root, so not before it is there; until then the child is our own program, and dies with us. */
const BE_KNOWN: Operation[] = [
  ['send', 'parent', 'rooted'],
  ['await', 'parent', 'known'],
];
const KNOWN: Operation[] = [['await', 'child', 'rooted'], ['members', 'mnt', 'child'], ...KEPT, ['send', 'child', 'known']];

/** A new container whose command never began goes again. One that is to be restarted has begun, or is left to be looked at. */
export function isWithdrawn({ fresh, settings }: Pick<ContainerInput, 'fresh' | 'settings'>): boolean {
  return fresh && settings.restart.name === 'no';
}

/** A namespace that nobody else has. */
function hasOwn(spec: RuntimeSpec, type: NamespaceType): boolean {
  return spec.linux?.namespaces?.some((namespace) => namespace.type === type && namespace.path === undefined) ?? false;
}

function situation(spec: RuntimeSpec, process: SpecProcess): Operation[] {
  const has = (type: NamespaceType) => hasOwn(spec, type);
  return [
    ...(spec.hostname !== undefined && has('uts') ? ([['hostname', spec.hostname]] satisfies Operation[]) : []),
    ...(spec.domainname !== undefined && has('uts') ? ([['domainname', spec.domainname]] satisfies Operation[]) : []),
    ...(has('network') ? ([['loopback-up']] satisfies Operation[]) : []),
    enterAsRoot(process),
  ];
}
