/** The mounts of a runtime spec as operations, in the spec's order; then /dev, masks and read-only paths. */
import { sysctlPath } from '../bundle/sysctl.js';
import { TsrunError } from '../errors.js';
import type { Mount, RuntimeSpec } from '../spec/runtime.js';
import { MS_REC, O_PATH_DIRECTORY } from './numbers.js';
import type { Operation } from './operations.js';

/** mount_setattr(2): option → attribute. Those mapped to 0 are the kernel's default here. */
const ATTRIBUTES: Readonly<Record<string, number>> = {
  ro: 0x1,
  rro: 0x1,
  nosuid: 0x2,
  nodev: 0x4,
  noexec: 0x8,
  noatime: 0x10,
  strictatime: 0x20,
  nodiratime: 0x80,
  rw: 0,
  suid: 0,
  dev: 0,
  exec: 0,
  relatime: 0,
};
/** mount(2): what happens at the source happens to the mount, or not. What would reach the host is refused by bundle/. */
const PROPAGATION: Readonly<Record<string, number>> = {
  unbindable: 1 << 17,
  runbindable: (1 << 17) | MS_REC,
  private: 1 << 18,
  rprivate: (1 << 18) | MS_REC,
  slave: 1 << 19,
  rslave: (1 << 19) | MS_REC,
};
const RPRIVATE = (1 << 18) | MS_REC;
const UNDERSTOOD = new Set(['bind', 'rbind', ...Object.keys(PROPAGATION)]);
/** mount-at: a link of the image is followed, inside the root. Only where nothing of ours depends on the place. */
const FOLLOW_LINKS = 2;
/** Where the kernel's own file systems and tsrun's devices are: a link there would have them mounted elsewhere. */
const OURS = /^\/(proc|sys|dev)(\/|$)/;

/**
 * File systems of the kernel's own: what lies in them belongs to nobody who could be shown as somebody else. They have no idmapped mounts, and
 * below a volume they stay as they are; inside nobody owns them.
 */
export const OWNERLESS = [
  ...['proc', 'sysfs', 'cgroup', 'cgroup2', 'devtmpfs', 'devpts', 'mqueue', 'autofs', 'binfmt_misc', 'bpf', 'configfs', 'debugfs'],
  ...['efivarfs', 'fusectl', 'nfsd', 'nsfs', 'pstore', 'resctrl', 'rpc_pipefs', 'securityfs', 'selinuxfs', 'smackfs', 'tracefs'],
] as const;

export interface BindSource {
  name: string;
  path: string;
  recursive: boolean;
  /** Where it is mounted; absent for a root file system. */
  destination?: string;
  /** Its files belong to the container's ids already. */
  owned?: boolean;
}

/** Sources to open while the process still has the caller's uid, and what to do with them inside. */
export interface MountOperations {
  sources: BindSource[];
  operations: Operation[];
}

/** @param fetched descriptors of mounts that are made elsewhere, by their destination */
export function mountOperations(spec: RuntimeSpec, fetched: ReadonlyMap<string, string> = new Map()): MountOperations {
  const sources: BindSource[] = [];
  const operations: Operation[] = [];
  for (const mount of spec.mounts ?? []) {
    const { attributes, options, isBind, recursive, propagation } = interpret(mount);
    const brought = fetched.get(mount.destination);
    if (brought !== undefined) {
      operations.push(['bind-at', 'root', mount.destination, brought, attributes, 0, propagation]);
    } else if (isBind) {
      const name = `bind.${sources.length}`;
      const readOnlyBelow = mount.options?.includes('rro') ? 1 : 0;
      sources.push({ name, path: mount.source ?? '', recursive, destination: mount.destination });
      operations.push(['bind-at', 'root', mount.destination, name, attributes, readOnlyBelow, propagation]);
    } else {
      operations.push(...fileSystem(mount, attributes, [...options, ...labelOptions(mount, spec.linux?.mountLabel)]));
    }
    if (mount.destination === '/dev') operations.push(...devices());
  }
  operations.push(...variables(spec, fetched));
  for (const path of spec.linux?.maskedPaths ?? []) operations.push(['mask-at', 'root', path]);
  for (const path of spec.linux?.readonlyPaths ?? []) operations.push(['read-only-at', 'root', path]);
  return { sources, operations };
}

