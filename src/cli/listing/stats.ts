/** `stats`: docker's fields of what a container uses. Pure. */
import type { ContainerStats } from '../../index.js';
import { binarySize, humanSize, shortId } from '../units.js';
import type { Listing } from './listing.js';

/** What docker prints where it does not know. */
const UNKNOWN = '--';

export const STATS_LISTING: Listing<ContainerStats> = {
  columns: ['ID', 'Name', 'CPUPerc', 'MemUsage', 'MemPerc', 'NetIO', 'BlockIO', 'PIDs'],
  quiet: 'ID',
  fields: {
    Container: { head: 'CONTAINER', text: ({ name }) => name },
    ID: { head: 'CONTAINER ID', text: ({ id }, { noTrunc }) => (noTrunc ? id : shortId(id)) },
    Name: { head: 'NAME', text: ({ name }) => name },
    CPUPerc: { head: 'CPU %', text: ({ cpuPercent }) => `${cpuPercent.toFixed(2)}%` },
    MemUsage: { head: 'MEM USAGE / LIMIT', text: ({ memory, memoryLimit }) => `${binarySize(memory)} / ${binarySize(memoryLimit)}` },
    MemPerc: { head: 'MEM %', text: ({ memoryPercent }) => `${memoryPercent.toFixed(2)}%` },
    NetIO: { head: 'NET I/O', text: ({ received, sent }) => both(received, sent) },
    BlockIO: { head: 'BLOCK I/O', text: ({ read, written }) => both(read, written) },
    PIDs: { head: 'PIDS', text: ({ tasks }) => String(tasks) },
  },
};

function both(one: number | undefined, other: number | undefined): string {
  return one === undefined || other === undefined ? UNKNOWN : `${humanSize(one)} / ${humanSize(other)}`;
}

/** What a note has to say of these, if anything. */
export function unknownNote(rows: readonly ContainerStats[]): string | undefined {
  const network = rows.find(({ received }) => received === undefined);
  const blocks = rows.find(({ read }) => read === undefined);
  const reasons = [
    ...(network === undefined ? [] : [`${network.name} has no network of its own that could be counted`]),
    ...(blocks === undefined ? [] : [`this user may not see what all processes of ${blocks.name} read and write`]),
  ];
  return reasons.length === 0 ? undefined : `-- is what cannot be known: ${reasons.join('; ')}`;
}

/** The text in place of what a terminal shows; what is left of that goes. */
export function redrawn(text: string, isFirst: boolean): string {
  return `${isFirst ? '\x1b[2J' : ''}\x1b[H${text.replaceAll('\n', '\x1b[K\n')}\x1b[J`;
}
