/** `-p`, `-P` and `--expose`: docker's notation of ports, both ways. Pure. */
import { isIP } from 'node:net';
import { TsrunError } from '../errors.js';
import type { PublishedPort } from './settings.js';

/** As many as the helper serves (native/forward.h). */
const MAX_PORTS = 512;

/** `[ip:][hostPort[-last]:]containerPort[-last][/tcp|udp]`, an IPv6 address in brackets. @throws ERR_TSRUN_USAGE */
export function parsePublish(text: string): PublishedPort[] {
  const match = /^(?:(?:\[([^\]]*)\]|([^:[\]]*)):(?=[^:]*:))?(?:([\d-]*):)?([\d-]+)(?:\/([a-z]+))?$/.exec(text);
  if (!match) throw invalid(text, 'it is not [ADDRESS:][HOST-PORT:]PORT[/udp]');
  const [, six, four, hostText = '', containerText = '', protocol] = match;
  const hostIp = six ?? four ?? '';
  if (six !== undefined ? isIP(six) !== 6 : hostIp !== '' && isIP(hostIp) !== 4)
    throw invalid(text, `${JSON.stringify(hostIp)} is not an address of the host`);
  const inside = parseRange(containerText, text);
  const outside = hostText === '' ? undefined : parseRange(hostText, text);
  if (outside && outside.length !== inside.length) throw invalid(text, 'the two ranges of ports are not equally long');
  return inside.map((containerPort, index) => ({
    hostIp,
    hostPort: outside?.[index] ?? 0,
    containerPort,
    protocol: protocolOf(protocol, text),
  }));
}

/** `PORT[-last][/tcp|udp]`, as in an image's EXPOSE. @throws ERR_TSRUN_USAGE */
export function parseExpose(text: string): Pick<PublishedPort, 'containerPort' | 'protocol'>[] {
  const match = /^([\d-]+)(?:\/([a-z]+))?$/.exec(text);
  if (!match) throw invalid(text, 'it is not PORT[/udp]');
  return parseRange(match[1] ?? '', text).map((containerPort) => ({ containerPort, protocol: protocolOf(match[2], text) }));
}

export interface PortOptions {
  publish?: readonly string[];
  publishAll?: boolean;
  expose?: readonly string[];
  /** The image's ExposedPorts. */
  exposed?: readonly string[];
}

/** All that is to be published, each once. @throws ERR_TSRUN_USAGE, ERR_TSRUN_UNSUPPORTED */
export function choosePorts({ publish = [], publishAll = false, expose = [], exposed = [] }: PortOptions): PublishedPort[] {
  const given = publish.flatMap(parsePublish);
  const open = [...expose.flatMap(parseExpose), ...(publishAll ? exposed.flatMap(parseExpose) : [])];
  const isGiven = ({ containerPort, protocol }: Pick<PublishedPort, 'containerPort' | 'protocol'>) =>
    given.some((port) => port.containerPort === containerPort && port.protocol === protocol);
  const random = publishAll ? open.filter((port) => !isGiven(port)).map((port) => ({ hostIp: '', hostPort: 0, ...port })) : [];
  const ports = [...new Map([...given, ...random].map((port) => [JSON.stringify(port), port])).values()];
  refuseConflicts(ports);
  if (ports.length > MAX_PORTS)
    throw new TsrunError('ERR_TSRUN_UNSUPPORTED', `${ports.length} ports are to be published; tsrun publishes up to ${MAX_PORTS}`, {
      hint: 'publish fewer, or share the host’s network: --network host',
    });
  return ports;
}

/** Two that can never both be open: the host would call the second one taken, by whom it would not say. */
function refuseConflicts(ports: readonly PublishedPort[]): void {
  const seen = new Map<string, PublishedPort>();
  for (const port of ports) {
    if (port.hostPort === 0) continue;
    const key = `${port.hostIp} ${port.hostPort}/${port.protocol}`;
    const other = seen.get(key);
    if (other)
      throw new TsrunError(
        'ERR_TSRUN_USAGE',
        `${placeOf(port)} is to be both port ${other.containerPort} and port ${port.containerPort} of the container`,
        {
          subject: placeOf(port),
          hint: 'choose another port of the host for one of them',
        },
      );
    seen.set(key, port);
  }
}

/** For messages: `port 80 of 127.0.0.1`, `UDP port 53`. */
function placeOf({ hostIp, hostPort, protocol }: PublishedPort): string {
  return `${protocol === 'udp' ? 'UDP port' : 'port'} ${hostPort}${hostIp === '' ? '' : ` of ${hostIp}`}`;
}

function parseRange(text: string, whole: string): number[] {
  const match = /^(\d+)(?:-(\d+))?$/.exec(text);
  const first = Number(match?.[1]);
  const last = Number(match?.[2] ?? match?.[1]);
  if (!match || first < 1 || last > 65535 || last < first)
    throw invalid(whole, `${JSON.stringify(text)} is not a port between 1 and 65535, nor a range of them`);
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

function protocolOf(text: string | undefined, whole: string): 'tcp' | 'udp' {
  if (text === undefined || text === 'tcp') return 'tcp';
  if (text === 'udp') return 'udp';
  throw invalid(whole, `only tcp and udp can be published, not ${text}`);
}

function invalid(text: string, why: string): TsrunError {
  return new TsrunError('ERR_TSRUN_USAGE', `cannot publish ${JSON.stringify(text)}: ${why}`, {
    subject: text,
    hint: 'for example 8080:80, 127.0.0.1:53:53/udp or [::1]:8000-8010:80-90',
  });
}

/** The addresses at which a port is open, as docker lists them: one line for each kind that a bare port has. */
export function hostAddresses({ hostIp, hostPort }: PublishedPort): string[] {
  return (hostIp === '' ? ['0.0.0.0', '::'] : [hostIp]).map((ip) => `${ip.includes(':') ? `[${ip}]` : ip}:${hostPort}`);
}
