/**
 * A container in the shape that `docker inspect` and docker's API give it. Only what tsrun knows is there: a member that it has no
 * word for is left out, not made up. Pure.
 */
import { constants } from 'node:os';
import type { AskedPrivilege } from '../bundle/privilege.js';
import { parseSize } from '../bundle/size.js';
import type { SpaceMode, Spaces } from '../bundle/spaces.js';
import type { ContainerSettings, HealthCheck } from '../plan/settings.js';
import type { ImageHealthcheck } from '../spec/image.js';
import { type RuntimeSpec, UNLIMITED } from '../spec/runtime.js';
import { type ContainerMountSummary, type ContainerPort, devicesOf, type Settings, settingsOf } from './container-details.js';
import type { ContainerInspection } from './containers.js';

/** Go's zero time: what docker says of what has not happened. */
const NEVER = '0001-01-01T00:00:00Z';

/** docker's container, as JSON; `OCIConfigPath` is podman's name for where config.json lies. */
export interface DockerContainer {
  Id: string;
  Created: string;
  Path: string;
  Args: string[];
  State: DockerState;
  Image: string;
  Name: string;
  RestartCount: number;
  Mounts: object[];
  Config: DockerConfig;
  HostConfig: object;
  NetworkSettings: object;
  [member: string]: unknown;
}

interface DockerState {
  Status: string;
  Running: boolean;
  Paused: boolean;
  Restarting: boolean;
  Dead: boolean;
  Pid: number;
  /** null when nobody saw how it ended. */
  ExitCode: number | null;
  Error: string;
  StartedAt: string;
  FinishedAt: string;
  Health: { Status: string; FailingStreak: number; Log: object[] } | null;
}

interface DockerConfig {
  Image: string;
  Labels: Record<string, string>;
  [member: string]: unknown;
}

export function dockerContainer(container: ContainerInspection): DockerContainer {
  const { id, created, command, imageId, name, restarts = 0, size, config: spec, directory } = container;
  const settings = settingsOf(spec);
  const [path = '', ...args] = command;
  const file = (base: string) => `${directory}/${base}`;
  return {
    Id: id,
    Created: created,
    Path: path,
    Args: args,
    State: stateOf(container),
    Image: imageId ?? '',
    ResolvConfPath: file('resolv.conf'),
    HostnamePath: file('hostname'),
    HostsPath: file('hosts'),
    LogPath: logOf(settings)?.driver === 'json-file' ? file('log') : '',
    OCIConfigPath: file('config.json'),
    Name: `/${name}`,
    RestartCount: restarts,
    Platform: 'linux',
    MountLabel: spec.linux?.mountLabel ?? '',
    ProcessLabel: spec.process?.selinuxLabel ?? '',
    AppArmorProfile: spec.process?.apparmorProfile ?? '',
    HostConfig: hostConfigOf(container, settings),
    ...(size === undefined ? {} : { SizeRw: size.written, SizeRootFs: size.written + size.image }),
    Mounts: container.mounts.map(mountOf),
    Config: configOf(container, settings),
    NetworkSettings: networkOf(container),
  };
}

function stateOf({ status, paused, pid, exitCode, error = '', started, finished, ...health }: ContainerInspection): DockerState {
  const word: string = status;
  const isPaused = word === 'paused' || paused === true;
  const running = ['running', 'paused', 'restarting'].includes(word);
  return {
    Status: isPaused ? 'paused' : word === 'stopped' ? 'exited' : word === 'creating' ? 'created' : word,
    Running: running,
    Paused: isPaused,
    Restarting: word === 'restarting',
    Dead: false,
    Pid: pid ?? 0,
    ExitCode: exitCode ?? (word === 'stopped' ? null : 0),
    Error: error,
    StartedAt: started ?? NEVER,
    FinishedAt: finished ?? NEVER,
    Health: healthOf(health),
  };
}

function healthOf({
  health,
  failingStreak = 0,
  healthLog = [],
}: Pick<ContainerInspection, 'health' | 'failingStreak' | 'healthLog'>): DockerState['Health'] {
  if (health === undefined) return null;
  const Log = healthLog.map(({ begun, ended, exitCode, output }) => ({ Start: begun, End: ended, ExitCode: exitCode, Output: output }));
  return { Status: health, FailingStreak: failingStreak, Log };
}

