/** All mounts of a container in their order: docker's defaults, then the files that tsrun writes and the user's, by depth. Pure. */
import type { Mount } from '../spec/runtime.js';
import { APT_CONF } from './fake-root.js';
import { type SpacesInput, spaceMounts } from './spaces.js';

export interface MountsInput {
  spaces: SpacesInput;
  /** sysfs is mounted anew where the network namespace is the container's own. */
  ownNetwork: boolean;
  /** /etc/hosts stays the image's. */
  noHosts?: boolean;
  /** apt is told that root stays root. */
  aptConf?: boolean;
  readOnly: boolean;
  /** /sys and its cgroups can be written as far as the kernel lets it: --privileged. */
  writableSys?: boolean;
  /** Whether group 5 (tty) is mapped: devpts refuses a gid that is not. */
  ttyGroup: boolean;
  /** Where hosts, hostname and resolv.conf lie; absolute, may hold slots. */
  containerDir: string;
  /** Bytes of /dev/shm; default 64 MiB. */
  shmSize?: number;
  /** Those that were asked for, and the image's volumes. */
  volumes: readonly Mount[];
}

/** Written by tsrun for each container. */
export const FILES = ['resolv.conf', 'hostname', 'hosts', APT_CONF.name] as const;

/** Where the container has one of them. */
export function placeOf(name: (typeof FILES)[number]): string {
  return name === APT_CONF.name ? APT_CONF.place : `/etc/${name}`;
}

export function buildMounts(input: MountsInput): Mount[] {
  const taken = new Set(input.volumes.map(({ destination }) => destination));
  const free = ({ destination }: Mount) => !taken.has(destination);
  const files = FILES.filter((name) => !(input.noHosts && name === 'hosts') && (input.aptConf || name !== APT_CONF.name))
    .map((name) => fileMount(name, input))
    .filter(free);
  // A deeper mount must not be covered by one above it.
  return [...defaultMounts(input).filter(free), ...[...files, ...input.volumes].sort((a, b) => depth(a) - depth(b))];
}

function defaultMounts({ spaces, ownNetwork, ttyGroup, shmSize, writableSys }: MountsInput): Mount[] {
  const only = (option: string) => (writableSys ? [] : [option]);
  const shm = { destination: '/dev/shm', type: 'tmpfs', source: 'shm', options: [...SHM_OPTIONS, `size=${shmSize ?? '65536k'}`] };
  const [proc, ...others] = spaceMounts(spaces, shm, only);
  return [
    ...(proc ? [proc] : []),
    { destination: '/dev', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'strictatime', 'mode=755', 'size=65536k'] },
    {
      destination: '/dev/pts',
      type: 'devpts',
      source: 'devpts',
      options: ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620', ...(ttyGroup ? ['gid=5'] : [])],
    },
    // sysfs shows the network namespace of who mounts it, and only its owner may: with the host's, the host's tree is bound.
    !ownNetwork
      ? { destination: '/sys', type: 'bind', source: '/sys', options: ['rbind', 'nosuid', 'noexec', 'nodev', ...only('rro'), 'rprivate'] }
      : { destination: '/sys', type: 'sysfs', source: 'sysfs', options: ['nosuid', 'noexec', 'nodev', ...only('ro')] },
    ...others,
  ];
}

const SHM_OPTIONS = ['nosuid', 'noexec', 'nodev', 'mode=1777'];

function fileMount(name: (typeof FILES)[number], { containerDir, readOnly }: MountsInput): Mount {
  return {
    destination: placeOf(name),
    type: 'bind',
    source: `${containerDir}/${name}`,
    options: ['rbind', 'rprivate', 'nosuid', 'nodev', ...(readOnly ? ['ro'] : [])],
  };
}

function depth({ destination }: Mount): number {
  return destination.split('/').length;
}
