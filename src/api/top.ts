/** `top`: the processes of a container. */
import { readFileSync } from 'node:fs';
import { totalmem } from 'node:os';
import { identityOf } from '../container/identity.js';
import { bootTime, type ProcessStat, parseStatus, readMemoryFile, readProc, readStat, TICKS, uptime, wordsOf } from '../container/proc.js';
import { containerProcesses as processes } from '../container/processes.js';
import { rootDirectories } from '../container/root.js';
import { settingsOf } from '../container/settings.js';
import type { HostPath } from '../paths.js';
import { readAccounts } from '../rootfs/lookup.js';
import type { IdRange } from '../security/idmap.js';
import { checkArguments } from './check-arguments.js';
import { notRunning, runningContainer } from './existing-container.js';
import type { CommonOptions } from './options.js';
import { openSession } from './session.js';

/** A process, and who it is: seen from the host, and from inside. What it calls itself may be any text. */
export interface ContainerProcess {
  pid: number;
  ppid: number;
  processGroup: number;
  session: number;
  uid: number;
  gid: number;
  /** Their names in the host's accounts, or the numbers. */
  user: string;
  group: string;
  inside: {
    pid: number /** 0: outside of it */;
    ppid: number;
    uid: number;
    gid: number /** As the image names them. */;
    user: string;
    group: string;
  };
  /** ps's letters: `Ss+` */
  state: string;
  /** `pts/3`; absent without one. */
  tty?: string;
  /** At most 15 bytes. */
  name: string;
  /** Its command line; empty for a zombie, or where it keeps its readers waiting. */
  args: string[];
  /** RFC 3339 */
  started: string;
  /** Seconds since then. */
  elapsed: number;
  /** Seconds of CPU time, and that as a part of `elapsed`, in percent. */
  cpuTime: number;
  cpuPercent: number;
  /** Bytes. */
  rss: number;
  vsz: number;
  /** Of the machine's memory. */
  memoryPercent: number;
  nice: number;
  threads: number;
}

/** The oldest first. @throws ERR_TSRUN_CONTAINER_NOT_FOUND, ERR_TSRUN_CONTAINER_STOPPED, ERR_TSRUN_STORE_UNREADABLE */
export async function containerProcesses(name: string, options: CommonOptions = {}): Promise<ContainerProcess[]> {
  checkArguments({ container: name }, options);
  const { paths } = openSession(options);
  const { container, spec, pid, startTime } = runningContainer(paths, name);
  const { ids } = identityOf(spec);
  const context: Context = {
    now: { boot: bootTime(), uptime: uptime() },
    depth: (parseStatus(readProc(pid, 'status') ?? '')?.pids.length ?? 1) - 1,
    ids,
    host: { users: namesIn(textOf('/etc/passwd')), groups: namesIn(textOf('/etc/group')) },
    image: accountsOf(rootDirectories(settingsOf(paths, spec, container.name).root, container.directory)),
  };
  const members = processes(pid);
  // Its pid may be another's by now.
  if (!members.some((each) => each.pid === pid && each.startTicks === startTime)) throw notRunning(container.name);
  // All at once: those that keep their readers waiting do it at the same time.
  const described = await Promise.all(members.map((stat) => describe(stat, context)));
  const found = described.filter((process) => process !== undefined);
  const insides = new Map(found.map((process) => [process.pid, process.inside.pid]));
  return found.map((process) => ({ ...process, inside: { ...process.inside, ppid: insides.get(process.ppid) ?? 0 } }));
}

interface Context {
  now: { boot: number; uptime: number };
  /** Pid namespaces between ours and the container's. */
  depth: number;
  ids: { uid: readonly IdRange[]; gid: readonly IdRange[] };
  host: Accounts;
  image: Accounts;
}

/** Id → name. */
interface Accounts {
  users: ReadonlyMap<string, string>;
  groups: ReadonlyMap<string, string>;
}

async function describe(stat: ProcessStat, { now, depth, ids, host, image }: Context): Promise<ContainerProcess | undefined> {
  const { pid, ppid, processGroup, session, vsz, nice, threads, startTicks, name } = stat;
  const status = parseStatus(readProc(pid, 'status') ?? '');
  const cmdline = stat.state === 'Z' ? '' : await readMemoryFile(pid, 'cmdline');
  // The pid may be another's by now.
  if (status === undefined || readStat(pid)?.startTicks !== startTicks) return undefined;
  const [uid, gid] = [insideId(ids.uid, status.uid), insideId(ids.gid, status.gid)];
  const { rss } = status;
  const [elapsed, cpuTime] = [Math.max(now.uptime - startTicks / TICKS, 0), (stat.userTicks + stat.systemTicks) / TICKS];
  const tty = ttyName(stat.tty);
  return {
    pid,
    ppid,
    processGroup,
    session,
    uid: status.uid,
    gid: status.gid,
    user: nameOf(host.users, status.uid),
    group: nameOf(host.groups, status.gid),
    inside: { pid: status.pids[depth] ?? pid, ppid: 0, uid, gid, user: nameOf(image.users, uid), group: nameOf(image.groups, gid) },
    state: stateLetters(stat, status.locked),
    ...(tty === undefined ? {} : { tty }),
    name,
    args: wordsOf(cmdline ?? ''),
    started: new Date(now.boot + (startTicks / TICKS) * 1000).toISOString(),
    elapsed: Math.floor(elapsed),
    cpuTime,
    cpuPercent: elapsed > 0 ? (100 * cpuTime) / elapsed : 0,
    rss,
    vsz,
    memoryPercent: (100 * rss) / totalmem(),
    nice,
    threads,
  };
}

/** As ps(1) has them, PROCESS STATE CODES. */
function stateLetters({ state, nice, session, pid, threads, foreground, processGroup }: ProcessStat, locked: boolean): string {
  const priority = nice < 0 ? '<' : nice > 0 ? 'N' : '';
  return `${state}${priority}${locked ? 'L' : ''}${session === pid ? 's' : ''}${threads > 1 ? 'l' : ''}${foreground === processGroup ? '+' : ''}`;
}

/** devices.txt: 136…143 are pseudo terminals, 4 the machine's own. */
function ttyName(number: number): string | undefined {
  const [major, minor] = [(number >> 8) & 0xfff, (number & 0xff) | ((number >> 12) & 0xfff00)];
  if (major >= 136 && major <= 143) return `pts/${minor + 256 * (major - 136)}`;
  return major === 4 && minor < 64 ? `tty${minor}` : major === 5 && minor === 1 ? 'console' : undefined;
}

/** user_namespaces(7): what the map does not have is the overflow id. */
function insideId(ranges: readonly IdRange[], id: number): number {
  const range = ranges.find(({ hostId, size }) => id >= hostId && id < hostId + size);
  return range === undefined ? 65534 : range.containerId + id - range.hostId;
}

function nameOf(names: ReadonlyMap<string, string>, id: number): string {
  return names.get(String(id)) ?? String(id);
}

/** Of passwd(5) or group(5), whose third field is the number; the first line of a number counts. */
function namesIn(accounts: string): Map<string, string> {
  const names = new Map<string, string>();
  for (const line of accounts.split('\n')) {
    const [name, , number] = line.split(':');
    if (name && number !== undefined && !names.has(number)) names.set(number, name);
  }
  return names;
}

/** What the container made of them may be too large to read: then it has numbers. */
function accountsOf(directories: HostPath[]): Accounts {
  try {
    const { passwd, group } = readAccounts(directories);
    return { users: namesIn(passwd), groups: namesIn(group) };
  } catch {
    return { users: new Map(), groups: new Map() };
  }
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