function configOf({ image, labels, portBindings = [], config: spec, ...container }: ContainerInspection, settings: Settings): DockerConfig {
  const { process, hostname = '', domainname = '' } = spec;
  const interactive = settings['interactive'];
  const stopSignal = settings['stopSignal'];
  const stopTimeout = settings['stopTimeout'];
  return {
    Hostname: hostname,
    Domainname: domainname,
    ...writtenOf(settings, spec, container.command),
    Tty: process?.terminal ?? false,
    ...(typeof interactive === 'boolean' ? { OpenStdin: interactive } : {}),
    ExposedPorts: Object.fromEntries(portBindings.map((port) => [portName(port), {}])),
    Env: process?.env ?? [],
    Image: image,
    WorkingDir: process?.cwd ?? '',
    Labels: labels,
    ...(typeof stopSignal === 'number' ? { StopSignal: signalName(stopSignal) } : {}),
    ...(typeof stopTimeout === 'number' ? { StopTimeout: stopTimeout } : {}),
    ...(settings['health'] === undefined ? {} : { Healthcheck: healthcheckOf(settings['health'] as HealthCheck) }),
    ...(typeof settings['timeout'] === 'number' ? { Timeout: settings['timeout'] } : {}),
  };
}

/** In nanoseconds. What is for the shell is as it was written. */
export function healthcheckOf({ test, interval, timeout, startPeriod, startInterval, retries }: HealthCheck): Required<ImageHealthcheck> {
  const [Interval, Timeout, StartPeriod, StartInterval] = [interval, timeout, startPeriod, startInterval].map((time) => time * 1e6) as [
    number,
    number,
    number,
    number,
  ];
  const [shell, flag, text] = test;
  const isText = shell === '/bin/sh' && flag === '-c' && test.length === 3;
  return { Test: isText ? ['CMD-SHELL', text ?? ''] : ['CMD', ...test], Interval, Timeout, StartPeriod, StartInterval, Retries: retries };
}

/** As it was written. Of what was made before that was kept: the ids, and what runs as one list. */
function writtenOf({ written }: Settings, { process }: RuntimeSpec, command: readonly string[]): object {
  const { user, entrypoint, cmd } = (written ?? {}) as Partial<NonNullable<ContainerSettings['written']>>;
  const list = (words: unknown) => (Array.isArray(words) && words.length > 0 ? words : null);
  if (typeof user !== 'string')
    return { User: process === undefined ? '' : `${process.user.uid}:${process.user.gid}`, Cmd: command, Entrypoint: null };
  return { User: user, Cmd: list(cmd), Entrypoint: list(entrypoint) };
}

function hostConfigOf({ rm, networkMode, mounts, portBindings = [], config: spec }: ContainerInspection, settings: Settings): object {
  const { process, root, linux } = spec;
  const { memory, cpu, pids } = linux?.resources ?? {};
  const log = logOf(settings);
  const { capAdd = [], capDrop = [], securityOpt = [], privileged = false } = (settings['privilege'] ?? {}) as Partial<AskedPrivilege>;
  return {
    Binds: mounts.filter(({ type }) => type !== 'tmpfs').map(bindOf),
    NetworkMode: networkMode,
    PortBindings: bindingsOf(portBindings),
    RestartPolicy: restartOf(settings['restart']),
    AutoRemove: rm,
    ...(log === undefined ? {} : { LogConfig: { Type: log.driver, Config: logOptions(log) } }),
    ...(typeof settings['init'] === 'boolean' ? { Init: settings['init'] } : {}),
    ReadonlyRootfs: root?.readonly ?? false,
    Tmpfs: Object.fromEntries(
      mounts.filter(({ type }) => type === 'tmpfs').map(({ destination, options }) => [destination, options.join(',')]),
    ),
    CapAdd: capAdd,
    CapDrop: capDrop,
    SecurityOpt: securityOpt,
    Privileged: privileged,
    // What is really granted, as podman has it.
    BoundingCaps: process?.capabilities?.bounding ?? [],
    Memory: memory?.limit ?? 0,
    MemoryReservation: memory?.reservation ?? 0,
    MemorySwap: memory?.swap ?? 0,
    CpuShares: cpu?.shares ?? 0,
    CpuPeriod: cpu?.period ?? 0,
    CpuQuota: cpu?.quota ?? 0,
    CpusetCpus: cpu?.cpus ?? '',
    CpusetMems: cpu?.mems ?? '',
    PidsLimit: pids?.limit ?? null,
    Annotations: settings['annotations'] ?? {},
    Devices: devicesOf(settings['devices']).map(({ source, destination }) => ({
      PathOnHost: source,
      PathInContainer: destination,
      CgroupPermissions: 'rwm',
    })),
    GroupAdd: Array.isArray(settings['groups']) ? settings['groups'].map(String) : [],
    ShmSize: shmSize(spec),
    ...modesOf((settings['spaces'] ?? {}) as Partial<Spaces>),
    Sysctls: linux?.sysctl ?? {},
    Ulimits: (process?.rlimits ?? []).map(({ type, soft, hard }) => ({
      Name: type.replace('RLIMIT_', '').toLowerCase(),
      Soft: limitOf(soft),
      Hard: limitOf(hard),
    })),
    OomScoreAdj: process?.oomScoreAdj ?? 0,
    MaskedPaths: linux?.maskedPaths ?? [],
    ReadonlyPaths: linux?.readonlyPaths ?? [],
  };
}

