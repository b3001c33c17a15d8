/** What a run left behind: processes, mounts and directories of one sandbox. Only root sees those of every user. */
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { Sandbox } from './tsrun.js';

export interface Leftovers {
  /** `PID command line` of processes that have to do with the sandbox: in their environment, arguments, working directory or mounts. */
  processes: string[];
  /** Mount points of this mount namespace below the sandbox. */
  mounts: string[];
  /** What lies in the runtime directory, in transient/ and in trash/. */
  directories: string[];
}

/** Looks once. After a run that ended well all three are empty. */
export function leftovers({ directory, root, runRoot }: Sandbox): Leftovers {
  return { processes: processesOf(directory), mounts: mountsBelow(directory), directories: [...entries(runRoot), ...transient(root)] };
}

function processesOf(directory: string): string[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid);
  return pids.flatMap((pid) => {
    const traces = [read(pid, 'environ'), read(pid, 'cmdline'), read(pid, 'mountinfo'), link(pid, 'cwd'), link(pid, 'root')];
    if (!traces.some((trace) => trace.includes(directory))) return [];
    return [`${pid} ${read(pid, 'cmdline').replaceAll('\0', ' ')}`];
  });
}

function mountsBelow(directory: string): string[] {
  const points = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '');
  return points.filter((point) => point.startsWith(`${directory}/`));
}

function transient(root: string): string[] {
  const formats = entries(root).filter((path) => /\/v\d+$/.test(path));
  return formats.flatMap((format) => [...entries(join(format, 'transient')), ...entries(join(format, 'trash'))]);
}

function entries(path: string): string[] {
  return existsSync(path) ? readdirSync(path).map((name) => join(path, name)) : [];
}

/** A process may end, or be another user's, while we look. */
function read(pid: string, file: string): string {
  try {
    return readFileSync(join('/proc', pid, file), 'utf8');
  } catch {
    return '';
  }
}

function link(pid: string, file: string): string {
  try {
    return readlinkSync(join('/proc', pid, file));
  } catch {
    return '';
  }
}