/**
 * Through a procfs of its own, or one that another process mounted; where the container may not have one, through the one around tsrun.
 * Of `kernel.domainname` only the machine's root may write the file; the namespace's own has a system call.
 */
function variables({ mounts = [], linux }: RuntimeSpec, fetched: ReadonlyMap<string, string>): Operation[] {
  const { 'kernel.domainname': domain, ...files } = linux?.sysctl ?? {};
  const own = mounts.some(({ type, options }) => type === 'proc' && !options?.includes('subset=pid'));
  const there = fetched.get('/proc');
  const open: Operation = own ? ['new-mount', 'proc', 'procfs'] : ['open', '/proc', O_PATH_DIRECTORY, 'procfs'];
  const written = Object.entries(files).map(
    ([name, value]): Operation => ['sysctl-at', there ?? 'procfs', `sys/${sysctlPath(name)}`, value],
  );
  return [
    ...(domain === undefined ? [] : ([['domainname', domain]] satisfies Operation[])),
    ...(written.length > 0 && there === undefined ? [open] : []),
    ...written,
    ...(written.length > 0 && there === undefined ? ([['close', 'procfs']] satisfies Operation[]) : []),
  ];
}

interface Interpreted {
  attributes: number;
  options: string[];
  isBind: boolean;
  recursive: boolean;
  propagation: number;
}

function interpret(mount: Mount): Interpreted {
  const given = mount.options ?? [];
  const recursive = given.includes('rbind');
  const attributes = given.reduce((all, option) => all | (ATTRIBUTES[option] ?? 0), 0);
  const options = given.filter((option) => !(option in ATTRIBUTES) && !UNDERSTOOD.has(option));
  const propagation = PROPAGATION[given.findLast((option) => option in PROPAGATION) ?? ''] ?? RPRIVATE;
  return { attributes, options, isBind: mount.type === 'bind' || given.includes('bind') || recursive, recursive, propagation };
}

/** Those whose files the kernel lets a user namespace label (selinux_set_mnt_opts): they are the container's. */
function labelOptions({ type = '', options = [] }: Mount, label: string | undefined): string[] {
  if (label === undefined || !['tmpfs', 'devpts'].includes(type) || options.some((option) => /^(fs|def|root)?context=/.test(option)))
    return [];
  return [`context=${label}`];
}

function fileSystem(mount: Mount, attributes: number, options: string[]): Operation[] {
  switch (mount.type) {
    case 'proc':
    case 'sysfs':
    case 'mqueue':
    case 'tmpfs':
    case 'devpts':
      return [['mount-at', 'root', mount.destination, mount.type, attributes, OURS.test(mount.destination) ? 0 : FOLLOW_LINKS, options]];
    case 'cgroup':
    case 'cgroup2':
      /* a host without the v2 hierarchy shows an empty /sys/fs/cgroup: nothing is weaker for it */
      return [['mount-at', 'root', mount.destination, 'cgroup2', attributes, 1, options]];
    default:
      throw new TsrunError('ERR_TSRUN_UNSUPPORTED', `mount of type ${mount.type ?? 'none'} at ${mount.destination} is not supported`, {
        subject: mount.destination,
        hint: 'use bind, tmpfs, proc, sysfs, devpts, mqueue or cgroup',
      });
  }
}

/** runtime-spec config-linux.md "Default Devices" and "Dev symbolic links". Nodes are the host's: a user namespace cannot make its own. */
function devices(): Operation[] {
  const nodes = ['null', 'zero', 'full', 'random', 'urandom', 'tty'];
  const links: [string, string][] = [
    ['/proc/self/fd', '/dev/fd'],
    ['/proc/self/fd/0', '/dev/stdin'],
    ['/proc/self/fd/1', '/dev/stdout'],
    ['/proc/self/fd/2', '/dev/stderr'],
    ['pts/ptmx', '/dev/ptmx'],
  ];
  return [
    ...nodes.map((name): Operation => ['device-at', 'root', `/dev/${name}`, `/dev/${name}`]),
    ...links.map(([target, path]): Operation => ['symlink-at', 'root', target, path]),
  ];
}
