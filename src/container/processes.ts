/** Which processes are a container's, as /proc shows them: no program is run to find out, neither of the container nor of the host. */
import { type ProcessStat, readAllStats, readNamespace } from './proc.js';

/**
 * The first process, those that entered its mounts from outside (exec), and what descends from any of them: what they start in
 * namespaces of their own as well. An orphan's parent is the first process again, or where the pid namespace is another's somebody there.
 * @param entered whether a process that descends from none of them shares the first one's mount namespace
 */
export function membersOf(all: readonly ProcessStat[], first: number, entered: (pid: number) => boolean): ProcessStat[] {
  const children = new Map<number, ProcessStat[]>();
  for (const process of all) {
    const siblings = children.get(process.ppid);
    if (siblings === undefined) children.set(process.ppid, [process]);
    else siblings.push(process);
  }
  const members = new Map<number, ProcessStat>();
  const add = (process: ProcessStat) => {
    for (const waiting = [process]; waiting.length > 0; ) {
      const next = waiting.pop() as ProcessStat;
      if (members.has(next.pid)) continue;
      members.set(next.pid, next);
      for (const child of children.get(next.pid) ?? []) waiting.push(child);
    }
  };
  for (const process of all) if (process.pid === first) add(process);
  for (const process of all) if (!members.has(process.pid) && entered(process.pid)) add(process);
  return [...members.values()].sort((a, b) => a.startTicks - b.startTicks || a.pid - b.pid);
}

/** @param first of the container, as we count */
export function containerProcesses(first: number): ProcessStat[] {
  return membersOf(readAllStats(), first, sharesNamespace(first));
}

/** Its mounts are what a container shares with no other, and what exec always enters. */
function sharesNamespace(first: number): (pid: number) => boolean {
  const own = readNamespace(first, 'mnt');
  if (own === undefined || own === readNamespace('self', 'mnt')) return () => false;
  return (pid) => readNamespace(pid, 'mnt') === own;
}
