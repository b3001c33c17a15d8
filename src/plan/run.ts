/** A runtime spec and what surrounds it → the launch plan of a foreground run. Pure: golden files test it. */
import type { BuiltFile } from '../bundle/build.js';
import type { NetworkSettings, PublishedPort } from '../network/settings.js';
import type { IdMapping } from '../security/idmap.js';
import { compileSeccomp } from '../security/seccomp/compile.js';
import type { RuntimeSpec, Process as SpecProcess } from '../spec/runtime.js';
import { credentialOperations } from './credentials.js';
import { jsonText } from './encode.js';
import { becomeRoot, CLONE_NEWNET, CLONE_NEWUSER, cloneFlags, hostIdOf, type Mappers, mapIds, mapsHostId } from './identity.js';
import { type BindSource, mountOperations } from './mounts.js';
import { networkOperations } from './network.js';
import type { Operation, Plan } from './operations.js';
import { type RootSource, rootOperations } from './root.js';
import { slot } from './slot.js';
import { type StdioFacts, streamOperations } from './streams.js';

export interface RunPlanInput {
  spec: RuntimeSpec;
  files: readonly BuiltFile[];
  ids: IdMapping;
  mappers?: Mappers;
  root: RootSource;
  /** Holds slot('id'). */
  containerDir: string;
  /** What that is called until it is locked; holds slot('id'), on the same file system. */
  unlockedDir: string;
  /** `<data>/v1/names/NAME`, for a run with a name. */
  nameLink?: string;
  cidfile?: string;
  /** What status.json says besides pid, times and exit status. */
  status: Readonly<Record<string, unknown>>;
  arch: 'x64' | 'arm64';
  interactive: boolean;
  network: NetworkSettings;
  /** Of a container of ours whose network is joined. */
  neighbour?: { pid: number; startTime: string };
  ports: readonly PublishedPort[];
  callers: StdioFacts;
  callerUid: number;
  rm: boolean;
  init: boolean;
}

const RUNNING = { status: 'running', pid: slot('pid'), startTime: slot('start-time'), started: slot('now') };
const STOPPED = { status: 'stopped', exitCode: slot('exit-status'), finished: slot('now') };

