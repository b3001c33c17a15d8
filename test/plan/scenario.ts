/**
 * The plans of the golden files. Each is a function of what differs from one machine and user to the next, so that the same plan is
 * printed for invented facts (golden.test.ts) and executed with those of this machine (replay.test.ts).
 */
import type { RunOptions } from '../../src/api/options.js';
import { buildSpec, type NetworkInput } from '../../src/bundle/build.js';
import { parseHealth } from '../../src/container/parse-health.js';
import { parseLog, parseRestart } from '../../src/container/parse-settings.js';
import { choosePorts } from '../../src/network/ports.js';
import { pastaStack, type Stack, slirpStack } from '../../src/network/stack.js';
import { compileExecPlan } from '../../src/plan/exec.js';
import type { Mappers } from '../../src/plan/identity.js';
import type { Operation, Plan } from '../../src/plan/operations.js';
import type { RootSource } from '../../src/plan/root.js';
import { compileCreatePlan, compileRunPlan, compileStartPlan, type NewContainer } from '../../src/plan/run.js';
import { slot } from '../../src/plan/slot.js';
import type { Caller, StdioFacts, StreamFacts } from '../../src/plan/streams.js';
import type { SystemForms } from '../../src/plan/system.js';
import { compileVisitRunningPlan, compileVisitStoppedPlan } from '../../src/plan/visit.js';
import type { IdMapping } from '../../src/security/idmap.js';
import type { SelinuxLabels } from '../../src/security/selinux.js';
import type { RuntimeSpec } from '../../src/spec/runtime.js';
import type { IdentityName } from '../harness/identity.js';
import { BESIDE, filesOf, sharedSpaces, spacesInput } from './neighbour.js';
import { compileOciCreatePlan, compileOciStartPlan } from './oci.js';

export interface Facts {
  ids: IdMapping;
  mappers?: Mappers;
  callerUid: number;
  /** One layer: busybox with root, ada (1000, in wheel) and nobody. */
  layers: readonly string[];
  /** Holds containers/, transient/ and names/. */
  store: string;
  /** Runtime directories. */
  run: string;
  /** A directory `data` and a file `file`, the caller's. */
  volumes: string;
  arch: 'x64' | 'arm64';
  /** A running container, for `exec`: pid and start of its first process. */
  running: { pid: number; startTime: number };
}

export interface Scenario {
  identity: IdentityName;
  userns?: 'keep-id' | 'nomap';
  /** It opens ports or starts a network program: test/integration/network executes such. */
  networked?: boolean;
  /** It has no pid namespace of its own. */
  sharesPid?: boolean;
  /** It needs a host with SELinux, and a policy that knows its label. */
  labelled?: boolean;
  /** The caller's streams are a terminal. */
  terminal?: boolean;
  plan(facts: Facts): Plan;
}

/** Says who it is, and which container: twice executed, it must be two. */
const WHO = 'echo id=$HOSTNAME uid=$(id -u) pid=$$';

