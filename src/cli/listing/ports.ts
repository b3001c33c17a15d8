/** The ports of a container as docker's listing shows them (cli/command/formatter/container.go, DisplayablePorts). Pure. */
import type { ContainerPort } from '../../index.js';

interface Group {
  first: number;
  last: number;
}

/** `90-91/tcp, 443/tcp, 0.0.0.0:8080->80/tcp, [::]:8080->80/tcp`: neighbours as ranges, published ones of another number one by one. */
export function displayedPorts(ports: readonly ContainerPort[] = []): string {
  const groups = new Map<string, Group>();
  const ranges: string[] = [];
  const single: string[] = [];
  for (const port of ports.flatMap(everyAddress).sort(inOrder)) {
    const { hostIp, hostPort, containerPort, protocol } = port;
    if (hostPort !== undefined && hostPort !== containerPort) {
      single.push(`${address(hostIp)}:${hostPort}->${containerPort}/${protocol}`);
      continue;
    }
    const key = hostPort === undefined ? protocol : `${address(hostIp)}/${protocol}`;
    const group = groups.get(key);
    if (group !== undefined && containerPort === group.last + 1) group.last = containerPort;
    else {
      if (group !== undefined) ranges.push(rangeOf(key, group));
      groups.set(key, { first: containerPort, last: containerPort });
    }
  }
  for (const [key, group] of groups) ranges.push(rangeOf(key, group));
  return [...ranges, ...single].join(', ');
}

/** docker lists the two kinds of addresses one by one. */
function everyAddress(port: ContainerPort): ContainerPort[] {
  return port.hostPort !== undefined && port.hostIp === '' ? ['0.0.0.0', '::'].map((hostIp) => ({ ...port, hostIp })) : [port];
}

function rangeOf(key: string, { first, last }: Group): string {
  const slash = key.lastIndexOf('/');
  const [ip, protocol] = [slash < 0 ? '' : key.slice(0, slash), key.slice(slash + 1)];
  const range = first === last ? `${first}` : `${first}-${last}`;
  return ip === '' ? `${range}/${protocol}` : `${ip}:${range}->${range}/${protocol}`;
}

function address(ip = '0.0.0.0'): string {
  return ip.includes(':') && !ip.startsWith('[') ? `[${ip}]` : ip;
}

function inOrder(a: ContainerPort, b: ContainerPort): number {
  return (
    a.containerPort - b.containerPort ||
    compare(a.hostIp ?? '', b.hostIp ?? '') ||
    (a.hostPort ?? 0) - (b.hostPort ?? 0) ||
    compare(a.protocol, b.protocol)
  );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
