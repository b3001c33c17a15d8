/** What kind of machine a URL's host is, by its text alone: names are not looked up here. */
import { lookup } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';

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

/** True for localhost, 127/8 and ::1, also written as an IPv4-mapped address. */
export function isLoopback(url: URL): boolean {
  const host = bareHost(url);
  return isLocalName(host) || inList(LOOPBACK, host);
}

/** RFC 6761 reserves all of .localhost. */
function isLocalName(host: string): boolean {
  return host === 'localhost' || host.endsWith('.localhost');
}

const OF_THIS_MACHINE = [
  { address: '127.0.0.1', family: 4 },
  { address: '::1', family: 6 },
] as const;

/** For connections: what counts as loopback above is this machine, whatever its resolver says. Plain http and passwords go there. */
export const lookUpHost: LookupFunction = (host, options, callback) => {
  if (!isLocalName(host.replace(/\.$/, '').toLowerCase())) return lookup(host, options, callback);
  const found = OF_THIS_MACHINE.filter(({ family }) => !options.family || String(options.family).replace('IPv', '') === String(family));
  process.nextTick(() => (options.all ? callback(null, [...found]) : callback(null, found[0]?.address ?? '', found[0]?.family)));
};

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
