/** The part of a runtime spec that is Linux's: namespaces, id maps, kernel variables, what is hidden, system calls. Pure. */
import { hasOwnNetwork } from '../network/settings.js';
import type { IdRange } from '../security/idmap.js';
import { MASKED_PATHS, READONLY_PATHS } from '../security/paths.js';
import { defaultSeccomp } from '../security/seccomp/resolve.js';
import type { IdMap, Linux, Namespace, NamespaceType, Process } from '../spec/runtime.js';
import type { BuildInput, NetworkInput } from './build.js';
import { hasHostNetwork, namespaceOfSpace, SPACES, type SpaceName, type SpacesInput } from './spaces.js';
import { parseSysctls } from './sysctl.js';

const NAMESPACES: readonly NamespaceType[] = ['user', 'mount', 'pid', 'network', 'ipc', 'uts', 'cgroup'];

export function buildLinux({ ids, host, options }: BuildInput, process: Process, network: NetworkInput, spaces: SpacesInput): Linux {
  const namespaces = NAMESPACES.flatMap((type) => (isSpace(type) ? namespaceOfSpace(type, spaces) : namespaceOf(type, network, spaces)));
  const sysctl = {
    ...(hasOwnNetwork(network.settings) ? networkSysctl(ids.gid) : {}),
    ...parseSysctls(options.sysctl ?? [], (type) =>
      namespaces.some((namespace) => namespace.type === type && namespace.path === undefined),
    ),
  };
  return {
    namespaces,
    ...(Object.keys(sysctl).length > 0 ? { sysctl } : {}),
    uidMappings: ids.uid.map(wire),
    gidMappings: ids.gid.map(wire),
    maskedPaths: [...MASKED_PATHS, ...(host.thermalPaths ?? [])],
    readonlyPaths: [...READONLY_PATHS],
    rootfsPropagation: 'private',
    seccomp: defaultSeccomp({ arch: host.arch, kernel: host.kernel, granted: process.capabilities?.bounding ?? [] }),
  };
}

function isSpace(type: NamespaceType): type is SpaceName {
  return (SPACES as readonly string[]).includes(type);
}

/** The namespaces of another container belong to its user namespace, which is shared with them. */
function namespaceOf(type: NamespaceType, { settings, path }: NetworkInput, spaces: SpacesInput): Namespace[] {
  const { neighbour } = spaces;
  if (type === 'network' && hasHostNetwork(settings.mode, spaces)) return [];
  if (type === 'network' && path !== undefined) return [{ type, path }];
  return type === 'user' && neighbour !== undefined ? [{ type, path: `/proc/${neighbour.pid}/ns/user` }] : [{ type }];
}

/** As docker's: every port may be listened at, and ping needs no capability. The kernel takes groups that the map has. */
function networkSysctl(gids: readonly IdRange[]): Record<string, string> {
  let last = 0;
  for (const { containerId, size } of [...gids].sort((a, b) => a.containerId - b.containerId))
    if (containerId <= last + 1) last = containerId + size - 1;
  return { 'net.ipv4.ip_unprivileged_port_start': '0', 'net.ipv4.ping_group_range': `0 ${last}` };
}

function wire({ containerId, hostId, size }: IdRange): IdMap {
  return { containerID: containerId, hostID: hostId, size };
}
