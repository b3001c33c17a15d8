/**
 * What a container uses: sums over its processes, from /proc. The one place to ask; where a cgroup counts for a container it can answer
 * instead, exactly and with limits.
 */
import { totalmem } from 'node:os';
import { parseStatus, readMemoryFile, readNamespace, readProc, readStat, TICKS } from './proc.js';
import { containerProcesses } from './processes.js';

/** Undefined is what cannot be known. Counters grow from the container's start. */
export interface Usage {
  /** Seconds of CPU time: of its processes, and of those that they have waited for. */
  cpuTime: number;
  /** Bytes. What several processes share counts once (PSS), where this user may see that. */
  memory: number;
  memoryLimit: number;
  /** Bytes of its own network namespace; undefined when it shares another's. */
  received?: number;
  sent?: number;
  /** Bytes from and to disks. */
  read?: number;
  written?: number;
  /** Threads, as docker counts. */
  tasks: number;
}

/** @param first of the container, as we count */
export async function readUsage(first: number): Promise<Usage> {
  const members = containerProcesses(first);
  const blocks = sumBlocks(members.map(({ pid }) => blocksOf(pid)));
  const network = networkOf(first);
  // Last, because it may take its time: the pids are others' then.
  const memory = await Promise.all(members.map(({ pid }) => memoryOf(pid)));
  return {
    cpuTime: members.reduce((sum, { userTicks, systemTicks, childTicks }) => sum + userTicks + systemTicks + childTicks, 0) / TICKS,
    memory: memory.reduce((sum, bytes) => sum + bytes, 0),
    memoryLimit: totalmem(),
    ...network,
    ...blocks,
    tasks: members.reduce((sum, { threads }) => sum + threads, 0),
  };
}

/** PSS, else what is resident. */
async function memoryOf(pid: number): Promise<number> {
  const [, kilobytes] = /^Pss:\s+(\d+) kB$/m.exec((await readMemoryFile(pid, 'smaps_rollup')) ?? '') ?? [];
  return kilobytes === undefined ? (parseStatus(readProc(pid, 'status') ?? '')?.rss ?? 0) : Number(kilobytes) * 1024;
}

function networkOf(first: number): Pick<Usage, 'received' | 'sent'> {
  const own = readNamespace(first, 'net');
  const text = own === undefined || own === readNamespace('self', 'net') ? undefined : readProc(first, 'net/dev');
  return text === undefined ? {} : parseNetDev(text);
}

/** /proc/PID/net/dev, without the loopback. */
export function parseNetDev(text: string): { received: number; sent: number } {
  const total = { received: 0, sent: 0 };
  for (const line of text.split('\n')) {
    const [, name, rest = ''] = /^\s*([^:\s]+):\s*(\d.*)$/.exec(line) ?? [];
    if (name === undefined || name === 'lo') continue;
    const fields = rest.split(/\s+/).map(Number);
    total.received += fields[0] ?? 0;
    total.sent += fields[8] ?? 0;
  }
  return total;
}

interface Blocks {
  read: number;
  written: number;
}

/** /proc/PID/io: with those that it has waited for. Undefined when this user may not see it. */
export function parseIo(text: string): Blocks | undefined {
  const value = (name: string) => new RegExp(`^${name}: (\\d+)$`, 'm').exec(text)?.[1];
  const [read, written] = [value('read_bytes'), value('write_bytes')];
  return read === undefined || written === undefined ? undefined : { read: Number(read), written: Number(written) };
}

/** One that has ended meanwhile counts with its parent, which waits for it. */
function blocksOf(pid: number): Blocks | undefined {
  const known = parseIo(readProc(pid, 'io') ?? '');
  const state = known ? undefined : readStat(pid)?.state;
  return known ?? (state === undefined || state === 'Z' || state === 'X' ? { read: 0, written: 0 } : undefined);
}

/** One that is not known makes the sum unknown. */
function sumBlocks(all: readonly (Blocks | undefined)[]): Partial<Blocks> {
  const total: Blocks = { read: 0, written: 0 };
  for (const each of all) {
    if (each === undefined) return {};
    total.read += each.read;
    total.written += each.written;
  }
  return total;
}
