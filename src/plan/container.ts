/** From a runtime spec and its settings to the operations that start the container and see to its end. Pure: golden files test it. */

import type { IdMapping } from '../security/idmap.js';
import type { NamespaceType, RuntimeSpec, Process as SpecProcess } from '../spec/runtime.js';
import { cleaning } from './cleanup.js';
import { credentialOperations } from './credentials.js';
import { type EventSource, tellEnded, tellStarted } from './events.js';
import { filesOperations } from './files.js';
import { healthOperations } from './health.js';
import { becomeRoot, CLONE_NEWUSER, hostIdOf, type Mappers, mapIds } from './identity.js';
import { enterNamespaces, ownNamespaces } from './namespaces.js';
import { networkOperations } from './network.js';
import type { Operation, Process } from './operations.js';
import { enterAsRoot, enterAsUser, KILL_UNHANDLED, ONLY_ASKED, passedDescriptors, SECOND_TERM_IS_LAST, searchPath } from './process.js';
import type { ContainerSettings } from './settings.js';
import { slot } from './slot.js';
import { ended, pauseFile, RUNNER, RUNNING, stopFile, writeStatus } from './status.js';
import { handOver } from './steward.js';
import { type Caller, isAttended, MEET_ONCE, streamOperations } from './streams.js';
import { inForms, type SystemForms } from './system.js';

export interface ContainerInput {
  /** It is new: what cannot be started is not left behind. */
  fresh: boolean;
  spec: RuntimeSpec;
  settings: ContainerSettings;
  ids: IdMapping;
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
  const attended = isAttendedStart(input, caller);
  const alone = caller === undefined || caller.feeds === true;
  const recorded = alone || attended || !settings.rm;
  const streams = streamOperations({
    terminal: process.terminal ?? false,
    interactive: settings.interactive,
    ...(caller ? { callers: caller.streams } : {}),
    recorded,
    attended,
    feeds: alone && attended,
    repeated: settings.restart.name !== 'no',
    uid: process.user.uid,
    gid: process.user.gid,
    hostUid: hostIdOf(ids.uid, process.user.uid),
  });
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
    ['stage', 'connect'],
    ...streams.connect,
    ...(outlived ? KNOWN : []),
    ...network.finish,
    ...pidfile(settings),
    ['await-exec', 'child'],
    ['stage', 'run'],
    // From here on nothing may fail: the command has begun, and what it does must not be lost.
    ['attempt', [writeStatus(input, { ...RUNNING, ...(network.published.length > 0 ? { ports: network.published } : {}) })]],
    tellStarted(input),
    ...network.release,
    ['started', 'child'],
    ...(caller === undefined || attended ? ([['notify', 'caller', 'started']] satisfies Operation[]) : []),
    ['forward-signals', 'child', (alone ? KILL_UNHANDLED : KILL_UNHANDLED | SECOND_TERM_IS_LAST) | (input.ownSignals ? ONLY_ASKED : 0)],
    ...timeLimit(settings),
    ...checks,
    ['wait', 'child'],
    tellEnded(input),
    ['stage', 'stopped'],
  ];
  const parent: Operation[] = [
    ...files.prepare,
    ...given.operations,
    ...(recorded ? recording(input) : []),
    ...(attended && settings.restart.name !== 'no' ? MEET_ONCE : []),
    ...repeated(input, run),
    ...(settings.rm ? [] : ([['attempt', [writeStatus(input, { status: 'stopped', ...ended(settings) })]]] satisfies Operation[])),
  ];

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

/** timeout(1)'s, for whoever waits. */
const TIMED_OUT = 124;

function timeLimit({ timeout = 0 }: ContainerSettings): Operation[] {
  const words = `the container was killed: it ran for longer than ${timeout} s (--timeout)`;
  return timeout > 0 ? [['time-limit', timeout, TIMED_OUT, words]] : [];
}

function pidfile({ pidfile: path }: ContainerSettings): Operation[] {
  if (path === undefined) return [];
  return [
    ['replace-file', path, 0o644, slot('pid')],
    ['on-exit', 1, [['remove', path]]],
  ];
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

const O_PATH_DIRECTORY = 0o10200000;

export function isAttendedStart({ spec, settings }: ContainerInput, caller: Caller | undefined): caller is Caller {
  return isAttended(caller, spec.process?.terminal ?? false, settings.interactive);
}

/**
 * The log, and the directory of the socket through which others attach. A run that its caller sees through and that leaves nothing has
 * neither: its streams go the shortest way.
 */
function recording({ settings, containerDir, runDir, fresh }: ContainerInput): Operation[] {
  return [
    ...(settings.log.driver === 'none'
      ? []
      : ([['log', `${containerDir}/log`, settings.log.maxSize, settings.log.maxFiles]] satisfies Operation[])),
    ...(fresh ? [] : ([['remove-tree', runDir]] satisfies Operation[])), // of a runner that was killed
    ['mkdir', runDir, 0o700],
    ['on-exit', 0, [['remove-tree', runDir]]],
    ['open', runDir, O_PATH_DIRECTORY, 'run-dir'],
  ];
}

const WHEN = { no: 0, 'on-failure': 1, always: 2, 'unless-stopped': 2 } as const;

function repeated(input: ContainerInput, run: Operation[]): Operation[] {
  const { name, retries } = input.settings.restart;
  if (name === 'no') return run;
  return [
    ['on-exit', 1, [writeStatus(input, { status: 'stopped', ...ended(input.settings) })]],
    [
      'repeat',
      WHEN[name],
      retries,
      stopFile(input.containerDir),
      run,
      [['attempt', [writeStatus(input, { status: 'restarting', ...RUNNER, ...ended(input.settings) })]]],
    ],
  ];
}

function processOf(spec: RuntimeSpec): SpecProcess {
  if (spec.process === undefined) throw new TypeError('a runtime spec without a process cannot be run');
  return spec.process;
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
