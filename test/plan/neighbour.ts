/** A container that joins the namespaces of the running one, or has those of the host or of files. */
import type { RunOptions } from '../../src/api/options.js';
import { keptSpaces, parseSpaces, type SpacesInput } from '../../src/bundle/spaces.js';
import type { Facts } from './scenario.js';

export const BESIDE: RunOptions = { pid: 'container:first', ipc: 'container:first', uts: 'container:first', cgroupns: 'container:first' };

/** Its namespaces by their files, as root enters them. */
export function filesOf({ pid }: Facts['running']): RunOptions {
  return { pid: `ns:/proc/${pid}/ns/pid`, ipc: `ns:/proc/${pid}/ns/ipc` };
}

export function spacesInput({ pid }: Facts['running'], options: RunOptions): SpacesInput {
  const namespaces = (['user', 'network', 'pid', 'ipc', 'uts', 'cgroup'] as const).map((type) => ({ type }));
  const asked = parseSpaces(options);
  return options.pid === BESIDE.pid ? { asked, neighbour: { pid, namespaces, hostname: 'first' } } : { asked, noQueues: true }; // not every host has /dev/mqueue
}

/** The same, as what is kept with the container and what is looked up at its start. */
export function sharedSpaces({ pid, startTime }: Facts['running'], options: RunOptions) {
  const spaces = keptSpaces(parseSpaces(options));
  return {
    settings: spaces ? { spaces } : {},
    neighbour: options.pid === BESIDE.pid ? { neighbour: { pid, startTime: String(startTime) } } : {},
  };
}