/** docker's words, podman's for a file; nothing is what a container has of its own. */
function modesOf({ pid, ipc, uts, cgroup }: Partial<Spaces>): Record<string, string> {
  return { PidMode: modeOf(pid, ''), IpcMode: modeOf(ipc, 'private'), UTSMode: modeOf(uts, ''), CgroupnsMode: modeOf(cgroup, 'private') };
}

function modeOf(space: SpaceMode | undefined, own: string): string {
  if (space === undefined || space.mode === 'private') return own;
  return space.mode === 'container' ? `container:${space.container}` : space.mode === 'namespace' ? `ns:${space.path}` : space.mode;
}

/** -1 is docker's word for none. */
function limitOf(value: number): number {
  return value >= UNLIMITED ? -1 : value;
}

/** In bytes, of what lies at /dev/shm. */
function shmSize({ mounts = [] }: RuntimeSpec): number {
  const options = mounts.find(({ destination }) => destination === '/dev/shm')?.options ?? [];
  return parseSize(options.find((option) => option.startsWith('size='))?.slice('size='.length) ?? '') ?? 0;
}

function restartOf(setting: unknown): { Name: string; MaximumRetryCount: number } {
  const { name = 'no', retries = 0 } = (setting ?? {}) as Partial<ContainerSettings['restart']>;
  return { Name: name, MaximumRetryCount: retries };
}

function logOf(settings: Settings): ContainerSettings['log'] | undefined {
  return settings['log'] as ContainerSettings['log'] | undefined;
}

function logOptions({ driver, maxSize, maxFiles }: ContainerSettings['log']): Record<string, string> {
  return driver === 'json-file' && maxSize > 0 ? { 'max-size': String(maxSize), 'max-file': String(maxFiles) } : {};
}

export function signalName(signal: number): string {
  return Object.entries(constants.signals).find(([, number]) => number === signal)?.[0] ?? String(signal);
}

function bindOf({ name, source, destination, readOnly }: ContainerMountSummary): string {
  return `${name ?? source}:${destination}${readOnly ? ':ro' : ''}`;
}

function mountOf({ type, name, source, destination, readOnly, propagation, options }: ContainerMountSummary): object {
  return {
    Type: type,
    ...(name === undefined ? {} : { Name: name }),
    Source: source,
    Destination: destination,
    ...(type === 'volume' ? { Driver: 'local' } : {}),
    Mode: options.join(','),
    RW: !readOnly,
    Propagation: propagation,
  };
}

/** An address that nobody knows is '', as docker has it. */
function networkOf({ networks, address = '', ports = [] }: ContainerInspection): object {
  const here = { IPAddress: address, Gateway: '' };
  return { ...here, Ports: bindingsOf(ports), Networks: Object.fromEntries(networks.map((name) => [name, here])) };
}

function portName({ containerPort, protocol }: ContainerPort): string {
  return `${containerPort}/${protocol}`;
}

/** An exposed port that is not published has null, as docker's. */
function bindingsOf(ports: readonly ContainerPort[]): Record<string, { HostIp: string; HostPort: string }[] | null> {
  const bindings: Record<string, { HostIp: string; HostPort: string }[] | null> = {};
  for (const port of ports) {
    const name = portName(port);
    if (port.hostPort === undefined) bindings[name] ??= null;
    else bindings[name] = [...(bindings[name] ?? []), { HostIp: port.hostIp ?? '', HostPort: String(port.hostPort) }];
  }
  return bindings;
}
