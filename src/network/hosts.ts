/** Lines of /etc/hosts that are asked for by `--add-host`. Pure. */
import { isIP } from 'node:net';
import { TsrunError } from '../errors.js';

/** The word that stands for the host itself. */
const HOST_GATEWAY = 'host-gateway';

export interface AddedHost {
  name: string;
  ip: string;
}

/** True when one of them is the host: then the container must reach it. */
export function wantsHost(addHost: readonly string[] = []): boolean {
  return addHost.some((text) => parseAddHost(text).ip === HOST_GATEWAY);
}

/**
 * @param gateway the address at which the container reaches the host
 * @throws ERR_TSRUN_USAGE, and ERR_TSRUN_UNSUPPORTED when there is no such address
 */
export function addedHosts(addHost: readonly string[] = [], gateway?: string): AddedHost[] {
  return addHost.map(parseAddHost).map(({ name, ip }) => {
    if (ip !== HOST_GATEWAY) return { name, ip };
    if (gateway !== undefined) return { name, ip: gateway };
    throw new TsrunError('ERR_TSRUN_UNSUPPORTED', `--add-host ${name}:${HOST_GATEWAY}: this container's network has no way to the host`, {
      subject: name,
      hint: 'use --network pasta, slirp4netns or host',
    });
  });
}

/** `name:ip`, docker's newer `name=ip`; an IPv6 address may stand in brackets. */
function parseAddHost(text: string): AddedHost {
  const [, name = '', address = ''] = /^([^:=]*)[:=](.*)$/.exec(text) ?? [];
  const ip = address.replace(/^\[(.*)\]$/, '$1');
  if (/^[A-Za-z0-9_]([A-Za-z0-9._-]*[A-Za-z0-9_])?$/.test(name) && (ip === HOST_GATEWAY || isIP(ip) !== 0)) return { name, ip };
  throw new TsrunError('ERR_TSRUN_USAGE', `--add-host ${JSON.stringify(text)} is not NAME:ADDRESS`, {
    subject: text,
    hint: `for example --add-host db:192.0.2.7, or --add-host host.docker.internal:${HOST_GATEWAY} for this host`,
  });
}
