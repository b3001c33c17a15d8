/** `port`: where the published ports of a container are open. */
import { findContainer } from '../container/state.js';
import { TsrunError } from '../errors.js';
import { hostAddresses, parseExpose } from '../network/ports.js';
import { checkArguments } from './check-arguments.js';
import type { CommonOptions } from './options.js';
import { openSession } from './session.js';

export interface OpenPort {
  /** `80/tcp` */
  port: string;
  /** `0.0.0.0:8080` */
  address: string;
}

/**
 * All of them, or those of one port of the container's (`80`, `53/udp`).
 * @throws ERR_TSRUN_CONTAINER_NOT_FOUND, ERR_TSRUN_CONTAINER_AMBIGUOUS, ERR_TSRUN_USAGE, ERR_TSRUN_PORT when that port is not published
 */
export async function containerPorts(name: string, port?: string, options: CommonOptions = {}): Promise<OpenPort[]> {
  checkArguments({ container: name, ...(port === undefined ? {} : { port }) }, options);
  const container = findContainer(openSession(options).paths, name);
  const wanted = port === undefined ? undefined : parseExpose(port)[0];
  const found = (container.ports ?? []).filter(
    ({ containerPort, protocol }) => wanted === undefined || (containerPort === wanted.containerPort && protocol === wanted.protocol),
  );
  if (wanted !== undefined && found.length === 0)
    throw new TsrunError('ERR_TSRUN_PORT', `no public port ${wanted.containerPort}/${wanted.protocol} published for ${name}`, {
      subject: name,
      hint: container.status === 'running' ? `see what is published with: tsrun port ${name}` : 'its ports are open while it runs',
    });
  return found.flatMap((one) => hostAddresses(one).map((address) => ({ port: `${one.containerPort}/${one.protocol}`, address })));
}
