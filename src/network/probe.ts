/** What the host has for a container's network: a few looks at files, no program is started. */
import { accessSync, constants, readFileSync, statSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { findProgram } from '../security/idmap-read.js';

export interface HostNetwork {
  pasta?: string;
  slirp4netns?: string;
  /** The container's root may open /dev/net/tun. */
  tun: boolean;
  /** There is a default route. */
  route: boolean;
  /** An interface with an address, where there is no default route to say which. */
  outward?: string;
}

export function probeNetwork(env: NodeJS.ProcessEnv, uid: number): HostNetwork {
  const [pasta, slirp4netns] = [findProgram('pasta', env), findProgram('slirp4netns', env)];
  const route = hasDefaultRoute();
  const outward = route ? undefined : firstInterface();
  return {
    ...(pasta ? { pasta } : {}),
    ...(slirp4netns ? { slirp4netns } : {}),
    tun: canOpenTun(uid),
    route,
    ...(outward ? { outward } : {}),
  };
}

/** The programs run as the container's root, who for root's containers is nobody that the file knows. */
function canOpenTun(uid: number): boolean {
  try {
    const path = '/dev/net/tun';
    if (uid === 0) return (statSync(path).mode & 0o006) === 0o006;
    accessSync(path, constants.R_OK | constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** proc(5): /proc/net/route holds numbers in hexadecimal; RTF_UP is 1. IPv6 lists an unreachable one of lo's besides. */
function hasDefaultRoute(): boolean {
  const four = linesOf('/proc/net/route').some(
    ([, destination, , flags, , , , mask]) => destination === '00000000' && mask === '00000000' && isUp(flags),
  );
  return four || linesOf('/proc/net/ipv6_route').some((fields) => fields[1] === '00' && isUp(fields[8]) && fields.at(-1) !== 'lo');
}

function isUp(flags: string | undefined): boolean {
  return (Number.parseInt(flags ?? '', 16) & 1) === 1;
}

function linesOf(path: string): string[][] {
  try {
    return readFileSync(path, 'utf8')
      .split('\n')
      .map((line) => line.trim().split(/\s+/));
  } catch {
    return [];
  }
}

function firstInterface(): string | undefined {
  const all = Object.entries(networkInterfaces());
  return all.find(([, addresses]) => addresses?.some(({ internal, address }) => !internal && !address.startsWith('fe80:')))?.[0];
}
