/** What kind of machine a URL's host is, by its text alone: names are not looked up here. */
import { BlockList, isIP } from 'node:net';

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

const LINK_LOCAL = new BlockList();
LINK_LOCAL.addSubnet('169.254.0.0', 16, 'ipv4');
LINK_LOCAL.addSubnet('fe80::', 10, 'ipv6');
// Cloud metadata services outside link-local
LINK_LOCAL.addAddress('100.100.100.200', 'ipv4');
LINK_LOCAL.addAddress('fd00:ec2::254', 'ipv6');
LINK_LOCAL.addSubnet('0.0.0.0', 8, 'ipv4');
LINK_LOCAL.addAddress('::', 'ipv6');

const METADATA_NAMES = new Set(['metadata', 'metadata.google.internal', 'instance-data', 'instance-data.ec2.internal']);

/** True for localhost, 127/8 and ::1, also written as an IPv4-mapped address. RFC 6761 reserves all of .localhost. */
export function isLoopback(url: URL): boolean {
  const host = bareHost(url);
  return host === 'localhost' || host.endsWith('.localhost') || inList(LOOPBACK, host);
}

/** True for addresses that only make sense to the machine itself or its cloud: never a registry's business. */
export function isMachineInternal(url: URL): boolean {
  const host = bareHost(url);
  return METADATA_NAMES.has(host) || inList(LINK_LOCAL, host);
}

/** Without brackets, in lower case, without the final dot of an absolute name. */
export function bareHost(url: URL): string {
  return url.hostname
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '')
    .toLowerCase();
}

function inList(list: BlockList, host: string): boolean {
  const version = isIP(host);
  // BlockList sees through ::ffff:a.b.c.d by itself
  return version !== 0 && list.check(host, version === 4 ? 'ipv4' : 'ipv6');
}
