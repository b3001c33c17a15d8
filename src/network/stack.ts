/**
 * The programs that carry a container's traffic, and their words. Pure. Both give the container one address of its own, the same everywhere,
 * a gateway and a name server; neither can reach the host's loopback unless that was asked for. Neither publishes ports: the helper does.
 */
import { isIPv4 } from 'node:net';
import { TsrunError } from '../errors.js';
import { type Addresses, gatewayOf, unsupported } from './address.js';

/** Descriptors that the program is started with: the network namespace, and where it says that it is ready. */
export const NAMESPACE_FD = 3;
export const READY_FD = 4;

export interface Stack {
  args: string[];
  /** The container's IPv4 address. */
  address: string;
  /** Where the host's loopback is, if it may be reached. */
  gateway: string;
  /** Passes on what is asked to the host's name server. */
  dns: string;
}

const NET = { address: '10.0.2.100', bits: '24', gateway: '10.0.2.2', dns: '10.0.2.3', address6: 'fd00::100', gateway6: 'fe80::2' };
const NAMESPACE = `/proc/self/fd/${NAMESPACE_FD}`;

/** @param hostLoopback the gateway's address leads to the host's loopback. @param outward the interface, where no route says which */
export interface StackOptions {
  options: readonly string[];
  hostLoopback: boolean;
  outward?: string;
  addresses?: Addresses;
}

/** Ours to say: where it runs, as whom, for which namespace, when it is ready. */
const PASTA_OWN =
  '--netns --userns --netns-only --no-netns-quit --foreground -f --pid -P --runas --log-file -l --pcap -p --trace --debug -d --quiet -q --help -h --version'.split(
    ' ',
  );

/** passt(1). Options of the user's come as `--network pasta:-T,8080,--map-gw`: `--map-gw` opens the host's loopback, as in podman. */
export function pastaStack(program: string, { options, hostLoopback, outward, addresses: chosen = {} }: StackOptions): Stack {
  for (const option of options) {
    const [name = ''] = option.split('=');
    if (PASTA_OWN.includes(name))
      throw new TsrunError('ERR_TSRUN_USAGE', `pasta's ${name} cannot be given: tsrun sets it`, { subject: name, hint: 'leave it out' });
  }
  const given = (...names: string[]) => options.some((option) => names.includes(option.split('=')[0] ?? ''));
  const value = (...names: string[]) => {
    const at = options.findIndex((option) => names.includes(option));
    return at < 0 ? options.find((option) => names.some((name) => option.startsWith(`${name}=`)))?.replace(/^[^=]*=/, '') : options[at + 1];
  };
  const unless = (names: string[], words: string[]) => (given(...names) ? [] : words);
  if (chosen.ip !== undefined || chosen.ip6 !== undefined)
    for (const name of ['-a', '--address', '-n', '--netmask', '-g', '--gateway'])
      if (given(name)) throw unsupported('--ip', `pasta's ${name} is given as well`, 'leave out one of them');
  const own = given('-a', '--address') || given('-n', '--netmask') || given('-g', '--gateway');
  if (chosen.ip === NET.dns) throw unsupported('--ip', `${NET.dns} is the name server's`, 'choose another one');
  const ip = chosen.ip ?? NET.address;
  const net = { ...NET, gateway: chosen.ip === undefined ? NET.gateway : gatewayOf(chosen.ip) };
  const addresses = ['--address', ip, '--netmask', NET.bits, '--gateway', net.gateway];
  const addresses6 = ['--address', chosen.ip6 ?? NET.address6, '--gateway', NET.gateway6];
  const gateway = value('-g', '--gateway');
  const address = value('-a', '--address');
  return {
    args: [
      program,
      '--foreground',
      '--quiet',
      '--config-net',
      ...unless(['-I', '--ns-ifname'], ['--ns-ifname', 'eth0']),
      ...(own ? [] : [...unless(['-6', '--ipv6-only'], addresses), ...unless(['-4', '--ipv4-only'], addresses6)]),
      ...unless(['--dns-forward'], ['--dns-forward', NET.dns]),
      ...(chosen.mac === undefined ? [] : ['--ns-mac-addr', chosen.mac]),
      ...(outward === undefined ? [] : unless(['-i', '--interface'], ['--interface', outward])),
      ...unless(['-t', '--tcp-ports'], ['--tcp-ports', 'none']),
      ...unless(['-u', '--udp-ports'], ['--udp-ports', 'none']),
      ...unless(['-T', '--tcp-ns'], ['--tcp-ns', 'none']),
      ...unless(['-U', '--udp-ns'], ['--udp-ns', 'none']),
      ...(hostLoopback || given('--map-gw', '--no-map-gw') ? [] : ['--no-map-gw']),
      ...options.filter((option) => option !== '--map-gw'),
      '--netns',
      NAMESPACE,
      '--pid',
      `/proc/self/fd/${READY_FD}`,
    ],
    address: address !== undefined && isIPv4(address) ? address : ip,
    gateway: gateway !== undefined && isIPv4(gateway) ? gateway : net.gateway,
    dns: value('--dns-forward') ?? NET.dns,
  };
}

