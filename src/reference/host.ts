/** The registry part of a name: `host[:port]`. Stricter than docker where docker would only fail later: ports, addresses. */
import { isIPv6 } from 'node:net';
import { isArchiveTransport } from './archive.js';
import { refuse } from './refuse.js';

const LABEL = '(?:[A-Za-z0-9]|[A-Za-z0-9][A-Za-z0-9-]{0,61}[A-Za-z0-9])';
const REGISTRY = new RegExp(`^(\\[[0-9a-fA-F:.]+\\]|${LABEL}(?:\\.${LABEL})*)(?::([0-9]+))?$`);

export function checkRegistry(text: string, registry: string): void {
  const match = registry.length > 261 ? null : REGISTRY.exec(registry);
  const host = match?.[1];
  if (!host) throw refuse(text, 'its registry is not a host name', registryHint(registry));
  const port = match?.[2];
  if (port !== undefined && !isPort(port)) throw refuse(text, `its port ${port.slice(0, 20)} is not a port`, 'use a port from 1 to 65535');
  const addressIsFine = host.startsWith('[') ? isIPv6(host.slice(1, -1)) : true;
  // The URL parser decides what is connected to: 1.2.3.4.5 and 256.1.1.1 are no addresses and no names for it.
  if (!addressIsFine || !URL.canParse(`https://${registry}/`)) {
    throw refuse(text, 'its registry is neither a host name nor an address', 'check the address; IPv6 is written [2001:db8::1]:5000');
  }
  if (isArchiveTransport(host)) {
    throw refuse(text, `${host}: is a transport`, 'write the registry with its domain, or by its address');
  }
}

function isPort(digits: string): boolean {
  return digits.length <= 5 && Number(digits) >= 1 && Number(digits) <= 65535;
}

function registryHint(registry: string): string {
  if (registry.startsWith('-')) return 'put "--" in front if this was meant as data, or check the order of the flags';
  if (/^\.{1,2}$/.test(registry)) return 'for a directory use oci:DIR, or --rootfs with a directory that holds a root file system';
  if (registry.endsWith(':')) return 'write the port after the colon, or leave the colon out';
  return 'write it as HOST[:PORT]/NAME, for example: registry.example.com:5000/team/app';
}