export const SCENARIOS: Readonly<Record<string, Scenario>> = {
  'run-root': { identity: 'root', plan: (facts) => run(facts, { rm: true }, WHO) },
  'run-range': { identity: 'range', plan: (facts) => run(facts, { rm: true }, WHO) },
  'run-single': { identity: 'single', plan: (facts) => run(facts, { rm: true }, WHO) },
  'run-single-fake-root': { identity: 'single', plan: (facts) => run(facts, { rm: true, fakeRoot: true }, `${WHO}; chown 5:6 /tmp`) },
  'run-range-landlock': {
    identity: 'range',
    plan: (facts) => run(facts, { rm: true, landlock: LANDLOCK }, `${WHO}; echo > /tmp/x && ! touch /x 2> /dev/null`),
  },
  'run-root-volumes': { identity: 'root', plan: (facts) => run(facts, { rm: true, ...volumes(facts) }, `${WHO}; ${VISIT}`) },
  'run-range-volumes': { identity: 'range', plan: (facts) => run(facts, { rm: true, ...volumes(facts) }, `${WHO}; ${VISIT}`) },
  'run-root-own': { identity: 'root', plan: (facts) => run(facts, { rm: true, ...OWN }, `${WHO}; ${FILLED}`) },
  'run-range-own': { identity: 'range', plan: (facts) => run(facts, { rm: true, ...OWN }, `${WHO}; ${FILLED}`) },
  'run-single-own': { identity: 'single', plan: (facts) => run(facts, { rm: true, ...OWN }, `${WHO}; ${FILLED}`) },
  'run-range-kept-init': {
    identity: 'range',
    plan: (facts) => run(facts, { name: 'kept', init: true, user: 'ada', workdir: '/home/ada', env: ['GREETING'] }, `${WHO}; exit 7`),
  },
  'run-range-terminal': {
    identity: 'range',
    terminal: true,
    plan: (facts) => run(facts, { rm: true, tty: true, interactive: true }, `${WHO}; tty`),
  },
  'run-range-attended': {
    identity: 'range',
    terminal: true,
    plan: (facts) => compileRunPlan(container(facts, { rm: true, tty: true, interactive: true }, `${WHO}; tty`), ATTENDING),
  },
  'run-range-attended-restart': {
    identity: 'range',
    terminal: true,
    plan: (facts) =>
      compileRunPlan(container(facts, { tty: true, interactive: true, restart: 'on-failure:2' }, `${WHO}; exit 3`), ATTENDING),
  },
  'detached-range-fed': {
    identity: 'range',
    plan: (facts) => compileRunPlan(container(facts, { interactive: true }, WHO), { streams: SOCKETS, feeds: true }),
  },
  'run-range-keep-id': { identity: 'range', userns: 'keep-id', plan: (facts) => run(facts, { rm: true, userns: 'keep-id' }, WHO) },
  'run-range-nomap': { identity: 'range', userns: 'nomap', plan: (facts) => run(facts, { rm: true, ...OWN }, `${WHO}; ${FILLED}`) },
  'run-range-options': {
    identity: 'range',
    plan: (facts) =>
      run(facts, OPTIONS, `${WHO}; test "$(umask) $(ulimit -n) $(id -G) $(cat /proc/sys/kernel/msgmax)" = '0027 64 0 10 9000'`),
  },
  'run-range-privilege': {
    identity: 'range',
    plan: (facts) => run(facts, PRIVILEGE, `${WHO}; test "$(cat /proc/sys/user/max_user_namespaces) $(ls /etc)" = '0 '; touch /tmp/x`),
  },
  'run-single-host-network': {
    identity: 'single',
    plan: (facts) => run(facts, { rm: true, network: 'host' }, WHO),
  },
  'run-single-host-spaces': {
    identity: 'single',
    sharesPid: true,
    plan: (facts) => run(facts, { rm: true, pid: 'host', ipc: 'host', uts: 'host', cgroupns: 'host' }, WHO),
  },
  'run-range-neighbour': {
    identity: 'range',
    sharesPid: true,
    plan: (facts) => run(facts, { rm: true, ...BESIDE }, WHO),
  },
  'run-range-label': {
    identity: 'range',
    labelled: true,
    plan: (facts) => {
      const volume = [...(volumes(facts).volume ?? []), 'named:/named'].map((text) =>
        text.replace(/^(.*:\/out)$/, '$1:z').replace(/file:ro$/, 'file:ro,Z'),
      );
      return compileRunPlan(container(facts, { rm: true, init: true, volume }, WHO, undefined, LABELS), { streams: SOCKETS });
    },
  },
  'run-root-files': {
    identity: 'root',
    sharesPid: true,
    plan: (facts) => run(facts, { rm: true, ...filesOf(facts.running) }, WHO),
  },
  'run-range-network': {
    identity: 'range',
    networked: true,
    plan: (facts) => run(facts, { rm: true, publish: PUBLISHED }, WHO, PASTA),
  },
  'run-range-subset': {
    identity: 'range',
    plan: (facts) =>
      runHere(
        facts,
        { proc: 'subset', sys: 'fresh', variables: true },
        'test -d /proc/1 -a -d /proc/self/fd -a ! -e /proc/meminfo -a ! -e /proc/sys',
      ),
  },
  'run-single-bound': {
    identity: 'single',
    plan: (facts) => runHere(facts, { proc: 'bound', sys: 'bound', variables: false }, '! echo 1 2> /dev/null > /proc/self/oom_score_adj'),
  },
  'run-root-network': { identity: 'root', networked: true, plan: (facts) => run(facts, { rm: true }, WHO, SLIRP) },
  'exec-range': { identity: 'range', plan: (facts) => compileExecPlan(execInput(facts, `${WHO}; ${SPACES}`)) },
  'exec-range-terminal': {
    identity: 'range',
    terminal: true,
    plan: (facts) => compileExecPlan({ ...execInput(facts, `${WHO}; tty`, true), interactive: true, caller: { streams: TERMINAL } }),
  },
  'exec-range-attended': {
    identity: 'range',
    terminal: true,
    plan: (facts) => compileExecPlan({ ...execInput(facts, `${WHO}; tty`, true), interactive: true, caller: ATTENDING }),
  },
  'create-range': { identity: 'range', plan: (facts) => compileCreatePlan(container(facts, {}, WHO)) },
  'create-root-own': { identity: 'root', plan: (facts) => compileCreatePlan(container(facts, OWN, EMPTYING)) },
  'create-range-own': { identity: 'range', plan: (facts) => compileCreatePlan(container(facts, OWN, EMPTYING)) },
  'start-range': { identity: 'range', plan: (facts) => startPlan(facts) },
  'detached-range': { identity: 'range', plan: (facts) => compileRunPlan(container(facts, { interactive: true }, WHO), undefined) },
  'detached-range-restart': {
    identity: 'range',
    plan: (facts) => compileRunPlan(container(facts, { restart: 'on-failure:2' }, `${WHO}; exit 3`), undefined),
  },
  'detached-range-health': {
    identity: 'range',
    plan: (facts) =>
      compileRunPlan(container(facts, { healthCmd: 'touch /tmp/asked', healthInterval: '50ms' }, `${WHO}; ${ASKED}`), undefined),
  },
  'visit-running-range': { identity: 'range', plan: (facts) => compileVisitRunningPlan(facts.running, facts, LOOKING) },
  'visit-stopped-range': { identity: 'range', plan: (facts) => compileVisitStoppedPlan(stopped(facts), LOOKING) },
  'visit-stopped-root': { identity: 'root', plan: (facts) => compileVisitStoppedPlan(stopped(facts), LOOKING) },
  'oci-create-range': {
    identity: 'range',
    plan: (facts) => compileOciCreatePlan(compileRunPlan(container(facts, {}, WHO), undefined), kept(facts)),
  },
  'oci-start-range': { identity: 'range', plan: (facts) => compileOciStartPlan(`${facts.store}/containers/${ID}`) },
};

