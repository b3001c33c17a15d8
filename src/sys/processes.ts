/** When a process began: with its pid that names it for good, in one run of the machine. */
import { readFileSync } from 'node:fs';

/** @returns undefined when there is none of this pid. proc(5), /proc/pid/stat field 22; the name in field 2 may hold anything. A zombie has ended. */
export function startOf(pid: string | number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${Number(pid)}/stat`, 'latin1');
    const [state, ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return state === 'Z' || state === 'X' ? undefined : fields[18];
  } catch {
    return undefined;
  }
}
