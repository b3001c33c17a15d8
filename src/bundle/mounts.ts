/** All mounts of a container in their order: docker's defaults, the files that tsrun writes, then `-v` by depth. Pure. */
import { posix } from 'node:path';
import { TsrunError } from '../errors.js';
import type { Mount } from '../spec/runtime.js';
import { checkText } from './check.js';
import type { Volume } from './volume.js';

export interface MountsInput {
  /** sysfs is mounted anew where the network namespace is the container's own. */
  ownNetwork: boolean;
  /** /etc/hosts stays the image's. */
  noHosts?: boolean;
  readOnly: boolean;
  /** Whether group 5 (tty) is mapped: devpts refuses a gid that is not. */
  ttyGroup: boolean;
  /** Where hosts, hostname and resolv.conf lie; absolute, may hold slots. */
  containerDir: string;
  volumes: readonly Volume[];
}

/** Written by tsrun for each container. */
export const FILES = ['resolv.conf', 'hostname', 'hosts'] as const;

/** @throws ERR_TSRUN_USAGE when two volumes have one destination */
export function buildMounts(input: MountsInput): Mount[] {
  refuseTwice(input.volumes);
  const taken = new Set(input.volumes.map(({ destination }) => destination));
  const free = ({ destination }: Mount) => !taken.has(destination);
  const files = FILES.filter((name) => !(input.noHosts && name === 'hosts'))
    .map((name) => fileMount(name, input))
    .filter(free);
  const volumes = input.volumes.map(
    ({ destination, source, options }): Mount => ({ destination, type: 'bind', source, options: [...options] }),
  );
  // A deeper mount must not be covered by one above it.
  return [...defaultMounts(input).filter(free), ...[...files, ...volumes].sort((a, b) => depth(a) - depth(b))];
}

function defaultMounts({ ownNetwork, ttyGroup }: MountsInput): Mount[] {
  return [
    { destination: '/proc', type: 'proc', source: 'proc', options: ['nosuid', 'noexec', 'nodev'] },
    { destination: '/dev', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'strictatime', 'mode=755', 'size=65536k'] },
    {
      destination: '/dev/pts',
      type: 'devpts',
      source: 'devpts',
      options: ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620', ...(ttyGroup ? ['gid=5'] : [])],
    },
    // sysfs shows the network namespace of who mounts it, and only its owner may: with the host's, the host's tree is bound.
    !ownNetwork
      ? { destination: '/sys', type: 'bind', source: '/sys', options: ['rbind', 'nosuid', 'noexec', 'nodev', 'rro', 'rprivate'] }
      : { destination: '/sys', type: 'sysfs', source: 'sysfs', options: ['nosuid', 'noexec', 'nodev', 'ro'] },
    { destination: '/sys/fs/cgroup', type: 'cgroup', source: 'cgroup', options: ['ro', 'nosuid', 'noexec', 'nodev'] },
    { destination: '/dev/mqueue', type: 'mqueue', source: 'mqueue', options: ['nosuid', 'noexec', 'nodev'] },
    { destination: '/dev/shm', type: 'tmpfs', source: 'shm', options: ['nosuid', 'noexec', 'nodev', 'mode=1777', 'size=65536k'] },
  ];
}

function fileMount(name: string, { containerDir, readOnly }: MountsInput): Mount {
  return {
    destination: `/etc/${name}`,
    type: 'bind',
    source: `${containerDir}/${name}`,
    options: ['rbind', 'rprivate', 'nosuid', 'nodev', ...(readOnly ? ['ro'] : [])],
  };
}

function depth({ destination }: Mount): number {
  return destination.split('/').length;
}

function refuseTwice(volumes: readonly Volume[]): void {
  const seen = new Set<string>();
  for (const { destination } of volumes) {
    if (seen.has(destination)) {
      throw new TsrunError('ERR_TSRUN_USAGE', `two volumes are mounted at ${destination}`, {
        subject: destination,
        hint: 'give each its own destination',
      });
    }
    seen.add(destination);
  }
}

/**
 * The image's Volumes need no mount here: what is written there lands in the container's own upper directory. But one at /proc, /sys or /dev would
 * turn off what protects them (CVE-2019-16884).
 * @throws ERR_TSRUN_CONFIG_INVALID
 */
export function checkImageVolumes(volumes: Readonly<Record<string, object>> | null | undefined): void {
  for (const path of Object.keys(volumes ?? {})) {
    const destination = posix.normalize(`/${checkText(path, 'a volume of the image')}`);
    if (/^\/+((proc|sys|dev)(\/.*)?)?$/.test(destination)) {
      throw new TsrunError('ERR_TSRUN_CONFIG_INVALID', `the image declares a volume at ${destination}, which is the system's own`, {
        subject: destination,
        hint: 'use another image, or remove this entry of Volumes from its config',
      });
    }
  }
}