const LABELS: SelinuxLabels = {
  process: 'system_u:system_r:container_t:s0:c1,c2',
  file: 'system_u:object_r:container_file_t:s0:c1,c2',
  layers: 'system_u:object_r:container_ro_file_t:s0',
};

const LANDLOCK = ['write=/tmp', 'exec=/bin'];

const OPTIONS: RunOptions = {
  rm: true,
  umask: '027',
  ulimit: ['nofile=64:128', 'core=-1'],
  groupAdd: ['wheel'],
  sysctl: ['kernel.msgmax=9000', 'kernel.domainname=example.org'],
  shmSize: '1m',
  label: ['a=b'],
  timeout: 600,
};

const PRIVILEGE: RunOptions = {
  rm: true,
  capAdd: ['net_admin'],
  capDrop: ['all'],
  securityOpt: ['no-new-privileges', 'seccomp=unconfined', 'unmask=ALL', 'mask=/etc'],
  disableUserns: true,
  readOnly: true,
  readOnlyTmpfs: true,
};

/** The container that `start` starts: written out, for the plan is another one's. */
const ID = '0123456789abcdef'.repeat(4);
const LOOKING = { argv: ['/bin/ls', '-d', 'etc'], env: [] };
const VISIT = 'cat /in/greeting /in.file; echo out > /out/$HOSTNAME; ! touch /in/not 2> /dev/null; stat -c %u:%g /in /out /in.file';
const ASKED = 'until [ -e /tmp/asked ]; do sleep 0.1; done';
const SPACES = 'for each in user mnt pid net ipc uts cgroup; do readlink /proc/self/ns/$each; done';

/** Volumes that come and go with the container, and a tmpfs. */
const OWN: RunOptions = {
  volume: ['/home', '/new'],
  mount: ['dst=/etc/own,volume-nocopy,chown'],
  tmpfs: ['/t:size=1m,mode=700'],
};
const FILLED = 'touch /home/ada/x /new/x /etc/own/x /t/x && test -d /home/ada && ! rmdir /home 2> /dev/null';

