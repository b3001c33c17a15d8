/** Where paths of a container without namespaces are on the host (`--isolation landlock`). Pure. */
import { posix } from 'node:path';

export interface Placing {
  /** Its root file system. */
  root: string;
  /** Its volumes: at the same place for both. */
  read: readonly string[];
  write: readonly string[];
  /** Of those the names that they were asked for by, where they are links. */
  asked?: readonly string[];
}

/** No `..` leads above the root, nor out of a volume. */
export function placeOf({ root, read, write, asked = [] }: Placing, path: string): string {
  const inside = posix.normalize(path);
  return [...read, ...write, ...asked].some((volume) => isWithin(volume, inside)) ? inside : posix.join(root, inside);
}

export function isWithin(directory: string, path: string): boolean {
  return directory === '/' || path === directory || path.startsWith(`${directory}/`);
}
