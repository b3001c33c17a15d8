/** Where paths of a container without namespaces are on the host (`--isolation landlock`). Pure. */
import { posix } from 'node:path';

export interface Placing {
  /** Its root file system. */
  root: string;
  /** Its volumes: at the same place for both. */
  read: readonly string[];
  write: readonly string[];
}

export function placeOf({ root, read, write }: Placing, path: string): string {
  return [...read, ...write].some((volume) => isWithin(volume, path)) ? path : posix.join(root, path);
}

export function isWithin(directory: string, path: string): boolean {
  return directory === '/' || path === directory || path.startsWith(`${directory}/`);
}
