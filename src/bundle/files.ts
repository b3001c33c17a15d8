/** Text of the files that tsrun puts into /etc of a container. May hold slots. Pure. */
import { TsrunError } from '../errors.js';
import { slot } from '../plan/slot.js';
import { APT_CONF } from './fake-root.js';
import type { FILES } from './mounts.js';

export interface BuiltFile {
  /** Below the container's directory. */
  name: (typeof FILES)[number];
  mode: number;
  /** May hold slots. */
  text: string;
}

export interface FilesInput {
  hostname: string;
  /** The host's own, where the network is. */
  hosts?: string;
  /** What `--add-host` adds. */
  added?: readonly { name: string; ip: string }[];
  /** The container's address, by which it knows itself; default: one of its loopback's. */
  address?: string;
  /** Without: the network has no name server. */
  resolvConf?: string;
  /** apt is told that root stays root. */
  aptConf?: boolean;
}

const LOCALHOST = '127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n';

export function buildFiles({ hostname, hosts, added = [], address = '127.0.1.1', resolvConf, aptConf }: FilesInput): BuiltFile[] {
  const base = hosts ? ended(plain(hosts)) : LOCALHOST;
  // sudo and others wait for a name server when the host's own name is unknown.
  const own = names(base).includes(hostname) ? '' : `${address}\t${hostname}\n`;
  const extra = added.map(({ name, ip }) => `${ip}\t${name}\n`).join('');
  const resolver = resolvConf ? ended(plain(resolvConf)) : '# No network: there is no name server.\n';
  return [
    { name: 'resolv.conf', mode: 0o644, text: resolver },
    { name: 'hostname', mode: 0o644, text: `${hostname}\n` },
    { name: 'hosts', mode: 0o644, text: base + own + extra },
    ...(aptConf ? [{ name: APT_CONF.name, mode: 0o644, text: APT_CONF.text }] : []),
  ];
}

/** `--hostname`, else the host's on its own network (as docker), else the short id. @throws ERR_TSRUN_USAGE */
export function chooseHostname(wanted: string | undefined, ofHost: string | undefined): string {
  if (wanted === undefined || wanted === '') return ofHost ?? slot('short-id');
  if (/^[A-Za-z0-9_]([A-Za-z0-9._-]{0,62}[A-Za-z0-9_])?$/.test(wanted)) return wanted;
  throw new TsrunError('ERR_TSRUN_USAGE', `${JSON.stringify(wanted)} is not a host name`, {
    subject: wanted,
    hint: 'use up to 64 letters, digits, dots and hyphens',
  });
}

/** A NUL would be read as the edge of a slot. */
function plain(text: string): string {
  return text.replaceAll('\0', '');
}

function ended(text: string): string {
  return text === '' || text.endsWith('\n') ? text : `${text}\n`;
}

function names(hosts: string): string[] {
  return hosts.split('\n').flatMap((line) => line.replace(/#.*/, '').trim().split(/\s+/).slice(1));
}
