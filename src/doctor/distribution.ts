/** Which distribution this is (os-release(5)), and how things are done there. Pure. */

export type Family = 'debian' | 'fedora' | 'alpine' | 'arch' | 'suse' | 'unknown';

export interface Distribution {
  /** os-release's ID: `ubuntu`; '' where there is no such file. */
  id: string;
  /** For people: `Ubuntu 24.04.1 LTS`. */
  name: string;
  family: Family;
}

const FAMILIES: ReadonlyMap<string, Family> = new Map<string, Family>(
  Object.entries({
    debian: 'debian',
    ubuntu: 'debian',
    fedora: 'fedora',
    rhel: 'fedora',
    centos: 'fedora',
    alpine: 'alpine',
    arch: 'arch',
    suse: 'suse',
    opensuse: 'suse',
    'opensuse-leap': 'suse',
    'opensuse-tumbleweed': 'suse',
    sles: 'suse',
  }),
);

/** @param text of /etc/os-release. A distribution that is not known is what it says it is like. */
export function parseDistribution(text: string): Distribution {
  const value = (name: string) => unquoted(new RegExp(`^${name}=(.*)$`, 'm').exec(text)?.[1]?.trim() ?? '');
  const id = value('ID');
  const family = [id, ...value('ID_LIKE').split(' ')].map((word) => FAMILIES.get(word)).find((known) => known !== undefined);
  return { id, name: value('PRETTY_NAME') || value('NAME') || id || 'an unknown distribution', family: family ?? 'unknown' };
}

/** As a shell reads it. */
function unquoted(text: string): string {
  const inside = /^"(.*)"$|^'(.*)'$/.exec(text);
  return inside ? (inside[1]?.replace(/\\(["$`\\])/g, '$1') ?? inside[2] ?? '') : text;
}

const INSTALL: Readonly<Record<Exclude<Family, 'unknown'>, string>> = {
  debian: 'apt-get install',
  fedora: 'dnf install',
  alpine: 'apk add',
  arch: 'pacman -S',
  suse: 'zypper install',
};

/** Packages that are called otherwise somewhere. */
const MAPPERS: Readonly<Record<Family, string>> = {
  debian: 'uidmap',
  fedora: 'shadow-utils',
  alpine: 'shadow-subids',
  arch: 'shadow',
  suse: 'shadow',
  unknown: 'that brings newuidmap and newgidmap',
};

/** @param name of the package, the same everywhere; `newuidmap` is in packages of several names */
export function install({ family }: Distribution, name: 'newuidmap' | 'passt' | 'slirp4netns' | 'fuse-overlayfs'): string {
  const wanted = name === 'newuidmap' ? MAPPERS[family] : name;
  return family === 'unknown' ? `install the package ${wanted}` : `as root: ${INSTALL[family]} ${wanted}`;
}

/** Now, and at every start of the machine. */
export function setVariable(name: string, value: string): string {
  const file = '/etc/sysctl.d/90-tsrun.conf';
  return `as root: echo ${name}=${value} >> ${file} && sysctl -p ${file}`;
}

export function loadModule({ family }: Distribution, name: string): string {
  const remember = family === 'alpine' ? `echo ${name} >> /etc/modules` : `echo ${name} > /etc/modules-load.d/${name}.conf`;
  return `as root: modprobe ${name} && ${remember}`;
}

/** @param user name, or uid where he has none */
export function grantIds({ family }: Distribution, user: string, start: number, size: number): string {
  const isNamed = !/^\d+$/.test(user);
  if (!isNamed || family === 'alpine' || family === 'unknown')
    return `as root: echo ${user}:${start}:${size} | tee -a /etc/subuid /etc/subgid`;
  const span = `${start}-${start + size - 1}`;
  return `as root: usermod --add-subuids ${span} --add-subgids ${span} ${user}`;
}

/** The one hierarchy of control groups in place of the many. */
export function unifyControlGroups({ family }: Distribution): string {
  const parameter = 'systemd.unified_cgroup_hierarchy=1';
  switch (family) {
    case 'alpine':
      return `as root: echo 'rc_cgroup_mode="unified"' >> /etc/rc.conf && rc-update add cgroups, then restart the machine`;
    case 'fedora':
      return `as root: grubby --update-kernel=ALL --args=${parameter}, then restart the machine`;
    case 'debian':
      return `as root: add ${parameter} to GRUB_CMDLINE_LINUX in /etc/default/grub, then update-grub, and restart the machine`;
    default:
      return `add ${parameter} to the kernel's command line, and restart the machine`;
  }
}

/** To a user, by systemd. */
export function delegateControlGroups({ family }: Distribution): string[] {
  if (family === 'alpine') return ['OpenRC delegates no control groups: run tsrun as root where you need limits'];
  const directory = '/etc/systemd/system/user@.service.d';
  const text = '[Service]\\nDelegate=cpu cpuset io memory pids\\n';
  return [
    'systemd-run --user --scope -p Delegate=yes tsrun run …',
    `where that lacks controllers, as root: mkdir -p ${directory} && printf '${text}' > ${directory}/delegate.conf && systemctl daemon-reload, then log in again`,
  ];
}
