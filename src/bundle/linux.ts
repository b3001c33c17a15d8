/** The part of a runtime spec that is Linux's: namespaces, id maps, kernel variables, what is hidden, system calls. Pure. */
import { hasOwnNetwork } from '../network/settings.js';
import type { IdRange } from '../security/idmap.js';
import type { IdMap, Linux, Namespace, NamespaceType } from '../spec/runtime.js';
import type { BuildInput, NetworkInput } from './build.js';
import type { Privilege } from './privilege.js';
import { hasHostNetwork, namespaceOfSpace, SPACES, type SpaceName, type SpacesInput } from './spaces.js';
import { parseSysctls } from './sysctl.js';

const NAMESPACES: readonly NamespaceType[] = ['user', 'mount', 'pid', 'network', 'ipc', 'uts', 'cgroup'];

export function buildLinux({ ids, options, labels }: BuildInput, privilege: Privilege, network: NetworkInput, spaces: SpacesInput): Linux {
  const namespaces = NAMESPACES.flatMap((type) => (isSpace(type) ? namespaceOfSpace(type, spaces) : namespaceOf(type, network, spaces)));
  const sysctl = {
    ...(hasOwnNetwork(network.settings) ? networkSysctl(ids.gid) : {}),
    ...parseSysctls(options.sysctl ?? [], (type) =>
      namespaces.some((namespace) => namespace.type === type && namespace.path === undefined),
    ),
    ...privilege.sysctl,
  };
  return {
    namespaces,
    ...(Object.keys(sysctl).length > 0 ? { sysctl } : {}),
    uidMappings: ids.uid.map(wire),
    gidMappings: ids.gid.map(wire),
    maskedPaths: privilege.maskedPaths,
    readonlyPaths: privilege.readonlyPaths,
    rootfsPropagation: 'private',
    ...(privilege.seccomp ? { seccomp: privilege.seccomp } : {}),
    ...(labels ? { mountLabel: labels.file } : {}),
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

/** As docker's: every port may be listened at, and ping needs no capability. */
function networkSysctl(gids: readonly IdRange[]): Record<string, string> {
  return { 'net.ipv4.ip_unprivileged_port_start': '0', 'net.ipv4.ping_group_range': pingGroups(gids).join(' ') };
}

/** The kernel wants two groups that the map has, and lets all those ping that lie between them as the host counts. */
function pingGroups(gids: readonly IdRange[]): [number, number] {
  const byHost = [...gids].sort((a, b) => a.hostId - b.hostId);
  const span = (first?: IdRange, last?: IdRange): [number, number] => [
    first?.containerId ?? 0,
    (last?.containerId ?? 0) + (last?.size ?? 1) - 1,
  ];
  const all = span(byHost[0], byHost.at(-1));
  const widest = [...gids].sort((a, b) => b.size - a.size)[0];
  return all[0] <= all[1] ? all : span(widest, widest);
}

function wire({ containerId, hostId, size }: IdRange): IdMap {
  return { containerID: containerId, hostID: hostId, size };
}
