/** What /proc says of a process (proc(5)). Pure but for readProcess and its kin; what a process calls itself may be anything. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { open } from 'node:fs/promises';

/** From /proc/PID/stat. Times are in clock ticks, which are hundredths of a second for whoever reads them here (USER_HZ). */
export interface ProcessStat {
  pid: number;
  /** comm: at most 15 bytes of anything. */
  name: string;
  state: string;
  ppid: number;
  processGroup: number;
  session: number;
  /** tty_nr: major and minor; 0 without. */
  tty: number;
  /** The foreground process group of its terminal. */
  foreground: number;
  userTicks: number;
  systemTicks: number;
  /** Of those of its children that it has waited for, and of theirs. */
  childTicks: number;
  nice: number;
  threads: number;
  /** Since boot. */
  startTicks: number;
  /** Bytes. */
  vsz: number;
}

export const TICKS = 100;

/** Undefined when it is not one. The name stands between the first and the last parenthesis. */
export function parseStat(text: string): ProcessStat | undefined {
  const [open, close] = [text.indexOf('('), text.lastIndexOf(')')];
  const fields = text
    .slice(close + 2)
    .trim()
    .split(' ');
  if (open < 0 || close < open || fields.length < 22) return undefined;
  // Field 3 of the manual is the first one here.
  const field = (number: number) => Number(fields[number - 3]);
  return {
    pid: Number(text.slice(0, open)),
    name: text.slice(open + 1, close),
    state: fields[0] ?? '?',
    ppid: field(4),
    processGroup: field(5),
    session: field(6),
    tty: field(7),
    foreground: field(8),
    userTicks: field(14),
    systemTicks: field(15),
    childTicks: field(16) + field(17),
    nice: field(19),
    threads: field(20),
    startTicks: field(22),
    vsz: field(23),
  };
}

/** From /proc/PID/status. */
export interface ProcessIds {
  /** Effective, as we count. */
  uid: number;
  gid: number;
  /** In each pid namespace from ours inwards. */
  pids: number[];
  /** It has pages locked into memory. */
  locked: boolean;
  /** Bytes; none of a zombie. */
  rss: number;
}

/** The name comes first, escaped by the kernel: no line of it can look like another. */
export function parseStatus(text: string): ProcessIds | undefined {
  const value = (name: string) => new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(text)?.[1]?.split(/\s+/).map(Number);
  const [uid, gid, pids] = [value('Uid')?.[1], value('Gid')?.[1], value('NSpid')];
  if (uid === undefined || gid === undefined) return undefined;
  return { uid, gid, pids: pids ?? [], locked: (value('VmLck')?.[0] ?? 0) > 0, rss: (value('VmRSS')?.[0] ?? 0) * 1024 };
}

/** A process may end, or be somebody else's, while we look. */
export function readProc(pid: number, file: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return undefined;
  }
}

export function readStat(pid: number): ProcessStat | undefined {
  const text = readProc(pid, 'stat');
  return text === undefined ? undefined : parseStat(text);
}

/** `pid:[4026531836]` */
export function readNamespace(pid: number | 'self', type: 'mnt' | 'net'): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/${type}`);
  } catch {
    return undefined;
  }
}

/** All processes that can be seen. */
export function readAllStats(): ProcessStat[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.flatMap((pid) => readStat(Number(pid)) ?? []);
}

/** Milliseconds for what a process must have in memory to be told: it may keep its readers waiting (userfaultfd, a file system of its own). */
const PATIENCE = 1000;
/** Bytes. A process may say that its command line is all of its memory (PR_SET_MM_MAP). */
const LONGEST = 65536;

/** A file of /proc that the kernel reads from the process's own memory; undefined when that takes too long. */
export async function readMemoryFile(pid: number, file: 'cmdline' | 'smaps_rollup'): Promise<string | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, PATIENCE, undefined);
  });
  try {
    return await Promise.race([beginningOf(`/proc/${pid}/${file}`).catch(() => undefined), late]);
  } finally {
    clearTimeout(timer);
  }
}

async function beginningOf(path: string): Promise<string> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(LONGEST), 0, LONGEST, 0);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await file.close();
  }
}

/** The words of /proc/PID/cmdline; none for a zombie. */
export function wordsOf(cmdline: string): string[] {
  return cmdline === '' ? [] : cmdline.replace(/\0+$/, '').split('\0');
}

/** The moment, in milliseconds since 1970, from which clock ticks count. */
export function bootTime(): number {
  const [, seconds] = /^btime (\d+)$/m.exec(readFileSync('/proc/stat', 'utf8')) ?? [];
  return Number(seconds) * 1000;
}

/** Seconds since boot. */
export function uptime(): number {
  return Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]);
}
