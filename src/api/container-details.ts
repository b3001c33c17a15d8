/** What a container's config.json says besides its process: labels, mounts, networks, ports. The one reader of those annotations for listings. Pure. */
import { CONVERTED } from '../bundle/labels.js';
import { FILES, placeOf } from '../bundle/mounts.js';
import { isZoneMount } from '../bundle/timezone.js';
import type { ContainerHealth } from '../container/health.js';
import type { ContainerSize } from '../container/size.js';
import type { ContainerSettings } from '../plan/settings.js';
import type { Mount, RuntimeSpec } from '../spec/runtime.js';

export interface ContainerMountSummary {
  type: 'bind' | 'volume' | 'tmpfs';
  /** Of a volume. */
  name?: string;
  /** On the host; '' for a tmpfs. */
  source: string;
  destination: string;
  readOnly: boolean;
  /** `rprivate` and its like; '' for a volume or a tmpfs. */
  propagation: string;
  /** What else was asked for, as in the spec. */
  options: string[];
}

export interface ContainerPort {
  /** An address of the host; '' for every one. */
  hostIp?: string;
  /** Where it is published; absent when it is not. 0: at any that is free. */
  hostPort?: number;
  containerPort: number;
  protocol: string;
}

export interface ContainerDetails extends Partial<ContainerHealth> {
  /** Of the image it was made from; absent for --rootfs. */
  imageId?: string;
  labels: Record<string, string>;
  mounts: ContainerMountSummary[];
  /** As `--network` names it: `none`, `host`, `pasta`, `container:ID` … */
  networkMode: string;
  /** Those that it is in by itself. */
  networks: string[];
  /** Its own address there. */
  address?: string;
  /** Ports that are to be published when it runs. */
  portBindings?: ContainerPort[];
  /** Ports that are published now. */
  ports?: ContainerPort[];
  paused?: boolean;
  restarts?: number;
  /** Bytes: what the container wrote, and the image below it. When asked for. */
  size?: ContainerSize;
}

/** What `start` needs besides the spec (io.tsrun.container), and what a part of it keeps on its own (io.tsrun.MEMBER). */
export type Settings = Readonly<Record<string, unknown>>;

/** @param id the container's own, which its files' places have in them */
export function detailsOf(id: string, spec: RuntimeSpec): ContainerDetails {
  const annotations = spec.annotations ?? {};
  const settings = settingsOf(spec);
  const imageId = annotations['io.tsrun.image.id'];
  const portBindings = portsOf(settings['ports']);
  return {
    ...(imageId === undefined ? {} : { imageId }),
    labels: labelsOf(spec),
    mounts: mountsOf(id, spec.mounts ?? [], settings),
    ...networkOf(spec, settings['network']),
    ...(portBindings.length === 0 ? {} : { portBindings }),
  };
}

/** The image's, and the user's own above them. */
export function labelsOf(spec: Pick<RuntimeSpec, 'annotations'>): Record<string, string> {
  const settings = settingsOf(spec);
  return { ...imageLabels(spec.annotations ?? {}, textsOf(settings['annotations'])), ...textsOf(settings['labels']) };
}

const SETTINGS = 'io.tsrun.container';
const MEMBERS = [
  'labels',
  'annotations',
  'network',
  'ports',
  'volumes',
  'health',
  'restart',
  'log',
  'stopSignal',
  'stopTimeout',
  'init',
  'interactive',
  'rm',
];

export function settingsOf({ annotations = {} }: Pick<RuntimeSpec, 'annotations'>): Settings {
  const own = MEMBERS.flatMap((name) => {
    const value = parsed(annotations[`io.tsrun.${name}`]);
    return value === undefined ? [] : [[name, value] as const];
  });
  const settings = parsed(annotations[SETTINGS]);
  return { ...Object.fromEntries(own), ...(typeof settings === 'object' && settings !== null ? settings : {}) };
}