/** What is in its volumes at first, and nothing at the end. */
const EMPTYING = 'ls /home /new; rm -rf /home/* /new/*';

function volumes({ volumes: directory }: Facts): RunOptions {
  return { readOnly: true, volume: [`${directory}/data:/in:ro`, `${directory}/out:/out`, `${directory}/file:/in.file:ro`] };
}

function kept({ store }: Facts): string {
  return `${store}/containers/${slot('id')}`;
}

const PUBLISHED = ['127.0.0.1:8080:80', '5300-5301:53-54/udp', '80'];
const PASTA: Stacked = { mode: 'pasta', ...pastaStack('/usr/bin/pasta', { options: [], hostLoopback: false }) };
const SLIRP: Stacked = { mode: 'slirp4netns', ...slirpStack('/usr/bin/slirp4netns', { options: [], hostLoopback: false }) };
type Stacked = Stack & { mode: 'pasta' | 'slirp4netns' };

function networkInput({ mode, args, address, dns }: Stacked, { publish = [] }: RunOptions): NetworkInput {
  return { settings: { mode, args, address }, ports: choosePorts({ publish }), resolvConf: `nameserver ${dns}\n`, added: [] };
}

function run(facts: Facts, options: RunOptions, script: string, stack?: Stacked): Plan {
  return compileRunPlan(container(facts, options, script, stack && networkInput(stack, options)), {
    streams: options.tty ? TERMINAL : SOCKETS,
  });
}

/** Where parts of /proc and /sys are hidden. */
function runHere(facts: Facts, system: SystemForms, script: string): Plan {
  return compileRunPlan({ ...container(facts, { rm: true }, `${WHO}; ${script}`), system }, { streams: SOCKETS });
}

function container(facts: Facts, options: RunOptions, script: string, network?: NetworkInput, labels?: SelinuxLabels): NewContainer {
  const { ids, mappers, store, arch, callerUid } = facts;
  const { rm = false, name } = options;
  const containerDir = rm ? `${store}/transient/${slot('id')}` : kept(facts);
  const root: RootSource = { type: 'overlay', layers: facts.layers, mode: 0o755 };
  const health = parseHealth(options, undefined);
  const shared = sharedSpaces(facts.running, options);
  return {
    ...specOf(facts, options, ['sh', '-c', script], containerDir, network, labels),
    ...shared.neighbour,
    settings: {
      ...shared.settings,
      rm,
      interactive: options.interactive ?? false,
      init: options.init ?? false,
      root,
      ...(options.landlock ? { landlock: { write: ['/tmp'], exec: ['/bin'] } } : {}),
      network: network?.settings ?? { mode: options.network === 'host' ? 'host' : 'none' },
      ports: network?.ports ?? [],
      restart: parseRestart(options.restart ?? 'no'),
      log: parseLog('json-file', ['max-size=1m', 'max-file=2']),
      stopSignal: 15,
      stopTimeout: 10,
      ...(options.timeout === undefined ? {} : { timeout: options.timeout }),
      ...(health ? { health } : {}),
      ...(labels ? { layerLabel: labels.layers } : {}),
    },
    ids,
    ...(mappers ? { mappers } : {}),
    containerDir,
    unlockedDir: `${store}/transient/new-${slot('id')}`,
    runDir: `${facts.run}/${slot('id')}`,
    ...(name === undefined ? {} : { nameLink: `${store}/names/${name}` }),
    events: { file: `${store}/events`, id: slot('id'), attributes: { image: 'busybox', ...(name === undefined ? {} : { name }) } },
    status: { image: 'busybox', created: slot('begun') },
    arch,
    callerUid,
  };
}

/** A foreground run at a terminal, whose caller may leave it. */
export function attendedPlan(facts: Facts, script: string): Plan {
  return compileRunPlan(container(facts, { rm: true, tty: true, interactive: true }, script), ATTENDING);
}

/** Of the container that `create-range` makes. */
export function startPlan(facts: Facts, id = ID, spec?: RuntimeSpec): Plan {
  const { files, unlockedDir: _unlocked, ...made } = container(facts, {}, WHO);
  const containerDir = `${facts.store}/containers/${id}`;
  return compileStartPlan(
    {
      ...made,
      ...specOf(facts, {}, ['sh', '-c', WHO], containerDir),
      ...(spec ? { spec } : {}),
      id,
      containerDir,
      runDir: `${facts.run}/${id}`,
      files: files.map(({ name }) => name),
      status: { image: 'busybox', created: 'then' },
      previously: { status: 'created' },
    },
    undefined,
  );
}