/** slirp4netns(1), with podman's names for its options. */
export function slirpStack(program: string, { options, hostLoopback, addresses: { ip, ip6, mac } = {} }: StackOptions): Stack {
  if (ip6 !== undefined) throw unsupported('--ip6', 'slirp4netns chooses the IPv6 address itself', 'use --network pasta');
  if (ip !== undefined && (!ip.endsWith('.100') || options.some((option) => option.startsWith('cidr='))))
    throw unsupported(
      '--ip',
      'under slirp4netns a container has the address of its network that ends in .100',
      'end it in .100, or use --network pasta',
    );
  const chosen = new Map([
    ['allow_host_loopback', String(hostLoopback)],
    ['enable_ipv6', 'true'],
    ['mtu', '65520'],
    ...(ip === undefined ? [] : [['cidr', `${ip.slice(0, -'.100'.length)}.0/24`] as const]),
  ]);
  for (const option of options) {
    const [name = '', value = ''] = split(option);
    if (!SLIRP_OPTIONS[name]?.test(value))
      throw new TsrunError('ERR_TSRUN_USAGE', `${JSON.stringify(option)} is not an option of slirp4netns`, {
        subject: option,
        hint: `use ${Object.keys(SLIRP_OPTIONS).join('=…, ')}=…`,
      });
    chosen.set(name, value);
  }
  const net = (chosen.get('cidr') ?? '10.0.2.0/24').split('/')[0] ?? '';
  const at = (offset: number) => addTo(net, offset);
  return {
    args: [
      program,
      '--configure',
      `--mtu=${chosen.get('mtu')}`,
      '--enable-sandbox',
      '--enable-seccomp',
      ...(chosen.get('allow_host_loopback') === 'true' ? [] : ['--disable-host-loopback']),
      ...(chosen.get('enable_ipv6') === 'true' ? ['--enable-ipv6'] : []),
      ...(['cidr', 'outbound_addr', 'outbound_addr6'] as const).flatMap((name) =>
        chosen.has(name) ? [`--${name.replace('_', '-')}=${chosen.get(name)}`] : [],
      ),
      ...(mac === undefined ? [] : [`--macaddress=${mac}`]),
      `--ready-fd=${READY_FD}`,
      '--netns-type=path',
      NAMESPACE,
      'eth0',
    ],
    address: at(100),
    gateway: at(2),
    dns: at(3),
  };
}

const SLIRP_OPTIONS: Readonly<Record<string, RegExp>> = {
  allow_host_loopback: /^(true|false)$/,
  enable_ipv6: /^(true|false)$/,
  mtu: /^\d{2,5}$/,
  cidr: /^\d+(\.\d+){3}\/(\d|1\d|2[0-5])$/,
  outbound_addr: /^\S+$/,
  outbound_addr6: /^\S+$/,
};

function split(option: string): [string, string] {
  const equals = option.indexOf('=');
  return equals < 0 ? [option, ''] : [option.slice(0, equals), option.slice(equals + 1)];
}

function addTo(net: string, offset: number): string {
  const sum = net.split('.').reduce((number, part) => number * 256 + Number(part), 0) + offset;
  return [24, 16, 8, 0].map((shift) => Math.floor(sum / 2 ** shift) % 256).join('.');
}