/** A damaged annotation says nothing; it hides no other. */
function parsed(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What `--annotation` added is no label, unless settings.labels says so. */
function imageLabels(annotations: Readonly<Record<string, string>>, plain: Record<string, string>): Record<string, string> {
  const isLabel = (name: string) => !name.startsWith('io.tsrun.') && !CONVERTED.test(name) && !Object.hasOwn(plain, name);
  return Object.fromEntries(Object.entries(annotations).filter(([name]) => isLabel(name)));
}

function textsOf(value: unknown): Record<string, string> {
  const entries = typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.entries(value) : [];
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
}

/** One that does not say has what its namespaces say. */
function networkOf(spec: RuntimeSpec, setting: unknown): Pick<ContainerDetails, 'networkMode' | 'networks' | 'address'> {
  const { mode, address, container, path } = textsOf(setting);
  const own = spec.linux?.namespaces?.some(({ type }) => type === 'network') ? 'none' : 'host';
  if (mode === 'container') return { networkMode: `container:${container}`, networks: [] };
  if (mode === 'namespace') return { networkMode: `ns:${path}`, networks: [] };
  return { networkMode: mode ?? own, networks: [mode ?? own], ...(address ? { address } : {}) };
}

function portsOf(value: unknown): ContainerPort[] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((each: Partial<ContainerPort> | null) => {
    const { hostIp, hostPort, containerPort, protocol = 'tcp' } = each ?? {};
    if (typeof containerPort !== 'number') return [];
    return [
      { ...(typeof hostIp === 'string' ? { hostIp } : {}), ...(typeof hostPort === 'number' ? { hostPort } : {}), containerPort, protocol },
    ];
  });
}

/** Those that were asked for: not what every container has, nor the files that tsrun makes for each. */
function mountsOf(id: string, mounts: readonly Mount[], { volumes, devices, privilege }: Settings): ContainerMountSummary[] {
  const hosts = (privilege as ContainerSettings['privilege'])?.privileged === true;
  const nodes = new Set(devicesOf(devices).map(({ destination }) => destination));
  const names = new Map(
    (Array.isArray(volumes) ? volumes : []).map((each: { destination?: string; volume?: string } | null) => [
      each?.destination,
      each?.volume,
    ]),
  );
  return mounts
    .filter((mount) => isAskedFor(id, mount) && !nodes.has(mount.destination) && !(hosts && isHostDevice(mount)))
    .map((mount) => mountSummary(mount, names.get(mount.destination)));
}

/** --privileged brings all of them. */
function isHostDevice({ source = '', destination }: Mount): boolean {
  return source === destination && source.startsWith('/dev/');
}

/** `--device`: nodes of the host among the mounts. */
export function devicesOf(setting: unknown): { source: string; destination: string }[] {
  const given = Array.isArray(setting) ? setting : [];
  return given.filter((each) => typeof each?.source === 'string' && typeof each?.destination === 'string');
}

function isAskedFor(id: string, { type, source = '', destination }: Mount): boolean {
  if (type === 'tmpfs') return destination !== '/dev' && destination !== '/dev/shm';
  const own = FILES.some((name) => destination === placeOf(name) && source.endsWith(`/${id}/${name}`));
  return type === 'bind' && !own && destination !== '/sys' && !isZoneMount(source, destination);
}

const PROPAGATIONS = ['private', 'rprivate', 'shared', 'rshared', 'slave', 'rslave', 'unbindable', 'runbindable'];

function mountSummary({ type, source = '', destination, options = [] }: Mount, name: string | undefined): ContainerMountSummary {
  const readOnly = options.includes('ro') || options.includes('rro');
  const others = options.filter((option) => !PROPAGATIONS.includes(option) && !['ro', 'rro', 'rw', 'bind', 'rbind'].includes(option));
  const propagation = options.find((option) => PROPAGATIONS.includes(option)) ?? 'rprivate';
  if (type === 'tmpfs') return { type: 'tmpfs', source: '', destination, readOnly, propagation: '', options: others };
  if (name !== undefined) return { type: 'volume', name, source, destination, readOnly, propagation: '', options: others };
  return { type: 'bind', source, destination, readOnly, propagation, options: others };
}
