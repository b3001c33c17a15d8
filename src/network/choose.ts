/** What was asked for and what the host has → the container's network. Pure. */
import { TsrunError } from '../errors.js';
import { type Addresses, unsupported } from './address.js';
import type { NetworkMode } from './mode.js';
import type { HostNetwork } from './probe.js';
import type { NetworkSettings } from './settings.js';
import { pastaStack, type Stack, slirpStack } from './stack.js';

export interface ChosenNetwork {
  settings: NetworkSettings;
  /** Of pasta or slirp4netns. */
  stack?: Stack;
  /** Why there is none although nobody asked for none. */
  note?: string;
}

/** @param hostLoopback whether the container is to reach the host's loopback, at the gateway's address */
export function chooseNetwork(mode: NetworkMode, host: HostNetwork, hostLoopback: boolean, addresses: Addresses = {}): ChosenNetwork {
  switch (mode.type) {
    case 'none':
    case 'host':
      return { settings: { mode: mode.type } };
    case 'container':
      return { settings: { mode: 'container', container: mode.name } };
    case 'namespace':
      return { settings: { mode: 'namespace', path: mode.path } };
    case 'default':
      return chooseDefault(host, hostLoopback, addresses);
    default:
      return stackOf(mode.type, mode.options, requireProgram(mode.type, host), host, hostLoopback, addresses);
  }
}

/** pasta needs an interface to take after; slirp4netns does not. */
function chooseDefault(host: HostNetwork, hostLoopback: boolean, addresses: Addresses = {}): ChosenNetwork {
  const { pasta, slirp4netns, tun, route, outward } = host;
  if (tun && pasta && route) return stackOf('pasta', [], pasta, host, hostLoopback, addresses);
  if (tun && slirp4netns) return stackOf('slirp4netns', [], slirp4netns, host, hostLoopback, addresses);
  if (tun && pasta && outward) return stackOf('pasta', [], pasta, host, hostLoopback, addresses);
  if (Object.keys(addresses).length > 0)
    throw unsupported('--ip, --ip6 and --mac-address', `the container has no network: ${whyNot(host)}`, 'leave them out');
  return {
    settings: { mode: 'none' },
    note: `the container has no network but its loopback: ${whyNot(host)} (--network none says that none is wanted)`,
  };
}

function stackOf(
  type: 'pasta' | 'slirp4netns',
  options: readonly string[],
  program: string,
  { outward }: HostNetwork,
  hostLoopback: boolean,
  addresses: Addresses,
): ChosenNetwork {
  const stack = (type === 'pasta' ? pastaStack : slirpStack)(program, {
    options,
    hostLoopback,
    addresses,
    ...(outward ? { outward } : {}),
  });
  return { settings: { mode: type, args: stack.args, address: stack.address }, stack };
}

function whyNot({ pasta, slirp4netns, tun }: HostNetwork): string {
  if (!pasta && !slirp4netns) return 'neither pasta nor slirp4netns is installed (Debian: apt-get install passt)';
  if (!tun) return TUN;
  return 'the host has no interface that pasta could use, and slirp4netns is not installed (Debian: apt-get install slirp4netns)';
}

const TUN = 'its root cannot open /dev/net/tun (as root: modprobe tun; chmod 666 /dev/net/tun)';

function requireProgram(type: 'pasta' | 'slirp4netns', host: HostNetwork): string {
  const program = host[type];
  if (program === undefined)
    throw new TsrunError('ERR_TSRUN_UNSUPPORTED', `--network ${type}: ${type} is not installed`, {
      subject: type,
      hint: `install it (Debian: apt-get install ${type === 'pasta' ? 'passt' : type}), or choose another network`,
    });
  if (!host.tun)
    throw new TsrunError('ERR_TSRUN_UNSUPPORTED', `--network ${type}: the container has no network: ${TUN}`, {
      subject: '/dev/net/tun',
      hint: 'open the device, or choose --network none or host',
    });
  return program;
}
