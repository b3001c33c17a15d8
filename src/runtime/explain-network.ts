/** Why a port could not be opened, and why a network program did not get ready. */
import { readFileSync } from 'node:fs';
import { TsrunError } from '../errors.js';
import { ERRNO, type FailureRecord, reason, shown } from './record.js';

/** `path` is `ADDRESS PORT/PROTOCOL`, the address empty for all. */
export function explainListen({ path, error }: FailureRecord): TsrunError {
  const [, address = '', port = '', protocol] = /^(\S*) (\d+)\/(tcp|udp)$/.exec(path) ?? [];
  const which = `${protocol === 'udp' ? 'UDP ' : ''}port ${port} of ${address === '' ? 'this host' : address}`;
  const fail = (code: 'ERR_TSRUN_PORT_TAKEN' | 'ERR_TSRUN_PORT', message: string, hint: string) =>
    new TsrunError(code, message, { subject: path, hint });
  switch (error) {
    case ERRNO.EADDRINUSE:
      return fail(
        'ERR_TSRUN_PORT_TAKEN',
        `${which} is taken by another program or container`,
        `publish another one, as -p ${Number(port) < 50000 ? Number(port) + 1 : 8080}:…, or see who has it: ss -lnp sport = :${port}`,
      );
    case ERRNO.EACCES:
      return fail(
        'ERR_TSRUN_PORT',
        `${which} is for root: ports below ${unprivilegedStart()} are on this host`,
        `publish one from there on, or as root: sysctl -w net.ipv4.ip_unprivileged_port_start=${port}`,
      );
    case ERRNO.EADDRNOTAVAIL:
      return fail(
        'ERR_TSRUN_PORT',
        `${address} is not an address of this host`,
        'see its addresses with: ip address, or leave out the address for all of them',
      );
    default:
      return fail('ERR_TSRUN_PORT', `${which} cannot be opened: ${reason(error)}`, 'publish another one, or at another address');
  }
}

/** `path` is what the program said before it ended. */
export function explainNetwork({ path }: FailureRecord): TsrunError {
  const said = path
    .split('\n')
    .filter((line) => line.trim() !== '' && !/^Failed to send \d+ bytes to syslog$/.test(line))
    .join('; ');
  return new TsrunError(
    'ERR_TSRUN_NETWORK',
    `the network program ended before the container’s network was there${said === '' ? '' : `: ${shown(said)}`}`,
    {
      hint: 'check the options behind --network, try --network slirp4netns or pasta, or do without: --network none',
    },
  );
}

/** The program itself could not be run. */
export function explainNetworkExec({ process, path, error }: FailureRecord): TsrunError | undefined {
  if (process !== 'network') return undefined;
  return new TsrunError('ERR_TSRUN_NETWORK', `${path} could not be run: ${reason(error)}`, {
    subject: path,
    hint: 'install it anew, or use --network none',
  });
}

function unprivilegedStart(): string {
  try {
    return readFileSync('/proc/sys/net/ipv4/ip_unprivileged_port_start', 'utf8').trim();
  } catch {
    return '1024';
  }
}
