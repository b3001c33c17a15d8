/** A run's network: what was asked for, what the host has, and the texts that go with what comes of it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NetworkInput } from '../bundle/build.js';
import type { Neighbour } from '../bundle/spaces.js';
import { type Container, findContainer } from '../container/state.js';
import { TsrunError } from '../errors.js';
import { parseAddresses } from '../network/address.js';
import { chooseNetwork } from '../network/choose.js';
import { addedHosts, wantsHost } from '../network/hosts.js';
import { type NetworkMode, parseNetworkMode } from '../network/mode.js';
import { choosePorts } from '../network/ports.js';
import { probeNetwork } from '../network/probe.js';
import { resolvConf } from '../network/resolv.js';
import type { PublishedPort } from '../network/settings.js';
import type { StorePaths } from '../paths.js';
import type { RunOptions } from './options.js';

export interface PreparedNetwork {
  input: NetworkInput;
  notes: string[];
}

type NetworkOptions = Pick<
  RunOptions,
  | 'ip'
  | 'ip6'
  | 'macAddress'
  | 'networkAlias'
  | 'network'
  | 'publish'
  | 'publishAll'
  | 'expose'
  | 'dns'
  | 'dnsSearch'
  | 'dnsOption'
  | 'addHost'
  | 'noHosts'
>;

/** What can be said before anything is pulled. @throws ERR_TSRUN_USAGE, ERR_TSRUN_UNSUPPORTED */
export function checkNetwork(options: NetworkOptions): void {
  const mode = parseNetworkMode(options.network);
  parseAddresses(options, mode);
  const ports = choosePorts(portOptions(options, []));
  if (options.noHosts && options.addHost?.length)
    throw new TsrunError('ERR_TSRUN_USAGE', '--no-hosts and --add-host exclude each other', { hint: 'leave out one of them' });
  if (ports.length > 0 && (mode.type === 'container' || mode.type === 'namespace'))
    throw notOurs(options.network ?? '', 'its ports are published where it was made');
  wantsHost(options.addHost);
}

/** @param exposed the image's ExposedPorts */
export function prepareNetwork(
  paths: StorePaths,
  options: NetworkOptions,
  neighbour: Neighbour | undefined,
  exposed: readonly string[],
): PreparedNetwork {
  const mode = parseNetworkMode(options.network);
  const notes: string[] = [];
  if (mode.type === 'container' && neighbour) return joinContainer(findContainer(paths, mode.name), neighbour, options);
  const probed = NEEDS_PROBE.has(mode.type) ? probeNetwork(process.env, process.getuid?.() ?? 0) : { tun: false, route: false };
  const { settings, stack, note } = chooseNetwork(mode, probed, wantsHost(options.addHost), parseAddresses(options, mode));
  if (note !== undefined) notes.push(note);
  const shared = mode.type === 'host' || mode.type === 'namespace';
  return {
    input: {
      settings,
      ports: publishedPorts(mode, options, exposed, notes),
      ...(settings.mode === 'namespace' ? { path: settings.path } : {}),
      resolvConf: resolvConf({
        host: textOf('/etc/resolv.conf'),
        reach: shared ? 'shared' : stack ? 'own' : 'none',
        ...(stack ? { offered: stack.dns } : {}),
        ...resolverOptions(options),
      }),
      ...(mode.type === 'host' ? { hosts: textOf('/etc/hosts') } : {}),
      added: addedHosts(options.addHost, mode.type === 'host' ? '127.0.0.1' : stack?.gateway),
    },
    notes,
  };
}

const NEEDS_PROBE: ReadonlySet<NetworkMode['type']> = new Set(['default', 'pasta', 'slirp4netns']);

function publishedPorts(mode: NetworkMode, options: NetworkOptions, exposed: readonly string[], notes: string[]): PublishedPort[] {
  const ports = choosePorts(portOptions(options, exposed));
  if (mode.type === 'host' && ports.length > 0) {
    notes.push('published ports are discarded when using host network mode: what the container listens at is open already');
    return [];
  }
  return ports;
}

/** Its network, its name servers and its hosts. */
function joinContainer({ id, directory }: Container, { pid }: Neighbour, options: NetworkOptions): PreparedNetwork {
  return {
    input: {
      settings: { mode: 'container', container: id },
      ports: [],
      path: `/proc/${pid}/ns/net`,
      resolvConf: resolvConf({ host: textOf(join(directory, 'resolv.conf')), reach: 'shared', ...resolverOptions(options) }),
      hosts: textOf(join(directory, 'hosts')),
      added: addedHosts(options.addHost),
    },
    notes: [],
  };
}

function notOurs(network: string, why: string): TsrunError {
  return new TsrunError('ERR_TSRUN_UNSUPPORTED', `--network ${network} cannot be used so: ${why}`, {
    subject: network,
    hint: 'choose another network',
  });
}

function portOptions({ publish, publishAll, expose }: NetworkOptions, exposed: readonly string[]) {
  return { ...(publish ? { publish } : {}), ...(publishAll ? { publishAll } : {}), ...(expose ? { expose } : {}), exposed };
}

function resolverOptions({ dns, dnsSearch, dnsOption }: NetworkOptions) {
  return { ...(dns ? { dns } : {}), ...(dnsSearch ? { dnsSearch } : {}), ...(dnsOption ? { dnsOption } : {}) };
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