export function compileRunPlan(input: RunPlanInput): Plan {
  const process = processOf(input.spec);
  const mounts = mountOperations(input.spec);
  const root = rootOperations(input.root, input.containerDir, input.ids, input.rm);
  const network = networkOperations(input.network, input.ports, input.ids);
  const entered = enterNamespaces(input);
  const running = { ...input.status, ...RUNNING, ...(network.published.length > 0 ? { ports: network.published } : {}) };
  const sources = [...root.binds, ...mounts.sources];
  const streams = streamOperations({
    terminal: process.terminal ?? false,
    interactive: input.interactive,
    callers: input.callers,
    uid: process.user.uid,
    gid: process.user.gid,
    hostUid: hostIdOf(input.ids.uid, process.user.uid),
  });
  const always = input.rm ? 0 : 1;
  const foreign = !mapsHostId(input.ids.uid, input.callerUid);
  const written = input.ids.mode === 'single' ? undefined : root.written;

  const parent: Operation[] = [
    ['stage', 'prepare'],
    ...network.listen,
    ...entered.open,
    ...claim(input, always),
    ...record(input),
    ...root.prepare,
    ...handOver(input, [...root.ownDirectories, ...input.files.map(({ name }) => `${input.containerDir}/${name}`)], foreign),
    ...(foreign ? openSources(sources) : []),
    ['stage', 'clone'],
    ...entered.clone,
    ['name-process', 'child', 'container'],
    ['clone', 'keeper', 0],
    ['stage', 'map'],
    ...(entered.mapped ? [] : [mapIds('child', input.ids, input.mappers)]),
    ['open-namespace', 'child', CLONE_NEWUSER, 'user'],
    ...network.open,
    ...(written
      ? ([
          [
            'on-exit',
            always,
            [
              ['clone', 'cleanup', 0],
              ['reap', 'cleanup'],
            ],
          ],
        ] satisfies Operation[])
      : []),
    ...(foreign ? idmapped(input, sources) : []),
    ['send', 'child', 'mapped'],
    ...network.begin,
    ...root.serve,
    ['stage', 'connect'],
    ...streams.connect,
    ...network.finish,
    ['await-exec', 'child'],
    ['stage', 'run'],
    ['replace-file', `${input.containerDir}/status.json`, 0o600, jsonText(running)],
    ...network.release,
    ['started', 'child'],
    ['forward-signals', 'child', 1],
    ['wait', 'child'],
    ['stage', 'stopped'],
    ...(input.rm
      ? []
      : ([['replace-file', `${input.containerDir}/status.json`, 0o600, jsonText({ ...input.status, ...STOPPED })]] satisfies Operation[])),
  ];

  const child: Operation[] = [
    ['stage', 'enter'],
    ['die-with-parent'],
    ...entered.inside,
    // Not before the map: then this is still the caller, and may enter what the container's ids own besides.
    ['await', 'parent', 'mapped'],
    ...root.sources,
    ...(foreign ? [] : openSources(sources)),
    becomeRoot(input.ids),
    ['undumpable'],
    ['die-with-parent'],
    ['new-session'],
    ['umask', 0],
    ['stage', 'rootfs'],
    ...root.assemble,
    ['stage', 'mounts'],
    ...mounts.operations,
    ...streams.inside,
    ...(process.cwd === '/' ? [] : ([['mkdir-at', 'root', process.cwd, 0o755]] satisfies Operation[])),
    ...(input.spec.root?.readonly ? ([['read-only-root', 'root']] satisfies Operation[]) : []),
    ['pivot', 'root'],
    ['stage', 'process'],
    ['seal', input.init ? 1 : 0],
    ...network.ready,
    ...situation(input.spec, process),
    ...credentialOperations(process, input.ids, filterOf(input)),
    ['chdir', process.cwd, 0],
    ['stage', 'exec'],
    [input.init ? 'init' : 'exec', process.args, process.env ?? [], searchPath(process)],
  ];

  return {
    processes: [
      { name: 'parent', operations: parent },
      { name: 'child', operations: child },
      { name: 'keeper', operations: KEEPER },
      ...network.processes,
      ...(root.server ? [root.server] : []),
      ...(written ? [{ name: 'cleanup', operations: emptying(written, input.ids) }] : []),
    ],
  };
}

/** Ends the container when its runner is gone, whatever the container did to its own parent-death signal. */
const KEEPER: Operation[] = [
  ['stage', 'keep'],
  ['keep', 'container', 'lock'],
];

/** As root of the user namespace that is still open: its maps are made already. */
function emptying(directory: string, ids: IdMapping): Operation[] {
  return [['stage', 'cleanup'], ['chdir-host', directory], ['join', 'user', CLONE_NEWUSER], becomeRoot(ids), ['remove-contents']];
}

/**
 * Namespaces that are there already are entered before the others are made. One that belongs to another container is that user
 * namespace's, which is therefore shared: nobody else may enter it. A file's is the host's, and is entered while the host's rights last.
 */
function enterNamespaces({ spec, network, neighbour }: RunPlanInput): EnteredNamespaces {
  const flags = cloneFlags(spec.linux?.namespaces ?? []);
  if (network.mode === 'container' && neighbour) {
    return {
      open: [['open-process', neighbour.pid, Number(neighbour.startTime), 'neighbour']],
      clone: CONTINUED,
      inside: [['join', 'neighbour', CLONE_NEWUSER + CLONE_NEWNET], ['unshare', (flags & ~CLONE_NEWUSER) >>> 0], ...CONTINUE],
      mapped: true,
    };
  }
  if (network.mode === 'namespace') {
    return {
      open: [['open', network.path, O_RDONLY, 'foreign-net']],
      clone: CONTINUED,
      inside: [['join', 'foreign-net', CLONE_NEWNET], ['unshare', flags], ...CONTINUE],
      mapped: false,
    };
  }
  return { open: [], clone: [['clone', 'child', flags]], inside: [], mapped: false };
}

