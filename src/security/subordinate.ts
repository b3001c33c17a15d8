/** The texts that say which ids there are: subuid(5), subgid(5), /proc/PID/uid_map (user_namespaces(7)). Pure. */
import type { HostRange } from './id-ranges.js';

export interface SubordinateLine {
  /** A user name or a decimal uid. */
  owner: string;
  range: HostRange;
}

/** One line of uid_map: `inside` as the reader sees it, `outside` as its parent namespace does. */
export interface ProcMap {
  inside: number;
  outside: number;
  size: number;
}

/** Ids are 32 bits and the last means "none". */
export const LAST_ID = 0xfffffffe;

/** `owner:start:count` lines; as newuidmap, what cannot be read is passed over. */
export function parseSubordinate(text: string): SubordinateLine[] {
  return text.split('\n').flatMap((line) => {
    const match = /^([^:#\s][^:]*):(\d{1,10}):(\d{1,10})\s*$/.exec(line);
    if (!match) return [];
    const start = Number(match[2]);
    const size = Number(match[3]);
    return size > 0 && start + size - 1 <= LAST_ID ? [{ owner: match[1] as string, range: { start, size } }] : [];
  });
}

/** getsubids(1): `index: owner start count` → the lines of subuid(5). */
export function parseSubidAnswer(text: string): string {
  return text.replace(/^\d+:\s*(\S+)\s+(\d+)\s+(\d+)\s*$/gm, '$1:$2:$3');
}

/** The ranges of an owner in the order of the file, by any of the names given. */
export function rangesOf(text: string, names: readonly string[]): HostRange[] {
  return parseSubordinate(text)
    .filter(({ owner }) => names.includes(owner))
    .map(({ range }) => range);
}

export function parseProcMap(text: string): ProcMap[] {
  return text.split('\n').flatMap((line) => {
    const [inside, outside, size] = line.trim().split(/\s+/).map(Number);
    return inside !== undefined && outside !== undefined && size !== undefined && size > 0 ? [{ inside, outside, size }] : [];
  });
}