/** The one that `create-range` makes, with a volume, as cp finds it. */
function stopped(facts: Facts) {
  const options = { readOnly: true, volume: [`${facts.volumes}/data:/in:ro`] };
  const { files, unlockedDir: _unlocked, ...made } = container(facts, options, WHO);
  const containerDir = `${facts.store}/containers/${ID}`;
  return {
    ...made,
    ...specOf(facts, options, ['sh', '-c', WHO], containerDir),
    containerDir,
    runDir: `${facts.run}/${ID}`,
    files: files.map(({ name }) => name),
  };
}

/** What a terminal gives, and what Node does. */
const TERMINAL = streams('terminal', 'terminal', 'terminal');
/** Somebody who may leave the command alone. */
const ATTENDING: Caller = { streams: TERMINAL, detachKeys: Uint8Array.of(16, 17) };
const SOCKETS = streams('stdin', 'stdout', 'stderr');

function streams(...files: [string, string, string]): StdioFacts {
  const [stdin, stdout, stderr] = files.map((file): StreamFacts => ({ type: file === 'terminal' ? file : 'socket', uid: 1000, file }));
  if (!stdin || !stdout || !stderr) throw new Error('three streams');
  return { stdin, stdout, stderr };
}

const PASSWD = 'root:x:0:0:root:/root:/bin/sh\nada:x:1000:1000:Ada:/home/ada:/bin/sh\n';
const GROUP = 'root:x:0:\nwheel:x:10:ada\nada:x:1000:\n';

function specOf(
  facts: Facts,
  options: RunOptions,
  command: readonly string[],
  containerDir: string,
  network?: NetworkInput,
  labels?: SelinuxLabels,
) {
  return buildSpec({
    image: {
      name: 'busybox',
      config: { architecture: 'amd64', os: 'linux', rootfs: { type: 'layers', diff_ids: [] }, config: { Env: ['PATH=/bin'], Cmd: ['sh'] } },
    },
    options,
    command,
    ids: facts.ids,
    passwd: PASSWD,
    group: GROUP,
    envFiles: [],
    host: {
      arch: facts.arch,
      kernel: '6.1.0',
      envNames: new Set(['TERM', 'GREETING']),
      hostname: 'host',
      hosts: '127.0.0.1 localhost\n',
      resolvConf: 'nameserver 127.0.0.53\n',
    },
    terminal: options.tty ?? false,
    rootPath: 'rootfs',
    containerDir,
    ...(network ? { network } : {}),
    ...(labels ? { labels } : {}),
    spaces: spacesInput(facts.running, options),
    volumesDir: `${facts.store}/volumes`,
    annotations: {},
  });
}

function execInput(facts: Facts, script: string, tty = false) {
  const { spec } = specOf(facts, { tty }, ['sh', '-c', script], '/unused');
  if (spec.process === undefined) throw new Error('a spec without a process');
  const seccomp = spec.linux?.seccomp;
  return {
    ...facts.running,
    process: spec.process,
    events: { file: `${facts.store}/events`, id: ID, attributes: { image: 'busybox', name: 'calm-heron-3f' } },
    namespaces: spec.linux?.namespaces ?? [],
    ids: facts.ids,
    arch: facts.arch,
    interactive: false,
    caller: { streams: SOCKETS },
    ...(seccomp ? { seccomp } : {}),
  };
}

const NESTING = new Set(['on-exit', 'repeat', 'unless', 'attempt']);

/** The operation's name, and those of the plans and lists within it: what stays the same whatever the facts. */
export type Shape = string | Shape[];

export function shapeOf(plan: Plan): Shape[] {
  return plan.processes.flatMap(({ name, operations }): Shape[] => [name, operations.map(shapeOfOperation)]);
}

function shapeOfOperation(operation: Operation): Shape {
  const nested = operation
    .slice(1)
    .filter((argument): argument is readonly Operation[] => Array.isArray(argument) && Array.isArray(argument[0]));
  if (operation[0] === 'detach') return [operation[0], shapeOf(operation[2])];
  return NESTING.has(operation[0]) ? [operation[0], ...nested.map((operations) => operations.map(shapeOfOperation))] : operation[0];
}