interface EnteredNamespaces {
  /** Parent, before anything is made. */
  open: Operation[];
  clone: Operation[];
  inside: Operation[];
  /** The user namespace has its maps already. */
  mapped: boolean;
}

const O_RDONLY = 0;
const CONTINUED: Operation[] = [
  ['clone', 'child', 0],
  ['continued', 'child'],
];
/** A new pid namespace is its maker's children's. */
const CONTINUE: Operation[] = [['continue', 'parent'], ['die-with-parent']];

function filterOf({ spec, arch }: RunPlanInput): Uint8Array | undefined {
  return spec.linux?.seccomp && compileSeccomp(spec.linux.seccomp, arch);
}

function processOf(spec: RuntimeSpec): SpecProcess {
  if (spec.process === undefined) throw new TypeError('a runtime spec without a process cannot be run');
  return spec.process;
}

/**
 * The container's directory, locked until its last process has ended: that lock is what says that the container is alive, so the
 * directory has it before it has its name.
 */
function claim(input: RunPlanInput, always: 0 | 1): Operation[] {
  const { containerDir, unlockedDir, nameLink, cidfile } = input;
  return [
    ['mkdir', unlockedDir, 0o700],
    ['on-exit', 1, [['remove-tree', unlockedDir]]],
    ['lock', unlockedDir, 1, 'lock'],
    ['rename', unlockedDir, containerDir],
    ['on-exit', always, [['remove-tree', containerDir]]],
    ...(nameLink === undefined
      ? []
      : ([
          ['symlink', containerDir, nameLink],
          ['on-exit', always, [['remove', nameLink]]],
        ] satisfies Operation[])),
    ...(cidfile === undefined
      ? []
      : ([
          ['write-file', cidfile, 0o644, slot('id')],
          ['on-exit', 1, [['remove', cidfile]]],
        ] satisfies Operation[])),
  ];
}

function record(input: RunPlanInput): Operation[] {
  const { containerDir } = input;
  return [
    ['write-file', `${containerDir}/config.json`, 0o600, jsonText(input.spec)],
    ...input.files.map((file): Operation => ['write-file', `${containerDir}/${file.name}`, file.mode, file.text]),
  ];
}

/** What root made must be handed to the container's root where root itself has no id inside. */
function handOver(input: RunPlanInput, made: readonly string[], foreign: boolean): Operation[] {
  const owner = hostRoot(input.ids);
  return foreign && owner ? made.map((path): Operation => ['chown', path, owner.uid, owner.gid]) : [];
}

function hostRoot(ids: IdMapping): { uid: number; gid: number } | undefined {
  const uid = hostIdOf(ids.uid, 0);
  const gid = hostIdOf(ids.gid, 0);
  return uid === undefined || gid === undefined ? undefined : { uid, gid };
}

function openSources(sources: readonly BindSource[]): Operation[] {
  return sources.map((source): Operation => ['open-tree', source.path, source.recursive ? 1 : 0, source.name]);
}

/** Root's own files are shown as the container root's. The kernel's own file systems have no owners to show. */
function idmapped({ containerDir }: RunPlanInput, sources: readonly BindSource[]): Operation[] {
  return sources
    .filter(({ path, owned }) => !owned && !/^\/(proc|sys|dev)(\/|$)/.test(path) && !path.startsWith(`${containerDir}/`))
    .map((source): Operation => ['idmap-tree', source.name, 'user']);
}

function situation(spec: RuntimeSpec, process: SpecProcess): Operation[] {
  const namespaces = spec.linux?.namespaces ?? [];
  const has = (type: string) => namespaces.some((namespace) => namespace.type === type && namespace.path === undefined);
  return [
    ...(spec.hostname !== undefined && has('uts') ? ([['hostname', spec.hostname]] satisfies Operation[]) : []),
    ...(has('network') ? ([['loopback-up']] satisfies Operation[]) : []),
    ['chdir', process.cwd, 1],
  ];
}

/** The PATH that a command without a slash is looked up in: the container's own. */
function searchPath(process: SpecProcess): string {
  const entry = (process.env ?? []).findLast((variable) => variable.startsWith('PATH='));
  return entry === undefined ? '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' : entry.slice('PATH='.length);
}
