/** `--ip`, `--ip6` and `--mac-address`: what a container is called on its network, and what the programs can make of it. Pure. */
import { isIPv4, isIPv6 } from 'node:net';
import { TsrunError } from '../errors.js';
import type { NetworkMode } from './mode.js';

export interface Addresses {
  ip?: string;
  ip6?: string;
  /** Lower case. */
  mac?: string;
}

interface AddressOptions {
  ip?: string;
  ip6?: string;
  macAddress?: string;
  networkAlias?: string[];
}

/** @throws ERR_TSRUN_USAGE, ERR_TSRUN_UNSUPPORTED where the network gives none */
export function parseAddresses({ ip, ip6, macAddress, networkAlias }: AddressOptions, mode: NetworkMode): Addresses {
  if (networkAlias?.length)
    throw unsupported(
      '--network-alias',
      'network-scoped aliases are only supported for user-defined networks, and there are none yet',
      'leave it out',
    );
  const flag = ip ? '--ip' : ip6 ? '--ip6' : macAddress ? '--mac-address' : undefined;
  if (flag !== undefined && !['default', 'pasta', 'slirp4netns'].includes(mode.type))
    throw unsupported(flag, 'the container has no address of its own on this network', 'use --network pasta, or leave it out');
  return {
    ...(ip ? { ip: checked('--ip', ip, isHost) } : {}),
    ...(ip6 ? { ip6: checked('--ip6', ip6, isHost6) } : {}),
    ...(macAddress ? { mac: checked('--mac-address', macAddress, isMac).toLowerCase().replaceAll('-', ':') } : {}),
  };
}

const WORDS = {
  '--ip': 'an IPv4 address of a host',
  '--ip6': 'an IPv6 address of a host',
  '--mac-address': 'the MAC address of one machine',
};

function checked(flag: keyof typeof WORDS, text: string, holds: (text: string) => boolean): string {
  if (holds(text)) return text;
  throw new TsrunError('ERR_TSRUN_USAGE', `${flag}: ${JSON.stringify(text)} is not ${WORDS[flag]}`, {
    subject: text,
    hint: flag === '--mac-address' ? 'write it as in 92:d0:c6:0a:29:33' : 'write it without a prefix length',
  });
}

function isHost(text: string): boolean {
  const [first = 0, , , last = 0] = text.split('.').map(Number);
  return isIPv4(text) && first > 0 && first < 224 && first !== 127 && ![0, 255].includes(last);
}

function isHost6(text: string): boolean {
  return isIPv6(text) && !text.includes('%') && !/^(::1?$|ff|fe[89ab])/i.test(text) && !text.includes('.');
}

/** Not that of a group, nor none. */
function isMac(text: string): boolean {
  return (
    /^[0-9a-f]{2}([:-][0-9a-f]{2}){5}$/i.test(text) && (Number.parseInt(text.slice(0, 2), 16) & 1) === 0 && !/^0[^1-9a-f]*$/i.test(text)
  );
}

/** The other end of a container's /24; never the container's own address, nor its name server's. */
export function gatewayOf(ip: string): string {
  const [net, last] = [ip.slice(0, ip.lastIndexOf('.')), ip.slice(ip.lastIndexOf('.') + 1)];
  return `${net}.${last === '2' ? 1 : 2}`;
}

export function unsupported(flag: string, what: string, hint: string): TsrunError {
  return new TsrunError('ERR_TSRUN_UNSUPPORTED', `${flag}: ${what}`, { subject: flag, hint });
}
