/** Names of a layer as places below the root of the target. */
import { overLimit, refused } from './fault.js';
import type { Limits } from './limits.js';

/** Where an entry goes: the directory part ('' for the root itself, no slash at either end) and the last component. */
export interface Place {
  parent: Buffer;
  /** Empty for the root directory. */
  base: Buffer;
}

const SLASH = 0x2f;
const DOT = 0x2e;
const NAME_MAX = 255;

/**
 * './a', 'a/' and '/a' all mean a. '..' is refused wherever it stands: the kernel would contain it, but no build makes it and readers
 * disagree about what it means.
 */
export function placeOf(name: Buffer, limits: Pick<Limits, 'depth'>): Place {
  const components = split(name);
  if (components.length > limits.depth) throw overLimit(`a name has more than ${limits.depth} components`, name);
  for (const component of components) {
    if (component.length > NAME_MAX) throw overLimit(`a component of a name has more than ${NAME_MAX} bytes`, name);
    if (component.length === 2 && component[0] === DOT && component[1] === DOT) throw refused('a name holds ".."', name);
  }
  const base = components.pop() ?? Buffer.alloc(0);
  return { parent: joinNames(components), base };
}

/** The components, without empty ones and '.'. */
function split(name: Buffer): Buffer[] {
  const components: Buffer[] = [];
  for (let start = 0; start < name.length; ) {
    const slash = name.indexOf(SLASH, start);
    const end = slash === -1 ? name.length : slash;
    if (end > start && !(end === start + 1 && name[start] === DOT)) components.push(name.subarray(start, end));
    start = end + 1;
  }
  return components;
}

const SEPARATOR = Buffer.of(SLASH);

function joinNames(components: Buffer[]): Buffer {
  return Buffer.concat(components.flatMap((component, index) => (index === 0 ? [component] : [SEPARATOR, component])));
}

/** The path of a child. */
export function childPath(directory: Buffer, base: Buffer): Buffer {
  return Buffer.concat([directory, SEPARATOR, base]);
}

/** The directory part of a path that begins with './'. */
export function parentPath(path: Buffer): Buffer {
  return path.subarray(0, path.lastIndexOf(SLASH));
}
